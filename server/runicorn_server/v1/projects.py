"""V1: the hierarchy of projects, names and runs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from runicorn_server.deps import FilesDep
from runicorn_server.v1.shapes import RunListItem, list_item

router = APIRouter()


class Projects(BaseModel):
    """All projects."""

    projects: list[str]


class Names(BaseModel):
    """The experiment names of a project."""

    names: list[str]


@router.get("/projects")
def list_projects(files: FilesDep) -> Projects:
    """List all projects by name."""
    return Projects(projects=sorted({run.project for run in files.runs()} - {""}))


@router.get("/projects/{project}/names")
def list_names(project: str, files: FilesDep) -> Names:
    """List the experiment names of a project."""
    names = {run.name for run in files.runs() if run.project == project}
    return Names(names=sorted(names - {""}))


@router.get("/projects/{project}/names/{name:path}/runs")
def list_runs_of_name(
    project: str, name: Annotated[str, Path(description="Slashes may be encoded.")], files: FilesDep
) -> list[RunListItem]:
    """List the runs of one experiment, newest first."""
    runs = (run for run in files.runs() if (run.project, run.name) == (project, name))
    return [list_item(run) for run in runs]
