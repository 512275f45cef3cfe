"""V2: series at a pixel width."""

from __future__ import annotations

from fastapi import APIRouter, Request

from runicorn.query.models import SeriesAnswer, SeriesRequest
from runicorn_server.deps import StoreDep, settle
from runicorn_server.problems import V2_POST_ERRORS

router = APIRouter()


@router.post("/series", responses=V2_POST_ERRORS)
def read_series(request: Request, wanted: SeriesRequest, store: StoreDep) -> SeriesAnswer:
    """Give many runs times many metrics, as raw points or as buckets on a power-of-two grid."""
    settle(request, wanted.runs)
    return store.series(wanted)
