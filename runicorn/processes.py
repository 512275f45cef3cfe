"""Processes: who this process is, and whether another one still lives."""

from __future__ import annotations

import functools
import os
import socket
from pathlib import Path

# A start time read twice may differ by the clock's adjustment since boot [s].
_SAME_START_S = 2.0


@functools.cache
def hostname() -> str:
    """Return this host's name."""
    return socket.gethostname()


@functools.cache
def boot_id() -> str | None:
    """Return what tells this boot of the machine from any other; ``None`` when nothing does.

    Source: Linux, ``/proc/sys/kernel/random/boot_id``, drawn once per boot (man 4 random).
    """
    try:
        text = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
    except OSError:
        return None
    return text.strip() or None


@functools.cache
def pid_namespace() -> str | None:
    """Return what tells the numbers of this process's namespace from those of a container.

    Source: Linux, pid_namespaces(7): ``/proc/self/ns/pid``.
    """
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return None


def started_at(pid: int | None = None) -> float | None:
    """Return when a process started `[s]`; ``None`` when there is none with that pid.

    Args:
        pid: This process when it is ``None``.
    """
    import psutil

    try:
        return float(psutil.Process(os.getpid() if pid is None else pid).create_time())
    except (psutil.Error, ValueError, OverflowError):
        return None


def is_same_process(pid: int, recorded_start: float | None) -> bool:
    """Tell whether the process with this pid is the one that started then."""
    start = started_at(pid)
    if start is None:
        return False
    return recorded_start is None or abs(start - recorded_start) < _SAME_START_S
