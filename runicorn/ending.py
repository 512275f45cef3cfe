"""Ending: sees to it that runs end with an honest status, however their process ends.

A script that just ends, raises, calls ``sys.exit`` or gets a signal ends its runs; what was hooked
for that is handed on to whoever was there before.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import traceback
from types import FrameType, TracebackType
from typing import Any, Literal, Protocol

FinalStatus = Literal["finished", "failed", "interrupted"]
# The terminal was closed; a launcher, Slurm or a container's engine ends the job.
_SIGNALS = ("SIGTERM", "SIGHUP")
_SIGNAL_EXIT = 128


class Ending(Protocol):
    """A run that can be ended."""

    def finish(
        self, status: FinalStatus = "finished", *, reason: str | None = None, exit_code: int = 0
    ) -> None:
        """End it."""


_open: list[Ending] = []
_exit_code: int | None = None
_signalled: str | None = None
_is_watching = False


def add(run: Ending) -> None:
    """Keep a run until it ends, at the latest with the process."""
    _open.append(run)
    _watch()


def remove(run: Ending) -> None:
    """Forget a run that has ended."""
    _open[:] = [each for each in _open if each is not run]


def ending_of(error: BaseException) -> tuple[FinalStatus, str | None, int]:
    """Tell how a run ends that this exception leaves: status, reason and exit code."""
    if isinstance(error, SystemExit):
        code = _code_of(error.code)
        reason = None if code == 0 else f"SystemExit: {error.code}"
        return ("failed" if code else "finished"), reason, code
    text = "".join(traceback.format_exception(error))
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", text, _SIGNAL_EXIT + signal.SIGINT
    return "failed", text, 1


def ending_without_error() -> tuple[FinalStatus, str | None]:
    """Tell how a run ends that nothing but perhaps a signal has ended: status and reason."""
    if _signalled is None:
        return "finished", None
    return "interrupted", f"ended by {_signalled}"


def _watch() -> None:
    global _is_watching  # noqa: PLW0603 - hooked once a process
    if not _is_watching:
        _is_watching = True
        _hook_exceptions()
        _hook_exit()
        atexit.register(_end_with_the_process)
        _end_with_a_child()
    if threading.current_thread() is threading.main_thread():
        for name in _SIGNALS:
            _hook_signal(name)


def _end_with_a_child() -> None:
    """End the runs of a child of `multiprocessing` as well, which leaves without `atexit`."""
    multiprocessing = sys.modules.get("multiprocessing")
    if multiprocessing is None or multiprocessing.parent_process() is None:
        return
    from multiprocessing.util import Finalize

    Finalize(None, _end_with_its_work, exitpriority=0)


def _end_with_its_work() -> None:
    # Called while the exception is on its way that has ended the child's work, if one has.
    error = sys.exc_info()[1]
    if error is None:
        _end_with_the_process()
    else:
        _end_all(*ending_of(error))


def _hook_exceptions() -> None:
    previous = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        status, reason, code = ending_of(error)
        _end_all(status, reason, code)
        previous(kind, error, trace)

    sys.excepthook = hook


def _hook_exit() -> None:
    # Nothing else tells with which code the interpreter ends: SystemExit never reaches the hook.
    previous = sys.exit

    def leave(status: Any = None, /) -> Any:
        global _exit_code  # noqa: PLW0603
        _exit_code = _code_of(status)
        previous(status)

    sys.exit = leave


def _hook_signal(name: str) -> None:
    number = getattr(signal, name, None)
    if number is None:
        return
    previous = signal.getsignal(number)
    # Ignored means that somebody wants to survive it; None is a handler that Python can't call.
    if previous in {signal.SIG_IGN, None} or getattr(previous, "is_of_runicorn", False):
        return

    def handle(got: int, frame: FrameType | None) -> None:
        global _signalled  # noqa: PLW0603
        _signalled = signal.Signals(got).name
        if callable(previous):
            # It may let the training end in good order, so the run goes on until that ends.
            previous(got, frame)
            return
        _end_all("interrupted", f"ended by {_signalled}", _SIGNAL_EXIT + got)
        signal.signal(got, signal.SIG_DFL)
        os.kill(os.getpid(), got)

    handle.is_of_runicorn = True  # type: ignore[attr-defined]
    signal.signal(number, handle)


def _end_with_the_process() -> None:
    if _signalled is not None:
        _end_all("interrupted", f"ended by {_signalled}", _exit_code or _SIGNAL_EXIT)
    elif _exit_code:
        _end_all("failed", f"the process ended with exit code {_exit_code}", _exit_code)
    else:
        _end_all("finished", None, 0)


def _end_all(status: FinalStatus, reason: str | None, exit_code: int) -> None:
    for run in reversed(list(_open)):
        run.finish(status, reason=reason, exit_code=exit_code)


def _code_of(status: object) -> int:
    if status is None:
        return 0
    return status if isinstance(status, int) else 1


def _forget_in_child() -> None:
    # A forked child ends none of its parent's runs, and its own signals are not yet hooked.
    global _exit_code, _signalled, _is_watching  # noqa: PLW0603
    _open.clear()
    _exit_code = _signalled = None
    _is_watching = False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
