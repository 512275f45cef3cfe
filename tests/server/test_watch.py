"""Watching a root: what is told, and where it must be polled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from runicorn_server import watch

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
    assert watch.kind_of_mount(Path(path), MOUNTS) == kind
    assert kind.startswith(watch.SHARED) == (kind != "ext4")
    assert watch.kind_of_mount(Path(path), "") == ""


def test_a_root_on_a_shared_file_system_is_polled(
    serve: Callable[..., Any],
    write_run: Callable[..., Path],
    eventually: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text("36 22 0:32 / / rw - nfs4 server:/ rw\n", encoding="utf-8")
    monkeypatch.setattr(watch, "MOUNTS", mounts)
    monkeypatch.setattr(watch, "POLL_MS", 100)
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
