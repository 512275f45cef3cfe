"""The tree of errors: what went wrong, with which value, and what to do next.

Every error also inherits the built-in a caller would expect, carries its facts as attributes and
can be caught at any level:

    RunicornError
    ├── UsageError (ValueError)          the call was wrong; nothing was written
    │   ├── InvalidNameError             a project, experiment or run name that no folder can have
    │   ├── InvalidValueError            a value that is no number, or a key that is none
    │   ├── InvalidFilterError           a query that can't be understood
    │   └── RunClosedError               the run was finished before
    ├── NotFoundError (LookupError)
    │   └── RunNotFoundError
    ├── ConflictError
    │   └── RunExistsError (FileExistsError)
    ├── StorageError (OSError)           the disk or the database
    │   ├── JournalDamagedError
    │   └── IndexUnavailableError
    │       └── IndexUnfinishedError     made anew, and it does not list all runs yet
    ├── MissingLibraryError (ImportError) an optional library that is not installed
    ├── ArchiveError (ValueError)        an archive that is damaged or not to be trusted
    ├── FormatError (ValueError)         a file that can't be understood; nothing of it was taken
    └── PluginError (RuntimeError)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class RunicornError(Exception):
    """Base of everything that Runicorn raises on purpose."""


class UsageError(RunicornError, ValueError):
    """The call was wrong; nothing was written."""


class InvalidNameError(UsageError):
    """A name or id that the disk format does not allow.

    Attributes:
        kind: What was named, such as ``project`` or ``run id``.
        name: The refused text.
        reason: Why it was refused.
    """

    def __init__(self, kind: str, name: object, reason: str) -> None:
        super().__init__(
            f"{kind} {name!r} {reason}. Allowed: 1 to 128 letters, digits, spaces, '.', '_' or "
            "'-', not starting or ending with a space or a dot."
        )
        self.kind = kind
        self.name = name
        self.reason = reason


class InvalidValueError(UsageError):
    """A key or value that can't be logged; nothing of that call was written.

    Attributes:
        key: The key as it was given.
        value: The refused value.
    """

    def __init__(self, key: object, value: object, reason: str) -> None:
        super().__init__(f"{key!r}: {reason}")
        self.key = key
        self.value = value


class InvalidFilterError(UsageError):
    """A query that can't be understood.

    Attributes:
        field: The part of the query that is wrong.
        position: Where in that part, from 0; ``None`` where it is wrong as a whole `[characters]`.
        expected: What could have stood there.
    """

    def __init__(
        self,
        field: str,
        reason: str,
        *,
        position: int | None = None,
        expected: Sequence[str] = (),
    ) -> None:
        place = "" if position is None else f" (at character {position + 1})"
        super().__init__(f"{field}: {reason}{place}")
        self.field = field
        self.position = position
        self.expected = tuple(expected)


class RunClosedError(UsageError):
    """The run was finished before this call.

    Attributes:
        run_id: The run, or ``None`` when there is no active run at all.
    """

    def __init__(self, run_id: str | None, call: str) -> None:
        if run_id is None:
            message = f"{call}() needs an active run. Call runicorn.init() first."
        else:
            message = (
                f"{call}() came after run {run_id} was finished; nothing was written. "
                "Call runicorn.init() to start a new run."
            )
        super().__init__(message)
        self.run_id = run_id


class NotFoundError(RunicornError, LookupError):
    """Something that was named is not there."""


class RunNotFoundError(NotFoundError):
    """No run has this id, or several begin with it.

    Attributes:
        run_id: The id that was asked for.
        candidates: Some of the runs that begin with it.
        close: Ids of runs that look like it.
    """

    def __init__(
        self, run_id: str, candidates: Sequence[str] = (), close: Sequence[str] = ()
    ) -> None:
        meant = f" Perhaps {' or '.join(close)} is meant." if close else ""
        super().__init__(
            f"{run_id!r} is the beginning of several runs, such as {' and '.join(candidates)}. "
            "Give more of the id."
            if candidates
            else f"No run has the id {run_id!r}.{meant} `runicorn ls` or `GET /api/runs` lists "
            "those that there are."
        )
        self.run_id = run_id
        self.candidates = tuple(candidates)
        self.close = tuple(close)


class ConflictError(RunicornError):
    """What was asked for collides with what is there."""


class RunExistsError(ConflictError, FileExistsError):
    """The run id is taken.

    Attributes:
        run_id: The id.
        run_dir: Where the existing run lies.
    """

    def __init__(self, run_id: str, run_dir: Path) -> None:
        super().__init__(
            f"A run with the id {run_id!r} exists in {run_dir}. Leave run_id out for a fresh one."
        )
        self.run_id = run_id
        self.run_dir = run_dir


class StorageError(RunicornError, OSError):
    """The disk or the database did not do what was asked."""


class JournalDamagedError(StorageError):
    """A journal can't be opened for writing, or is not what it was.

    Attributes:
        path: The journal.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path


class IndexUnavailableError(StorageError):
    """The index can't be opened; the runs themselves are safe in their files."""


class IndexUnfinishedError(IndexUnavailableError):
    """The index was made anew and does not list all runs yet; ask again in a moment."""


class MissingLibraryError(RunicornError, ImportError):
    """A call needs a library that Runicorn does not bring along.

    Attributes:
        library: Its name, also for pip.
    """

    def __init__(self, library: str, call: str, extra: str | None = None) -> None:
        install = library if extra is None else f"'runicorn[{extra}]'"
        super().__init__(f"{call} needs {library}: pip install {install}")
        self.library = library


class ArchiveError(RunicornError, ValueError):
    """An archive that can't be read or is not to be trusted; nothing of it was taken.

    Attributes:
        member: The member that is at fault; ``None`` when it is the archive as a whole.
    """

    def __init__(self, member: str | None, reason: str) -> None:
        shown = "the archive" if member is None else f"member {member[:200]!r}"
        super().__init__(f"{shown} {reason}; nothing was imported")
        self.member = member


class FormatError(RunicornError, ValueError):
    """A file that can't be understood; nothing of it was taken.

    Attributes:
        source: What it is called.
        line: The line that is at fault, from 1; ``None`` when it is the file as a whole.
    """

    def __init__(self, source: str, reason: str, line: int | None = None) -> None:
        place = source if line is None else f"{source}, line {line}"
        super().__init__(f"{place}: {reason}; nothing was imported")
        self.source = source
        self.line = line


class PluginError(RunicornError, RuntimeError):
    """A plugin failed while it answered a call that can't go on without it.

    Attributes:
        plugin: Its name.
        hook: The hook it failed in.
    """

    def __init__(self, plugin: str, hook: str, reason: str) -> None:
        super().__init__(f"plugin {plugin!r} failed in {hook}: {reason}")
        self.plugin = plugin
        self.hook = hook
