"""Processes: who this process is, and whether another one still lives."""

from __future__ import annotations

import functools
import os
from pathlib import Path

# A start time read twice may differ by the clock's adjustment since boot [s].
_SAME_START_S = 2.0


@functools.cache
def hostname() -> str:
    """Return this host's name."""
    if hasattr(os, "uname"):  # what `socket` says as well, which takes longer to import
        return os.uname().nodename
    import socket

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
    pid = os.getpid() if pid is None else pid
    if _boot_time() is not None:
        return _started_at_on_linux(pid)
    import psutil

    try:
        return float(psutil.Process(pid).create_time())
    except (psutil.Error, ValueError, OverflowError):
        return None


def _started_at_on_linux(pid: int) -> float | None:
    """Read what psutil reads as well, without importing it.

    Source: Linux, proc_pid_stat(5), field 22, in clock ticks since boot.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except (OSError, ValueError, OverflowError):
        return None
    booted, fields = _boot_time(), text[text.rindex(b")") + 2 :].split()
    assert booted is not None, "asked for only where it is known"
    return booted + int(fields[19]) / os.sysconf("SC_CLK_TCK")


@functools.cache
def _boot_time() -> float | None:
    """Return when the machine was booted `[s]`; ``None`` on other systems than Linux.

    Source: Linux, proc_stat(5), ``btime``.
    """
    try:
        lines = Path("/proc/stat").read_bytes().splitlines()
    except OSError:
        return None
    return next((float(line.split()[1]) for line in lines if line.startswith(b"btime ")), None)


def is_same_process(pid: int, recorded_start: float | None) -> bool:
    """Tell whether the process with this pid is the one that started then."""
    start = started_at(pid)
    if start is None:
        return False
    return recorded_start is None or abs(start - recorded_start) < _SAME_START_S
