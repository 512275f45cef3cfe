"""A disk in trouble: full, read-only, gone, slow. Training goes on and nothing written is lost."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import runicorn as rn
from runicorn import recorder
from runicorn.errors import StorageError

MIB = 1 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one MiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=1k", "tmpfs", str(folder)]
    subprocess.run(mount, check=True)
    yield folder
    rn.finish()
    subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> Path:
    path = folder / "filler"
    file = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        while os.write(file, b"x" * 512):
            pass
    except OSError:
        return path
    finally:
        os.close(file)
    raise AssertionError("the disk took all")


def steps_in(run: rn.Run) -> list[int]:
    lines = (run.run_dir / "events.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    return [event["data"]["global_step"] for event in events if event["type"] == "metrics"]


@pytest.mark.promise(1)
@pytest.mark.promise(5)
def test_what_is_logged_on_a_full_disk_is_written_when_there_is_room_again(
    small_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = rn.init(storage=small_disk)
    for step in range(1, 101):
        rn.log({"a": 0.5}, step=step)
    filler = fill(small_disk)
    for step in range(101, 301):
        rn.log({"a": 0.5}, step=step)
    written = steps_in(run)
    assert 100 <= len(written) < 300  # whole lines only, and not all of them
    filler.unlink()
    for step in range(301, 401):
        rn.log({"a": 0.5}, step=step)
    run.finish()
    assert steps_in(run) == list(range(1, 401))
    assert caplog.text.count("waits in memory") == 1
    assert json.loads((run.run_dir / "status.json").read_text())["status"] == "finished"


@pytest.mark.promise(1)
@pytest.mark.promise(5)
def test_lines_that_find_no_room_to_the_end_are_counted_aloud(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(recorder, "DISK_S", 0.5)
    run = rn.init(storage=small_disk)
    filler = fill(small_disk)
    for step in range(1, 3001):
        rn.log({"a": 0.5}, step=step)
    run.finish()
    n_lost = int(re.search(r"(\d+) lines could not be written", caplog.text)[1])  # type: ignore[index]
    assert len(steps_in(run)) + n_lost - 1 == 3000  # the line of the end is lost as well
    filler.unlink()


@pytest.mark.promise(5)
def test_a_root_that_can_not_be_written_says_what_to_do(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    with pytest.raises(StorageError, match="RUNICORN_DIR"):
        rn.init(storage=in_the_way / "root")
    folder = tmp_path / "ro"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(folder)], check=True)
    try:
        with pytest.raises(StorageError, match="mode='disabled'"):
            rn.init(storage=folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.promise(5)
def test_a_file_size_limit_is_only_another_full_disk(root: Path) -> None:
    code = (
        "import resource, signal, sys, runicorn as rn\n"
        "from runicorn import recorder; recorder.DISK_S = 0.5\n"
        "run = rn.init(storage=sys.argv[1], run_id='x')\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, -1))\n"
        "for step in range(1000): rn.log({'a': step})\n"
        "rn.finish(); print('done')\n"
    )
    command = [sys.executable, "-c", code, str(root)]
    child = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert child.stdout.strip().endswith("done")
    assert "lines could not be written" in child.stderr
    status = root / "default" / "default" / "runs" / "x" / "status.json"
    assert "lines could not be written" in json.loads(status.read_text())["exit_reason"]


@pytest.mark.promise(5)
def test_finish_keeps_its_deadline_when_the_disk_hangs(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import threading
    import time

    monkeypatch.setattr(recorder, "DISK_S", 0.2)
    run = rn.init(storage=root)
    rn.log(a=1)
    for_ever = threading.Event()
    fsync = os.fsync

    def hang(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").readlink().name == "events.jsonl":
            for_ever.wait(60)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", hang)
    began = time.monotonic()
    try:
        run.finish()
        assert time.monotonic() - began < 10
    finally:
        for_ever.set()
    assert "the disk does not answer" in caplog.text
    assert steps_in(run) == [1]
