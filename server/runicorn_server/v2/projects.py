"""V2: what the runs of a project have in common."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from runicorn.query.models import ProjectFields
from runicorn_server.deps import StoreDep, unless_modified

router = APIRouter()


@router.get("/projects/{project}/fields", dependencies=[Depends(unless_modified)])
def project_fields(project: str, store: StoreDep) -> ProjectFields:
    """Give the metrics and config paths of a project and how many runs have each."""
    return store.fields(project)
