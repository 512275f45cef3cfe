"""One shape of error per version, and the one table that maps errors to statuses.

V1 answers ``{"detail": "<sentence>"}`` as 0.4 did; V2 answers problem documents (RFC 9457). A
traceback never leaves the server: the log has it under the request id.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from runicorn.errors import (
    ConflictError,
    IndexUnavailableError,
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


class Detail(BaseModel):
    """An error of V1."""

    detail: str


V1_ERRORS: dict[int | str, dict[str, Any]] = {404: {"model": Detail}, 422: {"model": Detail}}
V2_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "content": {"application/problem+json": {}}}
    for status in (404, 422, 503)
}


class NotModified(Exception):  # noqa: N818 - it is no error
    """The client has what it asked for."""

    def __init__(self, tag: str) -> None:
        super().__init__(tag)
        self.tag = tag


def problem_response(
    scope: Scope, status: int, code: str, detail: str, hint: str | None = None
) -> JSONResponse:
    """Shape an error for the version that was asked."""
    if not scope["path"].startswith("/api/v2"):
        return JSONResponse({"detail": detail}, status)
    problem = Problem(
        type="about:blank",
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=detail,
        hint=hint,
        request_id=request_id(scope),
    )
    return JSONResponse(problem.model_dump(), status, media_type="application/problem+json")


def request_id(scope: Scope) -> str:
    """Return the id under which the log tells of this request."""
    return str(scope.get("state", {}).get("request_id", ""))


def install(app: FastAPI) -> None:
    """Register a handler for everything that can go wrong."""
    app.add_exception_handler(RunicornError, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(NotModified, _not_modified)
    app.add_exception_handler(Exception, _unknown)


def _known(request: Request, error: Exception) -> Response:
    if isinstance(error, RunNotFoundError) and not request.url.path.startswith("/api/v2"):
        return problem_response(request.scope, 404, "not_found", V1_RUN_NOT_FOUND)
    for kind, status, code, hint in STATUSES:
        if isinstance(error, kind):
            if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                _log.warning("request %s: %s", request_id(request.scope), error)
            return problem_response(request.scope, status, code, str(error), hint)
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
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    response = problem_response(request.scope, error.status_code, code, str(error.detail))
    response.headers.update(error.headers or {})
    return response


def _not_modified(_request: Request, error: Exception) -> Response:
    assert isinstance(error, NotModified)
    return Response(status_code=304, headers={"ETag": error.tag, "Cache-Control": "no-cache"})


def _unknown(request: Request, error: Exception) -> Response:
    named = request_id(request.scope)
    _log.error("request %s failed", named, exc_info=error)
    detail = f"Something went wrong in the server; its log has the details under {named}."
    return problem_response(request.scope, 500, "internal", detail)
