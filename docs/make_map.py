"""Write docs/map.md: every module with the first line of its docstring."""

from __future__ import annotations

import ast
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGES = (
    "runicorn",
    "server/runicorn_server",
    "integrations/lightning/runicorn_lightning",
    "integrations/transformers/runicorn_transformers",
    "integrations/keras/runicorn_keras",
    "examples",
    "benchmarks",
)
HEAD = """# Map

Every module in one line, from its docstring; `python docs/make_map.py` writes this page.
"""


def first_line(path: Path) -> str:
    """Return the first line of a module's docstring."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    return (docstring or "").split("\n")[0]


def as_text() -> str:
    """Return the page."""
    parts = [HEAD]
    for package in PACKAGES:
        parts.append(f"\n## `{package}/`\n\n| module | what it holds |\n|---|---|\n")
        folder = HERE.parent / package
        for path in sorted(folder.rglob("*.py")):
            line = first_line(path).replace("|", "\\|")
            parts.append(f"| `{path.relative_to(folder)}` | {line} |\n")
    return "".join(parts)


if __name__ == "__main__":
    (HERE / "map.md").write_text(as_text(), encoding="utf-8")
