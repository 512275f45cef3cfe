from __future__ import annotations

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
MARK = re.compile(r"mark\.promise\((\d+)\)")


@pytest.fixture(scope="module")
def marked() -> set[int]:
    tests = HERE.rglob("test_*.py")
    return {int(n) for test in tests for n in MARK.findall(test.read_text(encoding="utf-8"))}


def _module() -> dict[str, object]:
    space: dict[str, object] = {}
    exec((HERE / "promises.py").read_text(encoding="utf-8"), space)
    return space


def test_every_promise_has_a_test_or_is_named_as_still_to_come(marked: set[int]) -> None:
    space = _module()
    promises, to_come = space["PROMISES"], space["STILL_TO_COME"]
    assert isinstance(promises, dict)
    assert isinstance(to_come, frozenset)
    assert marked == set(promises) - to_come
