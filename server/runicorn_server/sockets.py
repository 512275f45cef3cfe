"""Sockets: run one until either side closes it, and free everything then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

# Close codes 4000 to 4999 are an application's own (RFC 6455, 7.4.2).
RUN_NOT_FOUND = 4404
BAD_MESSAGE = 4400


async def until_closed(
    socket: WebSocket,
    sending: Coroutine[Any, Any, None],
    receive: Callable[[str], None] = lambda _: None,
) -> None:
    """Send until the other side closes the socket or the server ends.

    Args:
        socket: Accepted.
        sending: Sends for as long as there is something to send.
        receive: Called with each text message; a ``ValueError`` closes the socket.
    """
    tasks = {
        asyncio.create_task(sending),
        asyncio.create_task(_listen(socket, receive)),
    }
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            _raise_unless_gone(task)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _listen(socket: WebSocket, receive: Callable[[str], None]) -> None:
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        try:
            receive(message.get("text") or "")
        except ValueError as error:
            await socket.close(BAD_MESSAGE, str(error)[:100])
            return


def _raise_unless_gone(task: asyncio.Task[None]) -> None:
    error = task.exception()
    # A socket that is gone while we send to it is how most of them end.
    if error is not None and not isinstance(error, WebSocketDisconnect | RuntimeError | OSError):
        raise error
