"""V1: runs."""

from __future__ import annotations

from fastapi import APIRouter

from runicorn.texts import clean
from runicorn_server.deps import FilesDep
from runicorn_server.v1.shapes import RunDetail, RunId, RunListItem, list_item, old_status

router = APIRouter()


@router.get("/runs")
def list_runs(files: FilesDep) -> list[RunListItem]:
    """List all runs that are not in the recycle bin, newest first."""
    return [list_item(run) for run in files.runs()]


@router.get("/runs/{run_id}")
def run_detail(run_id: RunId, files: FilesDep) -> RunDetail:
    """Describe one run."""
    run = files.run(run_id)
    journal = clean(str(run.folder.journal))
    return RunDetail(
        id=run.id,
        status=old_status(run),
        pid=run.pid,
        run_dir=clean(str(run.folder.path)),
        project=run.project or None,
        name=run.name or None,
        logs=clean(str(run.folder.logs)),
        metrics=journal,
        metrics_step=journal,
        artifacts_created_count=run.n_created,
        artifacts_used_count=run.n_used,
        exit_reason=run.state.reason,
    )
