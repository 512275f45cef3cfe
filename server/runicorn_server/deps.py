"""What routes depend on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from fastapi import Depends, Request, Response
from starlette.requests import HTTPConnection

import runicorn
from runicorn.query.files import FileReader
from runicorn.store import Store
from runicorn_server.headers import has_tag, weak_tag
from runicorn_server.live import Notices
from runicorn_server.problems import NotModified
from runicorn_server.refresh import Refresher
from runicorn_server.tail import LogTails


def _store(connection: HTTPConnection) -> Store:
    store: Store = connection.app.state.store
    return store


def _files(connection: HTTPConnection) -> FileReader:
    return _store(connection).files


def _notices(connection: HTTPConnection) -> Notices:
    notices: Notices = connection.app.state.notices
    return notices


def _tails(connection: HTTPConnection) -> LogTails:
    tails: LogTails = connection.app.state.tails
    return tails


StoreDep = Annotated[Store, Depends(_store)]
FilesDep = Annotated[FileReader, Depends(_files)]
NoticesDep = Annotated[Notices, Depends(_notices)]
TailsDep = Annotated[LogTails, Depends(_tails)]


def settle(request: Request, run_ids: Iterable[str] = ()) -> None:
    """Let the index take in what was logged before this request, but wait not for long."""
    refresher: Refresher | None = getattr(request.app.state, "refresher", None)
    if refresher is not None:  # none where the application was not started
        refresher.settle(run_ids)


def settled(request: Request) -> None:
    """Let the index take in the run of the path, or what is known to have changed."""
    run_id = request.path_params.get("run_id")
    settle(request, () if run_id is None else (run_id,))


def unless_modified(request: Request, response: Response, store: StoreDep) -> None:
    """Tag an answer of the index by its revision and the question; stop when the client has it.

    Raises:
        NotModified: The client's tag is the current one.
    """
    _tag(request, response, str(store.revision()))


def unless_journal_grew(request: Request, response: Response, files: FilesDep) -> None:
    """Tag an answer by the journal of the run; stop when the client has it.

    Raises:
        NotModified: The client's tag is the current one.
        RunNotFoundError: No run has the id of the path.
    """
    _tag(request, response, files.journal_state(request.path_params["run_id"]))


def _tag(request: Request, response: Response, state: str) -> None:
    # The version counts, since the next one may give another answer from the same state.
    question = (runicorn.__version__, request.url.path, request.url.query, state)
    tag = weak_tag("\n".join(question).encode())
    if has_tag(request.headers.get("if-none-match", ""), tag):
        raise NotModified(tag)
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "no-cache"
