"""The guard: who may ask at all. One check before every route, sockets included.

A page of another site can make a browser send requests here. It can't choose the ``Host`` (so a
name that is made to point to this machine is refused), and it can't hide its ``Origin`` on what
changes something or opens a socket. With a token everything needs it: programs send it as a header,
a browser gets a cookie by a link that works once.
"""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runicorn_server.problems import Refusal, problem_response, route_path
from runicorn_server.settings import Settings, is_loopback

MAX_BODY_BYTES = 16 << 20
READING = frozenset({"GET", "HEAD", "OPTIONS"})
# Close code for a socket that is refused before it is opened (RFC 6455, 7.4.1: policy violation).
POLICY_VIOLATION = 1008


class Door:
    """Lets in who knows the token, or came by the link.

    Attributes:
        code: The code of the link; empty once it was used.
        session: What the cookie holds, until the server ends.
    """

    def __init__(self, settings: Settings) -> None:
        self._token = settings.token.get_secret_value() if settings.token else None
        # Browsers keep cookies by host without the port, so servers side by side need names.
        self.cookie = f"runicorn_{settings.port}"
        self.code = secrets.token_urlsafe(16) if self._token else ""
        self.session = secrets.token_urlsafe(32)

    def is_open_to(self, scope: Scope, headers: Headers) -> bool:
        """Tell whether a request may pass."""
        if self._token is None:
            return True
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and _are_equal(given.strip(), self._token):
            return True
        # A script in a browser can't set headers on a socket.
        if scope["type"] == "websocket" and _are_equal(_asked(scope, "token"), self._token):
            return True
        cookie = cookie_parser(headers.get("cookie", "")).get(self.cookie, "")
        return _are_equal(cookie, self.session)

    def let_in(self, scope: Scope) -> RedirectResponse | None:
        """Answer the link with a cookie; ``None`` when this is not the link or it was used."""
        if scope["type"] != "http" or route_path(scope) != "/" or not self.code:
            return None
        if not _are_equal(_asked(scope, "code"), self.code):
            return None
        self.code = ""
        address = scope.get("root_path", "").rstrip("/") + "/"
        response = RedirectResponse(address, 303)
        response.set_cookie(self.cookie, self.session, path=address, httponly=True, samesite="lax")
        return response


class Guard:
    """ASGI middleware that refuses before any route sees the request."""

    def __init__(self, app: ASGIApp, settings: Settings, door: Door) -> None:
        self._app = app
        self._door = door
        self._hosts = {settings.host.lower(), *map(str.lower, settings.allowed_hosts)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        try:
            welcome = self._check(scope)
        except Refusal as refusal:
            await _refuse(refusal, scope, receive, send)
            return
        if welcome is not None:
            await welcome(scope, receive, send)
            return
        await self._app(scope, _limited(receive), send)

    def _check(self, scope: Scope) -> RedirectResponse | None:
        headers = Headers(scope=scope)
        self._check_host(headers)
        if scope["type"] == "websocket" or scope["method"] not in READING:
            _check_origin(headers)
        if not self._door.is_open_to(scope, headers):
            welcome = self._door.let_in(scope)
            if welcome is None:
                detail = "This server needs a token: Authorization: Bearer."
                raise Refusal(401, "token_needed", detail)
            return welcome
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            raise _too_large()
        return None

    def _check_host(self, headers: Headers) -> None:
        given = headers.getlist("host")
        host = _host_name(given[0]) if len(given) == 1 else None
        if host is None or not (is_loopback(host) or host in self._hosts):
            raise Refusal(
                400, "wrong_host", "This server is asked under a name that is not its own."
            )


def _check_origin(headers: Headers) -> None:
    site = headers.get("sec-fetch-site", "same-origin")
    if site not in {"same-origin", "none"}:
        raise Refusal(403, "cross_site", "A page of another site may not do this.")
    origin = headers.get("origin")
    # The host was checked before, so an origin that equals it is this server's own page.
    if origin is not None and _net_location(origin) != headers["host"].lower():
        raise Refusal(403, "foreign_origin", "A page of another origin may not do this.")


def _net_location(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


def _host_name(host: str) -> str | None:
    """Return the name of a Host header without its port; ``None`` when it is malformed."""
    try:
        parts = urlsplit(f"//{host}")
        name, _ = parts.hostname, parts.port
    except ValueError:
        return None
    return name if name and parts.netloc == host and not parts.username else None


def _are_equal(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


def _asked(scope: Scope, name: str) -> str:
    query: bytes = scope["query_string"]
    return parse_qs(query.decode("latin-1")).get(name, [""])[0]


def _too_large() -> Refusal:
    return Refusal(413, "body_too_large", f"A body has at most {MAX_BODY_BYTES} bytes.")


async def _refuse(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": refusal.detail})
        return
    response = problem_response(scope, refusal.status_code, refusal.code, refusal.detail)
    if refusal.status_code == 401:  # noqa: PLR2004 - RFC 9110, 11.6.1 wants the header
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
            raise _too_large()
        return message

    return counted
