"""Headers that every answer carries: security, a request id, timing, and a tag to ask again.

What nobody expected to go wrong is answered here too, so that this answer carries them as well.
"""

from __future__ import annotations

import hashlib
import secrets
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runicorn_server.problems import route_path, unexpected

# connect-src 'self' covers the page's own sockets: CSP 3 matches ws: with the same host and port.
SECURITY = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'self'; "
        "form-action 'self'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class CommonHeaders:
    """ASGI middleware for security headers, ``X-Request-ID`` and ``Server-Timing``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        named = scope.setdefault("state", {})["request_id"] = secrets.token_hex(8)
        began = time.perf_counter()
        has_started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal has_started
            if message["type"] == "http.response.start":
                has_started = True
                headers = MutableHeaders(scope=message)
                headers.update(SECURITY)
                headers["X-Request-ID"] = named
                spent_ms = (time.perf_counter() - began) * 1e3
                headers["Server-Timing"] = f"app;dur={spent_ms:.1f}"
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:
            if has_started:
                raise
            await unexpected(scope, error)(scope, receive, send_with_headers)


class BodyTags:
    """ASGI middleware: an ``ETag`` from the body for reads that have none; 304 for who has it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_read = scope["type"] == "http" and scope["method"] == "GET"
        if not is_read or not route_path(scope).startswith("/api/"):
            await self._app(scope, receive, send)
            return
        start: Message = {}
        body = bytearray()

        async def collect(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            body.extend(message.get("body", b""))
            if not message.get("more_body", False):
                await _send_tagged(Headers(scope=scope), start, bytes(body), send)

        await self._app(scope, receive, collect)


async def _send_tagged(asked: Headers, start: Message, body: bytes, send: Send) -> None:
    headers = MutableHeaders(scope=start)
    if start["status"] == 200 and "etag" not in headers:  # noqa: PLR2004
        tag = weak_tag(body)
        headers["ETag"] = tag
        headers["Cache-Control"] = "no-cache"
        if has_tag(asked.get("if-none-match", ""), tag):
            start["status"] = 304
            for name in ("content-length", "content-type"):
                del headers[name]
            body = b""
    await send(start)
    await send({"type": "http.response.body", "body": body})


def weak_tag(content: bytes) -> str:
    """Make a tag; weak, since an answer may be sent compressed or not (RFC 9110, 8.8.1)."""
    return f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'


def has_tag(if_none_match: str, tag: str) -> bool:
    """Tell whether an ``If-None-Match`` names a tag (RFC 9110, 13.1.2: weak comparison)."""
    wanted = tag.removeprefix("W/")
    named = [part.strip().removeprefix("W/") for part in if_none_match.split(",")]
    return wanted in named or "*" in named
