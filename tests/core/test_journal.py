from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runicorn import journal
from runicorn.errors import JournalDamagedError
from runicorn.journal import JournalWriter, iter_lines, read_batch


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def test_lines_are_there_as_soon_as_append_returns(path: Path) -> None:
    writer = JournalWriter(path)
    writer.append(b"one\n")
    assert path.read_bytes() == b"one\n"
    writer.append(b"two\n")
    assert list(iter_lines(path)) == [(0, b"one"), (4, b"two")]
    writer.close()
    writer.close()


def test_a_torn_tail_is_not_read_and_read_once_it_is_completed(path: Path) -> None:
    path.write_bytes(b"one\ntw")
    batch = read_batch(path)
    assert (batch.lines, batch.end) == ([(0, b"one")], 4)
    with path.open("ab") as file:
        file.write(b"o\n")
    assert read_batch(path, batch.end).lines == [(4, b"two")]


@pytest.mark.promise(1)
@pytest.mark.parametrize("before", [b"", b"one\n", b"one\ntwo\n"])
def test_a_writer_that_opens_a_torn_journal_cuts_the_tail_and_nothing_else(
    path: Path, before: bytes
) -> None:
    path.write_bytes(before + b'{"ts": 1.0, "ty')
    writer = JournalWriter(path)
    writer.append(b"next\n")
    writer.close()
    assert path.read_bytes() == before + b"next\n"


def test_a_journal_that_shrank_is_told(path: Path) -> None:
    path.write_bytes(b"one\n")
    with pytest.raises(JournalDamagedError) as caught:
        read_batch(path, 100)
    assert caught.value.path == path


def test_a_line_longer_than_a_batch_is_read_whole(path: Path) -> None:
    path.write_bytes(b"x" * 5000 + b"\nshort\n")
    assert read_batch(path, 0, max_bytes=100).lines[0] == (0, b"x" * 5000)
    assert list(iter_lines(path))[-1] == (5001, b"short")


def test_a_line_beyond_the_limit_is_passed_over_and_its_neighbours_are_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "MAX_LINE_BYTES", 1000)
    monkeypatch.setattr(journal, "BLOCK_BYTES", 100)
    path.write_bytes(b"a\n" + b"x" * 5000 + b"\nb\n")
    lines: list[tuple[int, bytes | None]] = []
    offset = -1
    batch = read_batch(path, 0, max_bytes=100)
    while batch.end != offset:
        lines += batch.lines
        offset = batch.end
        batch = read_batch(path, offset, max_bytes=100)
    assert lines == [(0, b"a"), (2, None), (5003, b"b")]


@given(
    st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line), max_size=20),
    st.integers(1, 64),
    st.integers(0, 700),
)
def test_any_batch_size_and_any_cut_reads_the_same_lines(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], max_bytes: int, cut: int
) -> None:
    path = tmp_path_factory.mktemp("journal") / "events.jsonl"
    whole = b"".join(line + b"\n" for line in lines)
    path.write_bytes(whole[:cut])
    read: list[tuple[int, bytes | None]] = []
    offset = 0
    for content in (whole[:cut], whole):
        path.write_bytes(content)
        while (batch := read_batch(path, offset, max_bytes)).end != offset:
            read += batch.lines
            offset = batch.end
    assert [line for _, line in read] == lines
    assert all(whole[at : at + len(line or b"")] == line for at, line in read)


@pytest.mark.promise(1)
def test_lines_that_a_full_disk_refuses_are_written_in_order_when_it_takes_them(
    path: Path,
) -> None:
    writer = JournalWriter(path)
    writer.append(b"before\n")
    real, full = writer._fd, os.open("/dev/full", os.O_WRONLY)
    writer._fd = full  # a real device that answers ENOSPC to every write
    writer.append(b"during 1\n")
    writer.append(b"during 2\n")
    assert "No space left" in str(writer.error)
    writer._fd = real
    os.close(full)
    writer.append(b"after\n")
    assert writer.error is None
    assert path.read_bytes() == b"before\nduring 1\nduring 2\nafter\n"
    writer.close()
