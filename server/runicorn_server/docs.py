"""A plain list of all operations at ``/api/docs``; it loads nothing from elsewhere."""

from __future__ import annotations

from html import escape

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

router = APIRouter(include_in_schema=False)


@router.get("/api/docs")
def docs(request: Request) -> HTMLResponse:
    """List method, path and purpose of every operation."""
    rows = []
    for path, operations in request.app.openapi()["paths"].items():
        for method, operation in operations.items():
            cells = (method.upper(), path, operation.get("summary", ""))
            texts = (
                f"<td><code>{escape(cells[0])}</code></td>",
                f"<td><code>{escape(path)}</code>",
            )
            rows.append(f"<tr>{texts[0]}{texts[1]}</td><td>{escape(cells[2])}</td></tr>")
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Runicorn API</title>'
        "<h1>Runicorn API</h1><p>Shapes: <a href='openapi.json'>openapi.json</a></p>"
        f"<table>{''.join(rows)}</table></html>"
    )
