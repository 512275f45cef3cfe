from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

import runicorn as rn
from runicorn.errors import RunNotFoundError, StorageError, UsageError
from runicorn.journal import JournalWriter
from runicorn.query.media import StoredMedia, list_media
from runicorn.store import Store
from tests.core.conftest import NewRun, RunOnDisk

IMAGE = {"key": "a", "path": "media/1_abc_a.png", "step": 3, "caption": "c", "width": 4}


def put(run: RunOnDisk, name: str = "1_abc_a.png", content: bytes = b"x") -> Path:
    path = run.path / "media" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path.resolve()


def listed(run: RunOnDisk, **options: Any) -> list[StoredMedia]:
    return list_media(run.folder, **options)


def test_media_of_0_4_are_listed(new_run: NewRun) -> None:
    run = new_run()
    path = put(run)
    offset = run.event("image", IMAGE)
    (item,) = listed(run)
    assert (item.kind, item.key, item.step, item.caption) == ("image", "a", 3, "c")
    assert (item.path, item.offset, item.rank, item.data) == (path, offset, 0, {"width": 4})
    assert (item.size_bytes, item.index, item.stage) == (None, None, None)
    assert item.is_whole()
    with item.open() as file:
        assert file.read() == b"x"


def test_what_is_logged_is_what_is_listed(root: Path) -> None:
    with rn.init(storage=root) as run:
        run.log({"loss": 1.0, "page": rn.Html("<p>", caption="c")}, stage="val")
        run.log_histogram("h", [1.0, math.nan], bins=1)
        run.log({"gallery": [rn.Html("1"), rn.Html("22")]})
    with Store(root) as store:
        page, histogram, first, second = store.files.media(run.id)
        assert (page.caption, page.stage, page.step, page.size_bytes) == ("c", "val", 1, 3)
        assert histogram.path is None
        assert histogram.is_whole()
        assert histogram.data["nonfinite"] == {"NaN": 1}
        assert [(item.index, item.size_bytes) for item in (first, second)] == [(0, 1), (1, 2)]
        with pytest.raises(StorageError, match="no file"):
            histogram.open()
        with pytest.raises(StorageError, match="no file"):
            histogram.table()
        with pytest.raises(RunNotFoundError):
            store.files.media("other")
    stored = rn.run_by_id(run.id, root=root)
    assert [item.kind for item in stored.media()] == ["html", "histogram", "html", "html"]
    assert [item.key for item in stored.media("histogram")] == ["h"]
    with pytest.raises(UsageError):
        stored.media(attempts="some")  # type: ignore[arg-type]


@pytest.mark.promise(11)
@pytest.mark.parametrize(
    "path",
    [
        "../secret", "media/../../secret", "media/../meta.json", "/etc/passwd", "media", "media/",
        "media/.", "media//etc/passwd", "C:\\secret", "media/\0", 3, None, ["media/a"], "",
        "media/link", "media/folder/link/meta.json", "media/" + "x" * 5000, "media/\ud800",
    ],
    ids=repr,
)  # fmt: skip
def test_a_path_that_leads_elsewhere_is_never_followed(
    new_run: NewRun, tmp_path: Path, path: Any
) -> None:
    run = new_run()
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    put(run)
    (run.path / "media" / "link").symlink_to(tmp_path / "secret")
    (run.path / "media" / "folder").mkdir()
    (run.path / "media" / "folder" / "link").symlink_to("../..")
    line = {"ts": 1, "type": "image", "data": {**IMAGE, "path": path}}
    run.raw(json.dumps(line).encode() + b"\n")
    (item,) = listed(run)
    if item.path is None:
        assert item.data.get("path") == path
        with pytest.raises(StorageError):
            item.open()
    else:
        assert item.path.is_relative_to((run.path / "media").resolve())
    assert not item.is_whole() or path is None


def test_a_media_folder_that_is_a_link_is_not_followed(new_run: NewRun, tmp_path: Path) -> None:
    run = new_run()
    (tmp_path / "1_abc_a.png").write_bytes(b"secret")
    (run.path / "media").symlink_to(tmp_path)
    run.event("image", IMAGE)
    (item,) = listed(run)
    assert item.path is None


def test_a_logged_table_is_read_back(root: Path) -> None:
    with rn.init(storage=root) as run:
        run.log_table("t", {"a": [1, math.inf]})
        run.log_html("h", "<p>")
    table, page = rn.run_by_id(run.id, root=root).media()
    assert table.table().rows == [[1], [math.inf]]
    with pytest.raises(ValueError, match=r"JSON|unexpected|Expecting"):
        page.table()


def test_events_that_make_no_sense_harm_no_other(new_run: NewRun) -> None:
    run = new_run()
    run.raw(b"garbage\n")
    for data in (
        {},
        {"key": 3},
        {"key": "a", "step": "x", "index": True, "caption": 3, "stage": {}},
    ):
        run.event("image", data)
    run.event("text", {"key": "t", "text": "x", "path": "media/x"})
    run.event("molecule", {"key": "m", "path": "media/m.pdb", "step": 1})
    run.raw(b'{"ts":1,"type":"image","data":{"key":"torn"')
    first, second = listed(run)
    assert (first.key, first.step, first.index, first.caption, first.stage) == ("a", *[None] * 4)
    assert second.kind == "molecule"


def test_a_file_that_is_gone_or_cut_is_not_whole(new_run: NewRun) -> None:
    run = new_run()
    path = put(run)
    run.event("image", {**IMAGE, "size_bytes": 1})
    (item,) = listed(run)
    assert item.is_whole()
    path.write_bytes(b"")
    assert not item.is_whole()
    path.unlink()
    assert not item.is_whole()
    with pytest.raises(FileNotFoundError):
        item.open()


def test_what_a_later_attempt_superseded_is_left_out(new_run: NewRun) -> None:
    run = new_run()
    for step in (1, 2, 3):
        run.event("image", {"key": str(step), "step": step})
    run.event("attempt", {"attempt": 2, "resumed_at_step": 2})
    run.event("image", {"key": "new", "step": 2})
    assert [item.key for item in listed(run)] == ["1", "new"]
    assert [item.key for item in listed(run, all_attempts=True)] == ["1", "2", "3", "new"]


def test_all_ranks_of_a_run_are_listed(new_run: NewRun) -> None:
    run = new_run()
    run.event("image", {"key": "zero", "step": 1})
    for name in ("events-2.jsonl", "events-0.jsonl", "events-007.jsonl", "events-x.jsonl"):
        journal = JournalWriter(run.path / name)
        journal.append(b'{"ts":1,"type":"image","data":{"key":"%s"}}\n' % name.encode())
        journal.close()
    assert [(item.rank, item.key) for item in listed(run)] == [(0, "zero"), (2, "events-2.jsonl")]


def test_a_run_without_a_journal_has_no_media(new_run: NewRun) -> None:
    run = new_run()
    run.folder.journal.unlink()
    assert listed(run) == []
