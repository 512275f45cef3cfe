from __future__ import annotations

import re
import subprocess
import termios
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Play = Callable[..., Any]

BOTH = pytest.mark.parametrize("terminal", [False, True], ids=["pipe", "terminal"])

EVERYTHING = """
import ctypes, logging
print("a terminal:", sys.stdout.isatty(), sys.stderr.isatty(), os.isatty(1), os.isatty(2))
print("to stderr", file=sys.stderr)
logging.basicConfig(level="INFO")
logging.info("a record")
sys.stdout.buffer.write(b"bytes\\n")
sys.stdout.flush()
subprocess.run(["echo", "of a child"])
half = "half a charact\\u00ebr\\n".encode()
os.write(1, half[:15])
os.write(1, half[15:])
ctypes.CDLL(None).puts(b"of C, never flushed")
print("last, and no newline", end="")
"""


def shown_by(played: Any) -> list[str]:
    """Return the lines that the script itself showed."""
    before: str = played.shown[: played.shown.index("runicorn: run ")]
    return before.replace("\r\n", "\n").splitlines()


@BOTH
def test_what_is_printed_in_any_way_is_shown_unchanged_and_logged_once(
    play: Play, terminal: bool
) -> None:
    played = play(EVERYTHING, terminal=terminal)
    assert played.code == 0
    assert f"a terminal: {terminal} {terminal} {terminal} {terminal}" in played.log
    said = {"to stderr", "INFO:root:a record", "bytes", "of a child", "half a charactër"}
    assert said <= set(played.log)
    assert "".join(played.log).count("of C, never flushed") == 1
    assert "".join(played.log).count("last, and no newline") == 1
    assert sorted(shown_by(played)) == sorted(played.log)


@BOTH
def test_the_order_of_outputs_is_kept_where_they_go_to_one_place(
    play: Play, terminal: bool
) -> None:
    script = """
for i in range(20):
    print("out", i, flush=True)
    print("err", i, file=sys.stderr, flush=True)
    subprocess.run(["echo", f"child {i}"])
    rn.log_text(f"text {i}")
"""
    played = play(script, terminal=terminal)
    expected = [f"{who} {i}" for i in range(20) for who in ("out", "err", "child", "text")]
    assert played.log == expected
    assert shown_by(played) == [line for line in expected if "text" not in line]


def test_where_the_outputs_go_to_two_places_both_are_logged(play: Play, tmp_path: Any) -> None:
    script = f"""
rn.finish()
os.dup2(os.open({str(tmp_path / "out")!r}, os.O_WRONLY | os.O_CREAT), 1)
rn.init("p", "n", storage=sys.argv[1], run_id="two", system_metrics=False)
print("to the file")
print("to the terminal", file=sys.stderr)
os.system("echo child; echo complaint >&2")
rn.finish()
print(rn.run_by_id("two", root=sys.argv[1]).logs(), file=sys.stderr)
"""
    played = play(script, terminal=True)
    assert played.code == 0, played.shown
    assert (tmp_path / "out").read_text() == "to the file\nchild\n"
    for text in ("to the file", "to the terminal", "child", "complaint"):
        assert f"| {text}" in played.shown


def test_a_bar_of_tqdm_moves_on_the_terminal_and_is_one_line_of_the_log(play: Play) -> None:
    script = """
from tqdm import tqdm, trange
for epoch in trange(3, desc="epochs", mininterval=0):
    for step in trange(20, desc="steps", leave=False, mininterval=0):
        if step == 10:
            tqdm.write(f"half of {epoch}")
"""
    played = play(script, terminal=True)
    assert played.shown.count("\r") > 60
    assert "steps:  50%" in played.shown
    assert [line for line in played.log if line.startswith("half")] == [
        "half of 0", "half of 1", "half of 2",
    ]  # fmt: skip
    assert len(played.log) == 4
    assert re.fullmatch(r"epochs: 100%\|█+\| 3/3 \[.*it/s\]", played.log[-1])
    assert 70 <= len(played.log[-1]) <= 80, "the bar knows how wide the terminal is"


