"""Watches the root: tells which paths below it changed, whatever happens to the root itself.

Reads only what the file system tells; idle folders cost nothing. A root that vanishes is waited
for. Where the system can't watch, or another machine may write, the root is polled instead.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from pathlib import Path

from watchfiles import Change, awatch

# Changes are gathered for this long at most, or until it was quiet for one step [ms].
GATHER_MS = 100
QUIET_MS = 40
# How often the root is polled where it can't be watched [ms], or looked for when it is gone [s].
POLL_MS = 2000
MISSING_S = 1.0
# The pause after a failure, doubled up to the last [s].
RETRY_S = 1.0
MAX_RETRY_S = 60.0

MOUNTS = Path("/proc/self/mountinfo")
# File systems on which another machine may write, of which nothing is told here.
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

_log = logging.getLogger("runicorn.server")

Tell = Callable[[set[tuple[Change, Path]]], None]


async def watch(root: Path, tell: Tell, look_at_all: Callable[[], None]) -> None:
    """Watch until cancelled.

    Args:
        root: Absolute; need not exist.
        tell: Called with the changes below the root, a batch at a time.
        look_at_all: Called whenever changes may have been missed, so at the start as well.
    """
    pause_s, must_poll = RETRY_S, False
    while True:
        while not await asyncio.to_thread(root.is_dir):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(MISSING_S)
        real = await asyncio.to_thread(root.resolve)
        must_poll = must_poll or kind_of_mount(real, _mounts()).startswith(SHARED)
        watching = asyncio.create_task(_watch_once(root, real, tell, must_poll=must_poll))
        # The task runs up to its first wait now, and by then the folders are watched.
        await asyncio.sleep(0)
        look_at_all()
        try:
            await watching
            pause_s = RETRY_S
        except FileNotFoundError:  # gone between two looks
            await asyncio.sleep(MISSING_S)
        except Exception as error:  # noqa: BLE001 - what the system's watcher raises is its own affair
            _log.warning("%s can't be watched, so it is polled: %s", root, error)
            must_poll = True
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, MAX_RETRY_S)


async def _watch_once(root: Path, real: Path, tell: Tell, *, must_poll: bool) -> None:
    """Watch until the root is gone.

    The real path is watched, since some systems tell that one whatever they were asked for.
    """
    changes = awatch(
        real,
        watch_filter=_is_of_interest,
        debounce=GATHER_MS,
        step=QUIET_MS,
        force_polling=must_poll or None,
        poll_delay_ms=POLL_MS,
        ignore_permission_denied=True,
    )
    async for batch in changes:
        told = {(change, Path(path)) for change, path in batch}
        tell({(each, root / path.relative_to(real)) for each, path in told})
        if (Change.deleted, real) in told:
            await changes.aclose()
            return


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


def _is_of_interest(_change: Change, path: str) -> bool:
    """Pass over our own index and the temporary files of atomic writes."""
    name = Path(path).name
    return not name.startswith("runicorn.db") and not name.endswith(".tmp")
