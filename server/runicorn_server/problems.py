"""One shape of error per version, and the one table that maps errors to statuses.

V1 answers ``{"detail": "<sentence>"}`` as 0.4 did; V2 answers problem documents (RFC 9457). A
traceback never leaves the server: the log has it under the request id.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi import HTTPException as RouteError
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from runicorn.errors import (
    ConflictError,
    IndexUnavailableError,
    IndexUnfinishedError,
    InvalidFilterError,
    NotFoundError,
    RunicornError,
    RunNotFoundError,
    StorageError,
    UsageError,
)

_log = logging.getLogger("runicorn.server")

# The words of 0.4, which its clients may look for.
V1_RUN_NOT_FOUND = "Run not found"

# The first match counts, so the more particular stands first.
STATUSES: tuple[tuple[type[RunicornError], int, str, str | None], ...] = (
    (NotFoundError, 404, "not_found", None),
    (ConflictError, 409, "conflict", None),
    (InvalidFilterError, 422, "invalid_filter", None),
    (UsageError, 422, "invalid_value", None),
    (
        IndexUnfinishedError,
        503,
        "index_unfinished",
        "The runs are safe in their files and are being listed. Ask again in a moment.",
    ),
    (
        IndexUnavailableError,
        503,
        "index_unavailable",
        "The runs are safe in their files. Free space or remove what locks the index, then retry.",
    ),
    (StorageError, 503, "storage", "Look at the disk that holds the root, then retry."),
    (RunicornError, 500, "internal", None),
)


class Problem(BaseModel):
    """An error of V2 (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    hint: str | None
    request_id: str
    position: int | None = Field(
        default=None, description="Where in the filter, from 0 `[characters]`."
    )


class Detail(BaseModel):
    """An error of V1."""

    detail: str


def _errors(version: str, *statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe error answers for the OpenAPI document."""
    shape: dict[str, Any] = (
        {"model": Problem, "content": {"application/problem+json": {}}}
        if version == "v2"
        else {"model": Detail}
    )
    return {status: {**shape, "description": WHEN[status]} for status in statuses}


WHEN = {
    400: "The Host is not this server's own",
    401: "The token is missing or wrong",
    403: "A page of another origin asked",
    404: "Not found",
    413: "The body is too large",
    422: "A value is wrong; the answer names it",
    503: "The index is not available; the files are",
}
V1_ERRORS = _errors("v1", 400, 401, 404, 422)
V2_ERRORS = _errors("v2", 400, 401, 404, 422, 503)
V2_POST_ERRORS = _errors("v2", 403, 413)


class Refusal(RouteError):  # noqa: N818 - it is no error of ours
    """A request that is refused; the code says why in one word."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(status, detail)
        self.code = code


class NotModified(Exception):  # noqa: N818 - it is no error
    """The client has what it asked for."""

    def __init__(self, tag: str) -> None:
        super().__init__(tag)
        self.tag = tag


def problem_response(
    scope: Scope,
    status: int,
    code: str,
    detail: str,
    hint: str | None = None,
    position: int | None = None,
) -> JSONResponse:
    """Shape an error for the version that was asked."""
    detail = detail.encode("utf-8", "replace").decode()  # it may quote what JSON can't answer
    if not is_v2(scope):
        return JSONResponse({"detail": detail}, status)
    problem = Problem(
        type="about:blank",
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=detail,
        hint=hint,
        request_id=request_id(scope),
        position=position,
    )
    return JSONResponse(problem.model_dump(), status, media_type="application/problem+json")


def route_path(scope: Scope) -> str:
    """Return the path that the routes see, without the prefix of a proxy."""
    path: str = scope["path"]
    prefix = scope.get("root_path", "").rstrip("/")
    return path.removeprefix(prefix) if path.startswith(f"{prefix}/") else path


def is_v2(scope: Scope) -> bool:
    """Tell whether V2 was asked."""
    return f"{route_path(scope)}/".startswith("/api/v2/")


def request_id(scope: Scope) -> str:
    """Return the id under which the log tells of this request."""
    return str(scope.get("state", {}).get("request_id", ""))


def install(app: FastAPI) -> None:
    """Register a handler for everything that can go wrong."""
    app.add_exception_handler(RunicornError, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(UnicodeEncodeError, _no_text)
    app.add_exception_handler(NotModified, _not_modified)


def _known(request: Request, error: Exception) -> Response:
    if isinstance(error, RunNotFoundError) and not is_v2(request.scope):
        return problem_response(request.scope, 404, "not_found", V1_RUN_NOT_FOUND)
    for kind, status, code, hint in STATUSES:
        if isinstance(error, kind):
            if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                _log.warning("request %s: %s", request_id(request.scope), error)
            position = error.position if isinstance(error, InvalidFilterError) else None
            response = problem_response(request.scope, status, code, str(error), hint, position)
            if isinstance(error, IndexUnfinishedError):
                response.headers["Retry-After"] = "1"
            return response
    raise error


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    wrong = [
        f"{'.'.join(str(part) for part in each['loc'][1:]) or 'body'}: {each['msg']}"
        for each in error.errors()
    ]
    return problem_response(request.scope, 422, "invalid_request", "; ".join(wrong))


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    code = error.code if isinstance(error, Refusal) else phrase
    response = problem_response(request.scope, error.status_code, code, str(error.detail))
    response.headers.update(error.headers or {})
    return response


def _no_text(request: Request, _error: Exception) -> Response:
    # JSON can hold half a character (a lone surrogate), which no file name and no database takes.
    detail = "A text holds half a character and can't be looked for."
    return problem_response(request.scope, 422, "invalid_request", detail)


def _not_modified(_request: Request, error: Exception) -> Response:
    assert isinstance(error, NotModified)
    return Response(status_code=304, headers={"ETag": error.tag, "Cache-Control": "no-cache"})


def unexpected(scope: Scope, error: Exception) -> Response:
    """Answer what nobody expected; only the log tells what it was."""
    named = request_id(scope)
    _log.error("request %s failed", named, exc_info=error)
    detail = f"Something went wrong in the server; its log has the details under {named}."
    return problem_response(scope, 500, "internal", detail)
