from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runicorn.errors import InvalidNameError, InvalidValueError, RunicornError
from runicorn.ids import check_key, check_name, check_project, check_run_id, new_run_id
from runicorn.layout import run_dir

BAD_PARTS = [
    "", ".", "..", " a", "a ", "a.", ".a", "a:b", "a*b", "a?b", 'a"b', "a<b", "a>b", "a|b", "a\\b",
    "a\0b", "a\nb", "a\u202eb", "CON", "con.txt", "aux", "LPT1", "com¹.log", "x" * 129, "字" * 86,
    "\ud800", "🦄",
]  # fmt: skip
GOOD_PARTS = ["vision", "ResNet-50 v1.5_b", "实验", "données", "a b", "0", "x" * 128, "हिन्दी"]


@pytest.mark.parametrize("part", BAD_PARTS)
def test_a_part_that_no_folder_can_have_is_refused_with_the_rule(part: str) -> None:
    for check in (check_project, check_name):
        with pytest.raises(InvalidNameError, match="Allowed: ") as caught:
            check(part)
        assert caught.value.name == part
        assert isinstance(caught.value, ValueError)
        assert isinstance(caught.value, RunicornError)


@pytest.mark.parametrize("part", GOOD_PARTS)
def test_letters_of_any_script_are_allowed(part: str) -> None:
    assert check_project(part) == unicodedata.normalize("NFC", part)
    assert check_name(f"a/{part}") == f"a/{unicodedata.normalize('NFC', part)}"


@pytest.mark.parametrize(
    "name", ["../up", "a/../b", "/etc", "a//b", "a/", "a/runs", "RUNS/a", "C:/a", "a\\..\\b"]
)
def test_a_name_that_would_leave_its_folder_is_refused(name: str) -> None:
    with pytest.raises(InvalidNameError):
        check_name(name)


@pytest.mark.parametrize("project", ["runs", "Artifacts", ".hidden", "a/b", 7, None])
def test_a_reserved_project_is_refused(project: object) -> None:
    with pytest.raises(InvalidNameError):
        check_project(project)


def test_the_same_word_in_two_unicode_forms_is_one_name() -> None:
    assert check_name("donne\u0301es") == check_name("donn\u00e9es")


@pytest.mark.parametrize("run_id", ["", "../x", "a/b", ".a", "a b", "x" * 129, "é", "a.", "nul", 3])
def test_a_run_id_that_is_no_folder_is_refused(run_id: object) -> None:
    with pytest.raises(InvalidNameError):
        check_run_id(run_id)


def test_drawn_run_ids_are_valid_and_differ() -> None:
    drawn = {new_run_id() for _ in range(50)}
    assert len(drawn) == 50
    assert {check_run_id(run_id) for run_id in drawn} == drawn


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", "a\tb", "time", "global_step", "x" * 257])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        check_key(key)
    assert caught.value.key == key


@pytest.mark.parametrize("key", ["loss", "train/loss", "a.b", "准确率", "🦄", "a b", "x" * 256])
def test_a_key_may_hold_any_printable_text(key: str) -> None:
    assert check_key(key) == key


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_no_text_leads_out_of_the_root(project: str, name: str, run_id: str) -> None:
    from pathlib import Path

    root = Path("/root-of-runs")
    try:
        folder = run_dir(root, project, name, run_id)
    except InvalidNameError:
        return
    assert folder.path.is_relative_to(root)
    assert ".." not in folder.path.parts
    assert folder.path.parts[-2] == "runs"
