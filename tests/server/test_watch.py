"""Watching a root: what is told, and where it must be polled."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from runicorn_server import inotify, mounts, watch
from websockets.sync.client import connect

MOUNTS = """
22 1 0:20 / / rw,relatime shared:1 - ext4 /dev/vda rw
36 22 0:32 / /home rw - nfs4 server:/home rw
40 36 0:40 / /home/me/my\\040disk rw master:1 - ext4 /dev/sdb rw
41 22 0:41 / /lab rw - ext4 /dev/sdc rw
42 22 0:42 / /lab rw - fuse.sshfs host: rw
damaged line
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/data", "ext4"),
        ("/home/you/runs", "nfs4"),
        ("/homes", "ext4"),
        ("/home/me/my disk/runs", "ext4"),
        ("/lab/runs", "fuse.sshfs"),
    ],
)
def test_the_innermost_mount_that_was_made_last_tells_the_kind(path: str, kind: str) -> None:
    assert mounts.kind_of_mount(Path(path), MOUNTS) == kind
    assert kind.startswith(mounts.SHARED) == (kind != "ext4")
    assert mounts.kind_of_mount(Path(path), "") == ""


def test_a_root_on_a_shared_file_system_is_polled(
    serve: Callable[..., Any],
    write_run: Callable[..., Path],
    eventually: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = tmp_path / "mountinfo"
    told.write_text("36 22 0:32 / / rw - nfs4 server:/ rw\n", encoding="utf-8")
    monkeypatch.setattr(mounts, "MOUNTS", told)
    monkeypatch.setattr(watch, "POLL_S", 0.1)
    client = serve().client

    def total() -> Any:
        return client.get("/api/v2/experiments").json()["total"]

    assert total() == 0
    write_run("run")
    assert eventually(lambda: total() == 1)


def test_a_root_that_is_a_link_is_followed(
    serve: Callable[..., Any],
    root: Path,
    write_run: Callable[..., Path],
    eventually: Callable[..., Any],
    tmp_path: Path,
) -> None:
    (tmp_path / "real").mkdir()
    root.symlink_to(tmp_path / "real")
    client = serve().client
    assert client.get("/api/v2/experiments").json()["total"] == 0
    write_run("run")
    assert eventually(lambda: client.get("/api/v2/experiments").json()["total"] == 1)
    assert client.get("/api/runs").json()[0]["run_dir"].startswith(str(root))


def in_general(monkeypatch: pytest.MonkeyPatch, _tmp_path: Path) -> None:
    """Watch as on systems that are no Linux."""
    monkeypatch.setattr(inotify, "IS_HERE", False)


def by_polling(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Poll as on a file system that others write as well."""
    told = tmp_path / "mountinfo"
    told.write_text("36 22 0:32 / / rw - nfs4 server:/ rw\n", encoding="utf-8")
    monkeypatch.setattr(mounts, "MOUNTS", told)


def natively(_monkeypatch: pytest.MonkeyPatch, _tmp_path: Path) -> None:
    """Watch as on Linux."""


WAYS = pytest.mark.parametrize("way", [natively, in_general, by_polling], ids=lambda f: f.__name__)


@WAYS
def test_runs_that_come_change_move_and_go_are_noticed(
    serve: Callable[..., Any],
    root: Path,
    write_run: Callable[..., Path],
    eventually: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    way: Callable[..., None],
) -> None:
    way(monkeypatch, tmp_path)
    monkeypatch.setattr(watch, "POLL_S", 0.1)
    client = serve().client

    def listed() -> list[tuple[str, str, Any]]:
        question = {"columns": "a", "order_by": "name", "order_desc": False}
        runs = client.get("/api/v2/experiments", params=question).json()["experiments"]
        return [(run["id"], run["project"], run["summary"]["a"]) for run in runs]

    assert listed() == []
    run = write_run("run", "one", lines=[{"a": 1.0, "global_step": 1}])
    assert eventually(lambda: listed() == [("run", "one", 1.0)])
    with (run / "events.jsonl").open("ab") as journal:
        journal.write(b'{"ts":1,"type":"metrics","data":{"a":2.0,"global_step":2}}\n')
    assert eventually(lambda: listed() == [("run", "one", 2.0)])
    (root / "one").rename(root / "two")
    assert eventually(lambda: listed() == [("run", "two", 2.0)])
    shutil.rmtree(root / "two")
    assert eventually(lambda: listed() == [])
    shutil.rmtree(root)
    write_run("other", "one", lines=[{"a": 3.0, "global_step": 1}])
    assert eventually(lambda: listed() == [("other", "one", 3.0)])


@pytest.mark.promise(4)
@pytest.mark.promise(12)
@WAYS
def test_a_folder_named_in_no_utf_8_slows_no_log_and_hides_no_other_run(
    serve: Callable[..., Any],
    write_run: Callable[..., Path],
    eventually: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    way: Callable[..., None],
) -> None:
    way(monkeypatch, tmp_path)
    good = write_run("good", "p", "n")
    server = serve()
    client = server.client
    assert client.get("/api/v2/experiments").json()["total"] == 1
    bad = good.parent / os.fsdecode(b"\xff")
    bad.mkdir()
    (bad / "meta.json").write_text("{}", encoding="utf-8")
    assert eventually(lambda: client.get("/api/v2/experiments").json()["total"] == 2)
    address = server.socket_address("/api/runs/good/logs/ws")
    spent = []
    with connect(address, proxy=None) as socket, (good / "logs.txt").open("ab", 0) as log:
        for number in range(8):
            (bad / "meta.json").write_text(f'{{"number": {number}}}', encoding="utf-8")
            began = time.monotonic()
            log.write(f"line {number}\n".encode())
            assert socket.recv(timeout=10) == f"line {number}"
            spent.append(time.monotonic() - began)
    assert sorted(spent)[len(spent) // 2] < 0.2
    write_run("another", "p", "n")
    assert eventually(lambda: client.get("/api/v2/experiments").json()["total"] == 3)
