"""V2: answers from the index; what the page uses."""

from __future__ import annotations

from fastapi import APIRouter

from runicorn_server.problems import V2_ERRORS
from runicorn_server.v2 import boot, experiments, live, projects, series

router = APIRouter(tags=["v2"], responses=V2_ERRORS)
for part in (boot, experiments, projects, series):
    router.include_router(part.router)

sockets = live.router

__all__ = ["router", "sockets"]
