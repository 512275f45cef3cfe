"""Names: which metrics and config paths there are, and which one a user's word means."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from sqlalchemy import Column, Connection, exists, func, select

from runicorn.errors import InvalidFilterError
from runicorn.index.schema import CONFIG_VALUES, EXPERIMENTS, SERIES
from runicorn.query import modes

# So many names are looked through for one that was meant.
_MAX_NAMES = 20_000


@dataclass(frozen=True, slots=True)
class ConfigName:
    """A config value.

    Attributes:
        path: Parts joined by ``.``.
    """

    path: str


@dataclass(frozen=True, slots=True)
class MetricName:
    """A value of a metric.

    Attributes:
        key: The metric's key.
        mode: One of `runicorn.query.modes.MODES`.
    """

    key: str
    mode: str


Name = ConfigName | MetricName


class NoRunsError(Exception):
    """There are no runs at all, so nobody can know what a name means."""


class Names:
    """Looks names up in the index, in one transaction.

    Args:
        connection: In a transaction.
        project: Whose config values a short name may mean; all when ``None``.
        field: The part of the question that the names stand in, for messages.
        others: Further names that could have been meant.
    """

    def __init__(
        self,
        connection: Connection,
        project: str | None,
        field: str,
        others: tuple[str, ...] = (),
    ) -> None:
        self._connection = connection
        self._project = project
        self._field = field
        self._others = others

    def find(self, said: str, at: int | None = None) -> Name:
        """Find what a bare name means: a metric, ``cfg.<path>``, or the end of one such path.

        Args:
            said: The name, with a mode or without.
            at: Where it stands, for messages `[characters]`.

        Raises:
            InvalidFilterError: There is no such name, or it means several things.
            NoRunsError: There are no runs at all.
        """
        if said.startswith(modes.CONFIG_PREFIX):
            path = said.removeprefix(modes.CONFIG_PREFIX)
            if not path:
                raise InvalidFilterError(self._field, "cfg. names no value; write cfg.<path>")
            if self._has(CONFIG_VALUES.c.path, path):
                return ConfigName(path)
            raise self._unknown(said, at)
        metric = self._metric(*modes.split(said)) or self._metric(said, None)
        return metric or self._short(said, at)

    def find_metric(self, key: str, mode: str | None, at: int | None = None) -> MetricName:
        """Find a metric by its key as it is.

        Raises:
            InvalidFilterError: There is no such metric.
            NoRunsError: There are no runs at all.
        """
        metric = self._metric(key, mode)
        if metric is None:
            raise self._unknown(key, at)
        return metric

    def _metric(self, key: str, mode: str | None) -> MetricName | None:
        is_known = self._has(SERIES.c.key, key)
        return MetricName(key, mode or modes.DEFAULT) if is_known else None

    def _short(self, said: str, at: int | None) -> ConfigName:
        """Find a config path by its last parts, which must be those of no other."""
        paths = self._distinct(CONFIG_VALUES.c.path)
        found = [path for path in paths if path == said or path.endswith(f".{said}")]
        if len(found) > 1 and self._project is not None:
            found = [path for path in found if self._is_of_project(path)]
        if said in found or len(found) == 1:
            return ConfigName(said if said in found else found[0])
        if not found:
            raise self._unknown(said, at)
        listed = " or ".join(f"cfg.{path}" for path in found[:3])
        raise InvalidFilterError(self._field, f"{said!r} may mean {listed}", position=at)

    def _unknown(self, said: str, at: int | None) -> Exception:
        if self._connection.execute(select(EXPERIMENTS.c.id).limit(1)).first() is None:
            return NoRunsError()
        metrics, paths = self._distinct(SERIES.c.key), self._distinct(CONFIG_VALUES.c.path)
        shorts = {path.rpartition(".")[2]: f"cfg.{path}" for path in paths}
        names = {**shorts, **{name: name for name in (*self._others, *metrics)}}
        names |= {f"cfg.{path}": f"cfg.{path}" for path in paths}
        name, _mode = modes.split(said)
        meant = [names[near] for near in difflib.get_close_matches(name, names, n=2, cutoff=0.6)]
        hint = (
            f"Did you mean {' or '.join(dict.fromkeys(meant))}?"
            if meant
            else (
                f"There are {', '.join(self._others)}, cfg.<path> and the metrics that were logged."
            )
        )
        return InvalidFilterError(
            self._field, f"no run has the field {said!r}. {hint}", position=at
        )

    def _has(self, column: Column[str], value: str) -> bool:
        statement = select(column).where(column == value).limit(1)
        return self._connection.execute(statement).first() is not None

    def _is_of_project(self, path: str) -> bool:
        row = CONFIG_VALUES.c
        of_project = exists().where(
            row.path == path,
            EXPERIMENTS.c.id == row.run_id,
            EXPERIMENTS.c.project == self._project,
        )
        return bool(self._connection.execute(select(of_project)).scalar())

    def _distinct(self, column: Column[str]) -> list[str]:
        """Return the values of an indexed column by leaping from each to the next higher one."""
        first = select(func.min(column).label("name")).cte("names", recursive=True)
        higher = select(func.min(column)).where(column > first.c.name).scalar_subquery()
        names = first.union_all(select(higher).where(first.c.name.is_not(None)))
        statement = select(names.c.name).where(names.c.name.is_not(None)).limit(_MAX_NAMES)
        return list(self._connection.execute(statement).scalars())
