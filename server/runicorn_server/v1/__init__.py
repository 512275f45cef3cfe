"""V1: the shapes of the public 0.4, answered from the files alone."""

from __future__ import annotations

from fastapi import APIRouter

from runicorn_server.problems import V1_ERRORS
from runicorn_server.v1 import health, logs, metrics, projects, runs

router = APIRouter(tags=["v1"], responses=V1_ERRORS)
for part in (health, runs, metrics, projects, logs):
    router.include_router(part.router)
