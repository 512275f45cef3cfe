"""V2: what the runs of a project have in common."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from runicorn.query.models import ProjectFields
from runicorn_server.deps import StoreDep, unless_modified

router = APIRouter()
Runs = Annotated[
    list[str] | None,
    Query(max_length=64, description="Ids of the only runs that count; without it all do."),
]


@router.get("/projects/{project}/fields", dependencies=[Depends(unless_modified)])
def project_fields(project: str, store: StoreDep, run: Runs = None) -> ProjectFields:
    """Give the metrics and config paths of a project and how many runs have each."""
    return store.fields(project, run)
