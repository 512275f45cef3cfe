from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import runicorn

HEAVY = {
    "fsspec", "lark", "numpy", "pandas", "psutil", "pydantic", "rich", "sqlalchemy", "sqlmodel",
    "torch", "typer",
}  # fmt: skip


def _modules_after(script: str) -> set[str]:
    script += "\nimport json, sys; print(json.dumps(list(sys.modules)))"
    child = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return {name.split(".")[0] for name in json.loads(child.stdout.splitlines()[-1])}


def test_importing_runicorn_loads_nothing_heavy() -> None:
    assert not _modules_after("import runicorn") & HEAVY


def test_recording_loads_no_sql(tmp_path: Path) -> None:
    script = (
        f"import runicorn as rn\nwith rn.init(storage={str(tmp_path / 'r')!r}):\n"
        "    rn.log(a=1)\n    rn.log_text('b')\n    rn.summary({'c': 1})"
    )
    assert not _modules_after(script) & (HEAVY - {"psutil"})


def test_the_public_names_are_sorted_and_true() -> None:
    names = [name for name in runicorn.__all__ if name != "__version__"]
    assert names == sorted(names)
    assert all(getattr(runicorn, name) is not None for name in names)
    assert dir(runicorn) == runicorn.__all__


def test_the_tree_of_errors_in_the_docstring_is_the_tree_of_classes() -> None:
    from runicorn import errors

    source = Path(errors.__file__).read_text(encoding="utf-8")
    classes = {node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)}
    assert all(name in (errors.__doc__ or "") for name in classes)
    assert all(issubclass(getattr(errors, name), errors.RunicornError) for name in classes)
