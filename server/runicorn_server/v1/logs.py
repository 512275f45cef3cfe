"""V1: the live log of one run, one text message a line."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, WebSocket

from runicorn.errors import RunNotFoundError
from runicorn_server.deps import FilesDep, TailsDep
from runicorn_server.sockets import RUN_NOT_FOUND, until_closed

router = APIRouter()


@router.websocket("/runs/{run_id}/logs/ws")
async def run_logs(socket: WebSocket, run_id: str, files: FilesDep, tails: TailsDep) -> None:
    """Send the lines there are, then new ones; nothing is skipped."""
    await socket.accept()
    try:
        folder = await asyncio.to_thread(files.folder, run_id)
    except RunNotFoundError as error:
        await socket.close(RUN_NOT_FOUND, str(error)[:120])
        return

    async def send() -> None:
        async for lines in tails.follow(folder.logs):
            for line in lines:
                await socket.send_text(line)

    await until_closed(socket, send())
