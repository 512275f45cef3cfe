"""V2: the socket of live notices."""

from __future__ import annotations

import asyncio
import time

from fastapi import APIRouter, WebSocket
from pydantic import ValidationError

from runicorn_server.deps import NoticesDep
from runicorn_server.live import GAP_S, Subscription
from runicorn_server.sockets import until_closed

router = APIRouter()
PING_S = 15.0


@router.websocket("/live")
async def live(socket: WebSocket, notices: NoticesDep) -> None:
    """Tell which runs and series changed, as far as the listener subscribed."""
    await socket.accept()
    listener = notices.join()

    def receive(text: str) -> None:
        try:
            listener.subscribe(Subscription.model_validate_json(text).sub)
        except ValidationError as error:
            raise ValueError(f"not understood: {error.errors()[0]['msg']}") from error

    async def send() -> None:
        while True:
            try:
                await asyncio.wait_for(listener.has_news.wait(), PING_S)
            except TimeoutError:
                await socket.send_json({"t": "ping", "ms": int(time.time() * 1e3)})
                continue
            for notice in await notices.take(listener):
                await socket.send_json(notice)
            await asyncio.sleep(GAP_S)

    try:
        await until_closed(socket, send(), receive)
    finally:
        notices.leave(listener)
