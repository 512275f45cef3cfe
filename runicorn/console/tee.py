"""The process between a script and its terminal: the system's ``tee``, started beside the script.

It writes on at once whatever comes, also while the script holds the interpreter's lock, hangs or
is gone: nobody's output waits for us or ends with us. Signals that are meant for the script pass
it by; it ends when nobody is left who could write.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress

_PATHS = ("/usr/bin/tee", "/bin/tee")
# The descriptors of the process: input, output, complaints, copy; the last one tells that it lives.
_IN, _OUT, _ERRORS, _COPY, _LIFE = range(5)


def start_tee(source: int, target: int, copy: int, life: int) -> int:
    """Start it and return its pid.

    Args:
        source: Descriptor to read from, above 4 as are all of these.
        target: Where everything is written on to.
        copy: A file that gets everything as well.
        life: Open in the process as long as it lives.

    Raises:
        OSError: It can't be started.
        NotImplementedError: Nor on this system.
    """
    actions: list[tuple[int, ...] | tuple[int, int, str, int, int]] = [
        (os.POSIX_SPAWN_DUP2, source, _IN),
        (os.POSIX_SPAWN_DUP2, target, _OUT),
        (os.POSIX_SPAWN_OPEN, _ERRORS, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_DUP2, copy, _COPY),
        (os.POSIX_SPAWN_DUP2, life, _LIFE),
    ]
    # Sockets and devices that other libraries left inheritable are none of its business.
    actions += [(os.POSIX_SPAWN_CLOSE, fd) for fd in _open_descriptors() if fd > _LIFE]
    return os.posix_spawn(
        _find(),
        ["tee", "-a", f"/proc/self/fd/{_COPY}"],
        {},
        file_actions=actions,
        setsid=True,
        setsigmask=signal.valid_signals() - {signal.SIGPIPE},
        setsigdef=[signal.SIGPIPE],  # where the script's output is cut off, it ends as well
    )


def reap(pid: int, *, is_over: bool) -> bool:
    """Take note that the process has ended, and tell whether that is done.

    Args:
        pid: Of the process.
        is_over: It has closed its files, so that waiting takes no time.
    """
    with suppress(ChildProcessError):  # somebody else has waited for it
        return os.waitpid(pid, 0 if is_over else os.WNOHANG)[0] != 0
    return True


def _find() -> str:
    return next((path for path in _PATHS if os.access(path, os.X_OK)), _PATHS[0])


def _open_descriptors() -> list[int]:
    return [int(name) for name in os.listdir("/proc/self/fd")]  # noqa: PTH208 - numbers are wanted
