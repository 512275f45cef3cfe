from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

import runicorn as rn
from runicorn.layout import RunDir
from runicorn.media.writing import _write_new, write_media
from runicorn.pieces import Media, Piece


class Parts(Media):
    """Content with attachments."""

    def __init__(self, content: bytes | Path | None, **attachments: bytes | Path) -> None:
        self.content, self.attachments = content, attachments

    def pieces(self, key: str) -> list[Piece]:
        return [Piece("parts", {"of": key}, "bin", self.content, self.attachments)]


@pytest.fixture
def folder(tmp_path: Path) -> RunDir:
    path = tmp_path / "run"
    path.mkdir()
    return RunDir(path, "p", "n")


def names(folder: RunDir) -> list[str]:
    return sorted(path.name for path in folder.media.iterdir())


def no_number(_key: str, _value: object) -> None:
    return None


def test_a_name_that_is_taken_stays_with_whoever_has_it(folder: RunDir) -> None:
    folder.media.mkdir()
    assert _write_new(folder.media / "name", b"first")
    assert not _write_new(folder.media / "name", b"second")
    assert (folder.media / "name").read_bytes() == b"first"
    assert names(folder) == ["name"]


def test_many_writers_of_one_name_never_overwrite_each_other(folder: RunDir) -> None:
    path = folder.media / "name"
    folder.media.mkdir()
    won: list[int] = []

    def write(number: int) -> None:
        if _write_new(path, b"%d" % number * 100_000):
            won.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    (winner,) = won
    assert path.read_bytes() == b"%d" % winner * 100_000
    assert names(folder) == ["name"]


def test_of_a_piece_that_the_disk_refuses_nothing_stays(folder: RunDir, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    media = {"bad": Parts(gone, one=b"1", two=b"2"), "good": Parts(b"x"), "none": Parts(None)}
    written = write_media(folder, media, no_number)
    assert [(kind, data["key"]) for kind, data in written.events] == [
        ("parts", "good"), ("parts", "none"),
    ]  # fmt: skip
    assert isinstance(written.error, FileNotFoundError)
    assert len(names(folder)) == 1
    written.discard()
    assert names(folder) == []


def test_a_folder_that_is_gone_is_an_error_that_is_kept(tmp_path: Path) -> None:
    written = write_media(RunDir(tmp_path / "gone", "p", "n"), {"k": Parts(b"x")}, no_number)
    assert isinstance(written.error, FileNotFoundError)
    assert written.events == []


# The system itself refuses files above the limit, as it would a full disk.
FULL = """
import resource, signal, sys, json
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
import numpy as np
import runicorn as rn
run = rn.init(storage=sys.argv[1], capture_env=False, capture_console=False, system_metrics=False)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
noise = np.random.default_rng(0).integers(0, 256, (512, 512, 3), np.uint8)
for step in range(3):
    run.log({"loss": 0.5, "large": rn.Image(noise), "small": rn.Image(noise[:8, :8])})
run.finish()
lines = [json.loads(line) for line in (run.run_dir / "events.jsonl").open("rb")]
print([line["type"] for line in lines])
print(sorted(path.suffix for path in (run.run_dir / "media").iterdir()))
"""


@pytest.mark.promise(5)
def test_a_full_disk_costs_the_picture_and_nothing_else(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL, str(tmp_path / "root")]
    child = subprocess.run(command, capture_output=True, text=True, check=True)
    kinds, suffixes = child.stdout.splitlines()
    assert kinds == str(["image", "metrics"] * 3 + ["finish"])
    assert suffixes == str([".png"] * 3)
    assert child.stderr.count("media can't be written and are left out") == 1


def test_files_are_copied_whole(folder: RunDir, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"0123456789abcdef" * 200_000)
    written = write_media(folder, {"k": rn.File(source)}, no_number)
    ((_, data),) = written.events
    assert data["size_bytes"] == 3_200_000
    assert (folder.path / data["path"]).read_bytes() == source.read_bytes()
