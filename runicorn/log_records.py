"""Log records: what goes through `logging` is written into the log of the active run.

For scripts whose records go elsewhere than to the console, which is recorded anyway: a record that
the console shows as well is not written twice.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from runicorn.console.capture import hears
from runicorn.current import get_active_run
from runicorn.errors import RunClosedError

FORMAT = "%(levelname)s %(name)s: %(message)s"


class LogRecords(logging.Handler):
    """A handler of the root logger; also a context manager that detaches it in the end."""

    def __init__(self, level: int | str) -> None:
        """Attach it.

        Args:
            level: The lowest that is written; the levels of the loggers come before it.
        """
        super().__init__(level)
        self.setFormatter(logging.Formatter(FORMAT))
        logging.getLogger().addHandler(self)

    def detach(self) -> None:
        """Write nothing any more."""
        logging.getLogger().removeHandler(self)
        self.close()

    def handle(self, record: logging.LogRecord) -> bool:
        """Write a record that passes the filters; without a lock, because a run has its own."""
        is_wanted = bool(self.filter(record))
        if is_wanted:
            self.emit(record)
        return is_wanted

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, unless the log gets it from the console."""
        try:
            others = [each for each in _handlers(record.name) if each is not self]
            if not others:
                others = self._last_resort(record)
            run = get_active_run()
            if run is None or any(_shows(each, record, run.id) for each in others):
                return
            run.log_text(self.format(record))
        except RunClosedError:  # it ended meanwhile
            return
        except Exception:  # noqa: BLE001 - as every handler does it
            self.handleError(record)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.detach()

    @staticmethod
    def _last_resort(record: logging.LogRecord) -> list[logging.Handler]:
        # Where nobody handles records Python prints warnings; that we are there changes nothing.
        handler = logging.lastResort
        if handler is None or record.levelno < handler.level:
            return []
        handler.handle(record)
        return [handler]


def capture_logging(level: int | str = logging.INFO) -> LogRecords:
    """Write what goes through `logging` into the log of the active run.

    Needed where records do not go to the console, which is recorded anyway; what does is not
    written twice. Called again it changes the level. Call it after the script has set up its
    logging: `logging.basicConfig` does nothing once the root logger has a handler.

    Args:
        level: The lowest that is written, a number or a name. Loggers have levels of their own.

    Returns:
        The handler: format it with ``setFormatter``, end it with ``detach()`` or by ``with``.
    """
    for handler in logging.getLogger().handlers:
        if isinstance(handler, LogRecords):
            handler.setLevel(level)
            return handler
    return LogRecords(level)


def _handlers(name: str) -> Iterator[logging.Handler]:
    """Iterate over all handlers that get the records of a logger."""
    logger: logging.Logger | None = logging.getLogger(None if name == "root" else name)
    while logger is not None:
        yield from logger.handlers
        logger = logger.parent if logger.propagate else None


def _shows(handler: logging.Handler, record: logging.LogRecord, run_id: str) -> bool:
    if record.levelno < handler.level:
        return False
    console: Any = getattr(handler, "console", None)  # that of rich
    stream = getattr(handler, "stream", None) or getattr(console, "file", None)
    return stream is not None and hears(run_id, stream)
