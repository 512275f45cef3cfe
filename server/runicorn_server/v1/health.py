"""V1: is the server there?"""

from __future__ import annotations

from fastapi import APIRouter

import runicorn
from runicorn.texts import clean
from runicorn_server.deps import FilesDep
from runicorn_server.v1.shapes import CacheHealth, Health

router = APIRouter()


@router.get("/health")
def health(files: FilesDep) -> Health:
    """Tell that the server answers."""
    counts = files.counts
    asked = counts.hits + counts.misses
    cache = CacheHealth(
        enabled=True,
        hit_rate=f"{counts.hits / asked if asked else 0.0:.1%}",
        hits=counts.hits,
        misses=counts.misses,
        size=counts.size,
        max_size=counts.max_size,
    )
    return Health(
        status="ok", storage=clean(str(files.root)), version=runicorn.__version__, cache=cache
    )
