"""Built-in plugin: the formats of ``runicorn export`` and ``runicorn import``."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from runicorn.plugins.hookspecs import hookimpl

if TYPE_CHECKING:
    from runicorn.transfer import Exporter, Importer


@hookimpl
def runicorn_exporters() -> dict[str, Exporter]:
    """Give tables in CSV, JSON lines and Parquet, and archives."""
    archive = _class("exporters.as_archive", "ArchiveExporter")
    return {
        "csv": _class("exporters.as_csv", "CsvExporter")(),
        "jsonl": _class("exporters.as_jsonl", "JsonlExporter")(),
        "parquet": _class("exporters.as_parquet", "ParquetExporter")(),
        "zip": archive("zip"),
        "tar.gz": archive("tar.gz"),
    }


@hookimpl
def runicorn_importers() -> dict[str, Importer]:
    """Take archives, and tables in CSV."""
    return {
        "archive": _class("importers.from_archive", "ArchiveImporter")(),
        "csv": _class("importers.from_csv", "CsvImporter")(),
    }


def _class(module: str, name: str) -> Any:
    # Imported when they are asked for: recording loads this plugin and none of them.
    return getattr(importlib.import_module(f"runicorn.{module}"), name)
