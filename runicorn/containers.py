"""Containers: whether this process runs in one, and what its control group lets it use."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

SYSTEM_ROOT = Path("/")
# A variable that is there tells the kind of container.
VARIABLES = {
    "KUBERNETES_SERVICE_HOST": "kubernetes",
    "APPTAINER_CONTAINER": "apptainer",
    "SINGULARITY_CONTAINER": "singularity",
}
FILES = {".dockerenv": "docker", "run/.containerenv": "podman"}


def container(system: Path = SYSTEM_ROOT) -> str | None:
    """Tell the kind of container around this process; ``None`` where there is no trace of one."""
    for variable, kind in VARIABLES.items():
        if variable in os.environ:
            return kind
    for path, kind in FILES.items():
        if (system / path).exists():
            return kind
    return os.environ.get("container") or None  # noqa: SIM112 - systemd-nspawn and LXC spell it so


def memory_limit(system: Path = SYSTEM_ROOT) -> int | None:
    """Return how much memory the control group may use `[bytes]`; ``None`` without a limit."""
    limit = _smallest(system, "memory.max", float)
    return None if limit is None else int(limit)


def cpu_limit(system: Path = SYSTEM_ROOT) -> float | None:
    """Return how many processors' time the control group may use; ``None`` without a limit."""
    return _smallest(system, "cpu.max", _quota)


def _quota(text: str) -> float:
    quota, period = text.split()
    return float(quota) / float(period)


def _smallest(system: Path, name: str, read: Callable[[str], float]) -> float | None:
    """Read a limit from the group of this process and those above it; the smallest one holds.

    Source: Linux, Documentation/admin-guide/cgroup-v2.rst, memory.max and cpu.max; "max" is none.
    """
    limits: list[float] = []
    for folder in _groups(system):
        try:
            limits.append(read((folder / name).read_text(encoding="ascii").strip()))
        except (OSError, ValueError):
            continue
    return min(limits, default=None)


def _groups(system: Path) -> Iterator[Path]:
    top = system / "sys/fs/cgroup"
    try:
        lines = (system / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    for line in lines:
        if line.startswith("0::/"):
            folder = top / line.removeprefix("0::/")
            yield from (folder, *(up for up in folder.parents if up.is_relative_to(top)))
