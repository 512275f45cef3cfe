"""What routes depend on."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import Depends, Request, Response
from starlette.requests import HTTPConnection

from runicorn.query.files import FileReader
from runicorn.store import Store
from runicorn_server.headers import has_tag
from runicorn_server.live import Notices
from runicorn_server.problems import NotModified
from runicorn_server.refresh import Refresher
from runicorn_server.tail import LogTails

# A first answer waits this long for the first catch-up, then shows what there is [s].
FIRST_ROUND_S = 2.0


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


def wait_for_first_round(request: Request) -> None:
    """Let the first catch-up of a fresh server come first, but not for long."""
    refresher: Refresher = request.app.state.refresher
    refresher.first_round.wait(FIRST_ROUND_S)


def unless_modified(request: Request, response: Response, store: StoreDep) -> None:
    """Tag an answer of the index by its revision and the question; stop when the client has it.

    Raises:
        NotModified: The client's tag is the current one.
    """
    question = hashlib.sha256(request.url.path.encode() + request.url.query.encode()).hexdigest()
    tag = f'W/"{store.revision()}-{question[:16]}"'
    if has_tag(request.headers.get("if-none-match", ""), tag):
        raise NotModified(tag)
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "no-cache"
