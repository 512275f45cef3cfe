"""Prints the OpenAPI document: ``python -m runicorn_server.openapi``."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from runicorn_server.app import create_app
from runicorn_server.settings import Settings


def main() -> None:
    """Write the document to standard output, in a form that compares line by line."""
    with tempfile.TemporaryDirectory() as folder:
        document = create_app(Settings(root=Path(folder))).openapi()
    json.dump(document, sys.stdout, indent=1, ensure_ascii=False, sort_keys=True)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
