"""Choosing: which runs the options of a command mean, asked of the index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, get_args

from runicorn.errors import InvalidFilterError

if TYPE_CHECKING:
    from runicorn.query.models import Experiment, ExperimentQuery
    from runicorn.store import Store

PAGE_RUNS = 1000


def query_of(
    project: str | None = None,
    name: str | None = None,
    status: Sequence[str] | None = None,
    tag: Sequence[str] | None = None,
    search: str | None = None,
    filter_: str | None = None,
    sort: str = "-created_at",
    columns: Sequence[str] = (),
) -> ExperimentQuery:
    """Return the question that options ask.

    Args:
        project: Only its runs, as for all up to `filter_`.
        name: Of the experiment.
        status: Any of these.
        tag: All of these.
        search: A part of a text.
        filter_: In the filter language.
        sort: A field to order by; with ``-`` in front the largest first.
        columns: ``cfg.<path>`` and metric keys to load besides.

    Raises:
        InvalidFilterError: One of them can't be understood.
    """
    from runicorn.query.models import ExperimentQuery, Status

    known = get_args(Status)
    for word in status or ():
        if word not in known:
            raise InvalidFilterError("--status", f"{word!r} is none of {', '.join(known)}")
    return ExperimentQuery(
        project=project,
        name=name,
        status=list(status or ()),
        tags=list(tag or ()),
        search=search,
        filter=filter_,
        order_by=sort.removeprefix("-"),
        order_desc=sort.startswith("-"),
        columns=list(columns),
    )


def matching(
    store: Store, query: ExperimentQuery, limit: int | None = None
) -> tuple[Iterator[Experiment], int]:
    """Return the runs that match and how many there are.

    Args:
        store: Caught up.
        query: The question.
        limit: So many at most; all when ``None``.
    """
    per_page = PAGE_RUNS if limit is None else min(max(limit, 1), PAGE_RUNS)
    first = store.experiments(query.model_copy(update={"per_page": per_page}))
    return _pages(store, query, first.experiments, per_page, limit), first.total


def _pages(
    store: Store,
    query: ExperimentQuery,
    experiments: list[Experiment],
    per_page: int,
    limit: int | None,
) -> Iterator[Experiment]:
    n_given, page = 0, 1
    while experiments:
        for experiment in experiments:
            if limit is not None and n_given >= limit:
                return
            n_given += 1
            yield experiment
        page += 1
        asked = query.model_copy(update={"per_page": per_page, "page": page})
        experiments = store.experiments(asked).experiments
