"""Serves the page: its built files, with the base address and the first answer filled in."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response

from runicorn.errors import RunicornError
from runicorn.store import Store
from runicorn_server.deps import StoreDep, settled
from runicorn_server.settings import Settings
from runicorn_server.v2.boot import boot_answer

BASE = '<base href="./">'
BOOT = '<script type="application/json" id="boot">null</script>'
NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Runicorn</title>
<h1>The page is not built</h1>
<p>The API works: <a href="api/docs">api/docs</a>. To build the page, run
<code>python dev.py setup</code> in the checkout, or <code>npm ci</code> and
<code>npm run build</code> in <code>server/ui</code>.</p></html>"""

# A built file is named so; nothing else is looked for on the disk.
ASSET_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+")
# The first parts of the page's own addresses; everything else is 404.
SECTIONS = ("p", "r")


class _BesideApi(Convertor[str]):
    """Any path but one of the API, whose unknown addresses stay as they are."""

    regex = r"(?!api(?:/|$)).*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("beside_api", _BesideApi())
router = APIRouter(include_in_schema=False)


@router.get("/assets/{name}")
def asset(name: str, request: Request) -> Response:
    """Serve a built file; its name holds a hash of its content."""
    path = _static(request) / "assets" / name
    if not ASSET_NAME.fullmatch(name) or not path.is_file():
        raise HTTPException(404, "No such file.")
    return FileResponse(path, headers={"Cache-Control": "public, max-age=31536000, immutable"})


@router.get("/icon.svg")
def icon(request: Request) -> Response:
    """Serve the icon."""
    path = _static(request) / "icon.svg"
    if not path.is_file():
        raise HTTPException(404, "The page is not built.")
    return FileResponse(path)


@router.get("/")
def home(request: Request, store: StoreDep) -> Response:
    """Serve the page at its first address."""
    return _page(request, store)


def page(request: Request, store: StoreDep) -> Response:
    """Serve the page at each of its other addresses, which it reads itself."""
    return _page(request, store)


for _section in SECTIONS:
    router.add_api_route(f"/{_section}", page, name=_section)
    router.add_api_route(f"/{_section}/{{rest:path}}", page, name=f"{_section}_rest")


def lost(request: Request, store: StoreDep) -> Response:
    """Serve the page where a person mistyped an address: it says so and knows the way back."""
    if "text/html" not in request.headers.get("accept", ""):
        raise HTTPException(404)
    return _page(request, store, 404)


router.add_api_route("/{rest:beside_api}", lost)


def _page(request: Request, store: Store, status: int = 200) -> Response:
    try:
        html = (_static(request) / "index.html").read_text(encoding="utf-8")
    except FileNotFoundError:
        return HTMLResponse(NOT_BUILT, status)
    base = request.scope.get("root_path", "").rstrip("/") + "/"
    html = html.replace(BASE, f'<base href="{_attribute(base)}">')
    html = html.replace(BOOT, BOOT.replace("null", _first_answer(request, store)))
    return HTMLResponse(html, status, headers={"Cache-Control": "no-cache"})


def _static(request: Request) -> Path:
    settings: Settings = request.app.state.settings
    return settings.static


def _first_answer(request: Request, store: Store) -> str:
    try:
        settled(request)
        answer: Any = boot_answer(store).model_dump()
    except (RunicornError, OSError):
        answer = None  # the page asks for it and shows what is wrong
    text = json.dumps(answer)  # ASCII, so U+2028 is escaped as well
    return text.replace("<", "\\u003c")


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
