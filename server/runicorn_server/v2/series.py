"""V2: series at a pixel width."""

from __future__ import annotations

from fastapi import APIRouter

from runicorn.query.models import SeriesAnswer, SeriesRequest
from runicorn_server.deps import StoreDep

router = APIRouter()


@router.post("/series")
def read_series(request: SeriesRequest, store: StoreDep) -> SeriesAnswer:
    """Give many runs times many metrics, as raw points or as buckets on a power-of-two grid."""
    return store.series(request)
