"""The page's typed client is generated from a snapshot of OpenAPI; it must be the server's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SNAPSHOT = Path(__file__).parents[2] / "server" / "ui" / "openapi.json"
REFRESH = "python -m runicorn_server.openapi > server/ui/openapi.json && npm run gen-api"


def test_the_snapshot_of_the_page_is_what_the_server_says() -> None:
    command = [sys.executable, "-m", "runicorn_server.openapi"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert SNAPSHOT.read_text(encoding="utf-8") == said, f"refresh it: {REFRESH}"
