"""Builds the application: routes, guard, error shapes, and what runs in the background."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

import runicorn
from runicorn.store import Store
from runicorn_server import docs, pages, problems
from runicorn_server.deps import settled
from runicorn_server.guard import Door, Guard
from runicorn_server.headers import BodyTags, CommonHeaders
from runicorn_server.live import Notices
from runicorn_server.refresh import Refresher
from runicorn_server.settings import Settings
from runicorn_server.tail import LogTails
from runicorn_server.v1 import router as v1
from runicorn_server.v2 import router as v2
from runicorn_server.v2 import sockets as v2_sockets

MIN_COMPRESSED_BYTES = 1024


def create_app(settings: Settings) -> FastAPI:
    """Build the application for one root; its background work starts and ends with its lifespan."""
    store, door = Store(settings.root, must_list_all=True), Door(settings)
    app = FastAPI(
        title="Runicorn",
        version=runicorn.__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=_lifespan,
        generate_unique_id_function=_operation_id,
        middleware=[
            Middleware(Prefix, prefix=settings.root_path),
            Middleware(CommonHeaders),
            Middleware(Guard, settings=settings, door=door),
            Middleware(GZipMiddleware, minimum_size=MIN_COMPRESSED_BYTES),
            Middleware(BodyTags),
        ],
    )
    app.state.settings = settings
    app.state.store = store
    app.state.door = door
    app.state.tails = LogTails()
    app.state.notices = Notices(store)
    problems.install(app)
    app.include_router(v1, prefix="/api")
    app.include_router(v2, prefix="/api/v2", dependencies=[Depends(settled)])
    app.include_router(v2_sockets, prefix="/api/v2")
    app.include_router(docs.router)
    app.include_router(pages.router)  # last: it answers every other path
    return app


class Prefix:
    """ASGI middleware that tells the routes under which prefix a proxy serves them."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; a server that was told its own prefix knows better."""
        if self._prefix and not scope.get("root_path"):
            scope = {**scope, "root_path": self._prefix}
        await self._app(scope, receive, send)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    store: Store = app.state.store
    store.root.mkdir(parents=True, exist_ok=True)  # so that it can be watched from the start
    refresher = Refresher(store, app.state.notices.publish, app.state.tails)
    app.state.refresher = refresher
    refresher.start()
    try:
        yield
    finally:
        await refresher.stop()
        store.close()


def _operation_id(route: APIRoute) -> str:
    return route.name
