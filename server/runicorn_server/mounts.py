"""Mounts: whether another machine may write into a folder, of which nothing is told here."""

from __future__ import annotations

import re
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
SHARED = (
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "fuse",
    "glusterfs",
    "gpfs",
    "lustre",
    "nfs",
    "smb",
)


def is_shared(folder: Path) -> bool:
    """Tell whether another machine may write into a folder; False where it is not known."""
    return kind_of_mount(folder.resolve(), _mounts()).startswith(SHARED)


def kind_of_mount(path: Path, mounts: str) -> str:
    """Tell the kind of file system that holds a path; empty where it is not known.

    Args:
        path: Absolute, without links.
        mounts: The text of ``mountinfo``.

    Source: Linux manual pages, proc_pid_mountinfo(5).
    """
    kind, longest = "", -1
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:  # noqa: PLR2004 - the fifth is the mount point
            continue
        # Blanks are written as octal numbers; of mounts on one point the last is what is seen.
        point = Path(re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), fields[4]))
        if path.is_relative_to(point) and len(point.parts) >= longest:
            kind, longest = after.split(" ")[0], len(point.parts)
    return kind


def _mounts() -> str:
    try:
        return MOUNTS.read_text(encoding="utf-8", errors="replace")
    except OSError:  # another system, which has no such file
        return ""
