from __future__ import annotations

import threading
from functools import partial

from runicorn.worker import MAX_POSTED, Worker


def _hang(for_ever: threading.Event) -> None:
    for_ever.wait(60)


def test_work_is_done_in_order_in_another_thread() -> None:
    worker = Worker("test")
    done: list[tuple[int, int]] = []

    def note(number: int) -> None:
        done.append((number, threading.get_ident()))

    for number in range(10):
        assert worker.post(partial(note, number))
    assert worker.do(partial(note, 10), 20)
    assert [number for number, _ in done] == list(range(11))
    assert {ident for _, ident in done} != {threading.get_ident()}
    worker.stop()


def test_work_may_ask_for_work() -> None:
    worker = Worker("test")
    done: list[int] = []
    assert worker.do(lambda: done.append(worker.do(lambda: done.append(1), 20)), 20)
    assert done == [1, True]
    worker.stop()


def test_a_thread_that_hangs_is_left_and_another_goes_on() -> None:
    worker, for_ever, done = Worker("test"), threading.Event(), threading.Event()
    try:
        assert not worker.do(partial(_hang, for_ever), 0.1)
        assert worker.do(done.set, 20)
        assert done.is_set()
    finally:
        for_ever.set()
    worker.stop()


def test_what_is_posted_beyond_the_limit_is_refused() -> None:
    worker, for_ever = Worker("test"), threading.Event()
    try:
        taken = [worker.post(partial(_hang, for_ever)) for _ in range(20_000)]
        assert MAX_POSTED <= sum(taken) <= MAX_POSTED + 1
    finally:
        for_ever.set()


def test_idle_work_is_done_when_nothing_is_asked_for() -> None:
    idle = threading.Event()
    worker = Worker("test", idle.set, 0.01)
    assert idle.wait(20)
    worker.stop()
