"""The guard: who may ask at all. One check before every route, sockets included.

A page of another site can make a browser send requests here. It can't choose the ``Host`` (so a
name that is made to point to this machine is refused), and it can't hide its ``Origin`` on what
changes something or opens a socket.
"""

from __future__ import annotations

import hmac
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runicorn_server.problems import problem_response
from runicorn_server.settings import Settings, is_loopback

MAX_BODY_BYTES = 16 << 20
READING = frozenset({"GET", "HEAD", "OPTIONS"})
# Close code for a socket that is refused before it is opened (RFC 6455, 7.4.1: policy violation).
POLICY_VIOLATION = 1008


class Refusal(Exception):  # noqa: N818 - it is no error of ours
    """Why a request is refused."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail


class Guard:
    """ASGI middleware that refuses before any route sees the request."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        try:
            self._check(scope)
        except Refusal as refusal:
            await _refuse(refusal, scope, receive, send)
            return
        await self._app(scope, _limited(receive), send)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        self._check_host(headers)
        if scope["type"] == "websocket" or scope["method"] not in READING:
            _check_origin(headers)
        if self._settings.token is not None and scope["path"].startswith("/api"):
            self._check_token(headers, scope)
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            limit = f"a body has at most {MAX_BODY_BYTES} bytes"
            raise Refusal(413, "body_too_large", limit)

    def _check_host(self, headers: Headers) -> None:
        given = headers.getlist("host")
        host = _host_name(given[0]) if len(given) == 1 else None
        allowed = {self._settings.host.lower(), *map(str.lower, self._settings.allowed_hosts)}
        if host is None or not (is_loopback(host) or host in allowed):
            raise Refusal(
                400, "wrong_host", "This server is asked under a name that is not its own."
            )

    def _check_token(self, headers: Headers, scope: Scope) -> None:
        token = self._settings.token
        assert token is not None
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scope["type"] == "websocket" and not given:  # a browser can't set headers on a socket
            given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        elif scheme.lower() != "bearer":
            given = ""
        if not hmac.compare_digest(given.encode(), token.get_secret_value().encode()):
            raise Refusal(401, "token_needed", "This server needs a token: Authorization: Bearer.")


def _check_origin(headers: Headers) -> None:
    site = headers.get("sec-fetch-site", "same-origin")
    if site not in {"same-origin", "none"}:
        raise Refusal(403, "cross_site", "A page of another site may not do this.")
    origin = headers.get("origin")
    # The host was checked before, so an origin that equals it is this server's own page.
    if origin is not None and urlsplit(origin).netloc.lower() != headers["host"].lower():
        raise Refusal(403, "foreign_origin", "A page of another origin may not do this.")


def _host_name(host: str) -> str | None:
    """Return the name of a Host header without its port; ``None`` when it is malformed."""
    try:
        parts = urlsplit(f"//{host}")
        name, _ = parts.hostname, parts.port
    except ValueError:
        return None
    return name if name and parts.netloc == host and not parts.username else None


async def _refuse(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": refusal.detail})
        return
    response = problem_response(scope, refusal.status, refusal.code, refusal.detail)
    if refusal.status == 401:  # noqa: PLR2004 - RFC 9110, 11.6.1 wants the header
        response.headers["WWW-Authenticate"] = "Bearer"
    await response(scope, receive, send)


def _limited(receive: Receive) -> Receive:
    """Count the bytes of a body that does not tell its length."""
    n_bytes = 0

    async def counted() -> Message:
        nonlocal n_bytes
        message = await receive()
        n_bytes += len(message.get("body", b""))
        if n_bytes > MAX_BODY_BYTES:
            return {"type": "http.disconnect"}
        return message

    return counted
