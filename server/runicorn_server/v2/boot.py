"""V2: the first answer a page needs."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel

import runicorn
from runicorn.query.models import ProjectSummary
from runicorn.store import Store
from runicorn.texts import clean
from runicorn_server.deps import StoreDep, unless_modified

router = APIRouter()


class Boot(BaseModel):
    """What there is, in one glance."""

    version: str
    api: Literal["v2"]
    root: str
    projects: list[ProjectSummary]


def boot_answer(store: Store) -> Boot:
    """Gather the first answer."""
    return Boot(
        version=runicorn.__version__,
        api="v2",
        root=clean(str(store.root)),
        projects=store.projects(),
    )


@router.get("/boot", dependencies=[Depends(unless_modified)])
def boot(store: StoreDep) -> Boot:
    """Give version, root and projects; the page carries the same in its first load."""
    return boot_answer(store)
