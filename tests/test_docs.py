from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
PAGES = [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")]
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")


def test_the_map_lists_every_module_as_its_docstring_says(tmp_path: Path) -> None:
    docs = REPOSITORY / "docs"
    script = (
        f"import runpy; print(runpy.run_path({str(docs / 'make_map.py')!r})['as_text'](), end='')"
    )
    child = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert (docs / "map.md").read_text(encoding="utf-8") == child.stdout
    assert "|  |" not in child.stdout, "a module has no docstring"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target.strip()).exists(), target