def test_progress_of_rich_is_folded_and_keeps_its_colours(play: Play) -> None:
    script = """
from rich.progress import Progress
with Progress() as progress:
    first, second = progress.add_task("one", total=30), progress.add_task("two", total=30)
    for i in range(30):
        progress.update(first, advance=1)
        progress.update(second, advance=1)
        progress.refresh()
        if i == 20:
            progress.console.print("[red]a warning")
"""
    played = play(script, terminal=True, TERM="xterm-256color", COLORTERM="truecolor")
    assert played.shown.count("\x1b[1A") >= 20
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in played.log]
    assert plain[0] == "a warning"
    assert "\x1b[31m" in played.log[0]
    assert [line.split()[0] for line in plain[1:]] == ["one", "two"]
    assert all("100%" in line for line in plain[1:])


def test_a_terminal_that_is_resized_is_resized_for_the_script(play: Play) -> None:
    script = """
print("width", os.get_terminal_size(1).columns)
until = time.monotonic() + 20
while os.get_terminal_size(1).columns != 123 and time.monotonic() < until:
    pass
print("width", os.get_terminal_size(1).columns)
"""

    def resize(process: subprocess.Popen[bytes], shown: str) -> None:
        if shown.count("width") != 1:
            return
        with Path(f"/proc/{process.pid}/fd/0").open("rb") as terminal:
            termios.tcsetwinsize(terminal, (50, 123))

    played = play(script, terminal=True, meanwhile=resize)
    assert played.log == ["width 80", "width 123"]


def test_the_level_python_leaves_descriptors_alone_and_off_leaves_all_alone(play: Play) -> None:
    script = """
print("printed")
print("complained", file=sys.stderr)
os.system("echo of a child")
print("patched", "write" in vars(sys.stdout), "stat", os.readlink("/proc/self/fd/1")[:4])
"""
    played = play(script, level="python")
    assert sorted(played.log) == ["complained", "patched True stat pipe", "printed"]
    assert "of a child" in played.shown
    played = play(script.replace("printed", "again"), level="off")
    assert "patched False" in played.shown
    assert not [line for line in played.log if "again" in line]


def test_threads_that_print_while_others_log_lose_and_mix_nothing(play: Play) -> None:
    script = """
def work(name):
    for i in range(500):
        print(f"{name}:{i}:" + "x" * 50 + "\\n", end="", flush=True)
        rn.log({f"m{name}": i})
threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
    played = play(script)
    expected = {f"{name}:{i}:" + "x" * 50 for name in range(8) for i in range(500)}
    assert len(played.log) == 4000
    assert set(played.log) == expected
    for name in range(8):
        mine = [line for line in played.log if line.startswith(f"{name}:")]
        assert mine == sorted(mine, key=lambda line: int(line.split(":")[1]))


@pytest.mark.parametrize("level", ["python", "all"])
def test_many_lines_and_a_huge_one_arrive_whole(play: Play, level: str) -> None:
    script = """
for i in range(100_000):
    print("line", i)
print("日本語" * 1_000_000)
print("end", flush=True)
"""
    played = play(script, level=level)
    assert played.log[:100_000] == [f"line {i}" for i in range(100_000)]
    assert played.log[100_000:] == ["日本語" * 1_000_000, "end"]
    assert shown_by(played) == played.log


def test_what_python_keeps_back_for_a_file_is_logged_all_the_same(play: Play) -> None:
    script = """
print("not flushed")
log = run.run_dir / "logs.txt"
until = time.monotonic() + 20
while "not flushed" not in log.read_text() and time.monotonic() < until:
    pass
print("seen", "not flushed" in log.read_text())
"""
    assert play(script).log == ["not flushed", "seen True"]


def test_the_place_of_the_run_is_said_when_the_capture_is_undone(play: Play) -> None:
    script = """
here = [os.stat(fd).st_ino for fd in (1, 2)]
rn.finish()
print("changed", here != [os.stat(fd).st_ino for fd in (1, 2)], "write" in vars(sys.stdout))
"""
    played = play(script)
    assert not [line for line in played.log if "runicorn: run" in line]
    assert "changed True False" in played.shown


def test_the_traceback_that_python_prints_last_is_logged_once(play: Play) -> None:
    played = play("print('before')\nraise KeyError('what')")
    assert played.code == 1
    assert played.log[0] == "before"
    assert played.log[-1] == "KeyError: 'what'"
    assert played.shown.count("KeyError: 'what'") == 1
    script = "import traceback\ntry:\n    1 / 0\nexcept ZeroDivisionError as error:\n"
    script += "    traceback.print_exc()\n    run.finish('failed', reason=traceback.format_exc())"
    assert [line for line in play(script).log if "ZeroDivisionError:" in line] == [
        "ZeroDivisionError: division by zero"
    ]
