"""Transfer: what exporters and importers are given, and what they give back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

from runicorn.layout import RunDir

Progress = Callable[[int, int], None]
"""Called with (bytes done, bytes in all)."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is to be exported.

    Attributes:
        root: The root.
        runs: The runs, in the order they are written.
        metrics: Globs of the metrics to keep; all when empty.
        shape: ``wide``: a row for each call of `log`, a column for each metric; ``long``: a row for
            each value.
        all_attempts: Also what later attempts superseded.
    """

    root: Path
    runs: Sequence[RunDir]
    metrics: Sequence[str] = ()
    shape: Literal["wide", "long"] = "wide"
    all_attempts: bool = False

    def keeps(self, metric: str) -> bool:
        """Tell whether a metric is to be exported."""
        from fnmatch import fnmatchcase  # `init` loads this module and never asks

        return not self.metrics or any(fnmatchcase(metric, glob) for glob in self.metrics)


class Exporter(Protocol):
    """Writes runs in one format.

    Attributes:
        suffixes: Endings of file names that mean this format, the usual one first.
        is_text: Whether a terminal may show it.
    """

    suffixes: tuple[str, ...]
    is_text: bool

    def write(self, selection: Selection, target: BinaryIO, progress: Progress) -> None:
        """Write runs.

        Args:
            selection: What to write.
            target: Where to; it need not be seekable.
            progress: To be told of how far it has come.
        """


@dataclass(frozen=True, slots=True)
class Destination:
    """Where imported runs are to go.

    Attributes:
        root: The root; it may still be to be made.
        project: Their project, where the source does not say.
        name: Their experiment, where the source does not say.
        source: What the source is called, for notes and messages.
        step_column: The column of a table that holds the steps; guessed when ``None``.
        is_trusted: Whether no limits hold: the source is one's own.
    """

    root: Path
    project: str
    name: str
    source: str
    step_column: str | None = None
    is_trusted: bool = False


@dataclass(slots=True)
class Imported:
    """What an import did.

    Attributes:
        added: The new runs.
        skipped: Why others were left out, by run id.
        remarks: What else was left out, a sentence each.
    """

    added: list[RunDir] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


class Importer(Protocol):
    """Makes runs of files of one format.

    Attributes:
        suffixes: Endings of file names that mean this format.
    """

    suffixes: tuple[str, ...]

    def read(self, source: BinaryIO, destination: Destination, progress: Progress) -> Imported:
        """Import runs: all of them or, when it raises, none.

        Args:
            source: Open for reading, seekable.
            destination: Where they are to go.
            progress: To be told of how far it has come.

        Raises:
            FormatError: The source can't be understood.
            ArchiveError: The archive is not to be trusted.
        """
