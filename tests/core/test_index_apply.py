"""Journal lines become columns of points, attempts and problems."""

from __future__ import annotations

import math

from runicorn.events import encode
from runicorn.index.apply import MAX_LISTED, parse


def _lines(*lines: bytes) -> list[tuple[int, bytes | None]]:
    found: list[tuple[int, bytes | None]] = []
    offset = 0
    for line in lines:
        found.append((offset, line.rstrip(b"\n")))
        offset += len(line)
    return found


def _metrics(**data: object) -> bytes:
    return encode(5.0, "metrics", data)


def test_each_number_of_a_line_becomes_a_point() -> None:
    parsed = parse(_lines(_metrics(loss=0.5, n=3, ok=True, global_step=7, time=6.0, stage="train")))
    assert {key: column.values for key, column in parsed.columns.items()} == {
        "loss": [0.5],
        "n": [3.0],
        "ok": [1.0],
    }
    line = parsed.columns["loss"].lines[0]
    assert (line.step, line.offset, line.ts, line.stage, line.attempt) == (7, 0, 6.0, "train", 1)


def test_non_finite_numbers_are_read_by_name_and_as_bare_literals() -> None:
    bare = b'{"ts": 1.0, "type": "metrics", "data": {"loss": NaN, "global_step": 2}}\n'
    parsed = parse(_lines(_metrics(loss="Infinity", global_step=1), bare))
    values = parsed.columns["loss"].values
    assert values[0] == math.inf
    assert math.isnan(values[1])


def test_texts_and_nulls_are_no_points() -> None:
    parsed = parse(_lines(_metrics(note="good", nothing=None, loss=1.0, global_step=1)))
    assert list(parsed.columns) == ["loss"]
    assert not parsed.problems


def test_step_is_a_metric_beside_global_step_and_its_older_name_without_it() -> None:
    parsed = parse(_lines(_metrics(step=7, loss=1.0, global_step=1), _metrics(step=2, loss=0.5)))
    found = {
        key: [(line.step, value) for line, value in zip(column.lines, column.values, strict=True)]
        for key, column in parsed.columns.items()
    }
    assert found == {"step": [(1, 7.0)], "loss": [(1, 1.0), (2, 0.5)]}
    assert not parsed.problems


def test_unknown_types_are_passed_over() -> None:
    parsed = parse(_lines(encode(1.0, "telepathy", {"loss": 1.0}), _metrics(loss=1, global_step=1)))
    assert parsed.n_points == 1
    assert not parsed.problems


def test_damaged_lines_are_told_with_their_offset_and_harm_no_neighbour() -> None:
    good = _metrics(loss=1.0, global_step=1)
    parsed = parse(_lines(good, b"{broken\n", good, b"\n", b"[1]\n", good))
    assert [offset for offset, _message in parsed.problems] == [
        len(good),
        2 * len(good) + 8,
        2 * len(good) + 9,
    ]
    assert (parsed.n_points, parsed.n_damaged, parsed.n_lines) == (3, 3, 6)


def test_metrics_without_a_step_are_told_as_damage() -> None:
    parsed = parse(_lines(_metrics(loss=1.0), _metrics(loss=1.0, global_step=2**63), _metrics()))
    assert parsed.n_damaged == 2
    assert parsed.n_points == 0


def test_a_key_that_is_no_text_harms_only_itself() -> None:
    line = b'{"ts": 1.0, "type": "metrics", "data": {"\\ud800": 1.0, "b": 2.0, "global_step": 1}}\n'
    parsed = parse(_lines(line))
    assert list(parsed.columns) == ["b"]
    assert parsed.n_damaged == 1


def test_a_line_that_was_too_long_is_damage() -> None:
    assert parse([(17, None)]).problems == [(17, "longer than 64 MiB")]


def test_all_damaged_lines_are_counted_and_the_first_are_listed() -> None:
    parsed = parse([(number, b"?") for number in range(10)], n_damaged=MAX_LISTED - 4)
    assert parsed.n_damaged == 10
    assert len(parsed.problems) == 4


def test_an_attempt_begins_where_its_line_stands() -> None:
    parsed = parse(
        _lines(
            _metrics(loss=1.0, global_step=1),
            encode(2.0, "attempt", {"attempt": 2, "resumed_at_step": 1}),
            _metrics(loss=2.0, global_step=1),
        )
    )
    assert [line.attempt for line in parsed.columns["loss"].lines] == [1, 2]
    assert parsed.attempts == [(2, 1)]
    assert parsed.attempt == 2


def test_attempts_only_ever_go_up() -> None:
    lines = [encode(1.0, "attempt", {"attempt": said}) for said in (3, 3, "x", 2**80, None)]
    assert [attempt for attempt, _step in parse(_lines(*lines)).attempts] == [3, 4, 5, 6, 7]


def test_the_latest_time_is_the_highest_one() -> None:
    lines = [encode(ts, "metrics", {}) for ts in (3.0, 9.0, 4.0)] + [b'{"type": "x", "data": {}}\n']
    assert parse(_lines(*lines)).last_ts == 9.0
