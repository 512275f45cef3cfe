from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

Play = Callable[..., Any]

BOTH = pytest.mark.parametrize("terminal", [False, True], ids=["pipe", "terminal"])


@BOTH
def test_a_library_that_prints_more_than_fits_while_it_holds_the_interpreter_does_not_hang(
    play: Play, terminal: bool
) -> None:
    script = """
import ctypes
line = b"x" * 79 + b"\\n"
done = 0
while done < 4 << 20:  # PyDLL keeps the lock during the call
    done += ctypes.PyDLL(None).write(1, line * 4096, 80 * 4096)
"""
    played = play(script, terminal=terminal)
    assert played.code == 0
    assert set(played.log) == {"x" * 79}
    assert len(played.log) * 80 >= 4 << 20


@BOTH
def test_a_forked_child_prints_like_any_child_and_neither_hangs_nor_disturbs(
    play: Play, terminal: bool
) -> None:
    script = """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
busy = threading.Event()
def print_on():
    while not busy.is_set():
        sys.stdout.write("parent\\n")
        sys.stdout.flush()
printer = threading.Thread(target=print_on)
printer.start()
for i in range(10):
    child = os.fork()
    if child == 0:
        os.write(1, b"child %d\\n" % i)
        os._exit(len([fd for fd in os.listdir("/proc/self/fd") if int(fd) >= 20]))
    assert os.waitpid(child, 0)[1] == 0
busy.set()
printer.join()
print("end")
"""
    played = play(script, terminal=terminal)
    assert played.code == 0, played.shown
    assert [line for line in played.log if line != "parent"] == [
        *(f"child {i}" for i in range(10)),
        "end",
    ]


def test_a_forked_child_may_record_a_run_of_its_own(play: Play) -> None:
    script = """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
child = os.fork()
if child == 0:
    with rn.init("p", "n", storage=sys.argv[1], run_id="child", system_metrics=False):
        print("in the child", flush=True)
        os.system("echo below the child")
    os._exit(0)
os.waitpid(child, 0)
print("in the parent")
rn.finish()
print(*rn.run_by_id("child", root=sys.argv[1]).logs(), sep="\\n")
"""
    played = play(script)
    assert played.code == 0, played.shown
    logged = re.findall(r"\d\d \| (.*)", played.shown)
    assert logged == ["in the child", "below the child"]
    assert [line for line in played.log if line.startswith("in the")] == [
        "in the child",
        "in the parent",
    ]


@BOTH
def test_a_child_that_outlives_the_run_holds_up_nothing_and_goes_on_printing(
    play: Play, terminal: bool
) -> None:
    script = """
code = "import sys; print('early', flush=True); sys.stdin.read(); print('late')"
child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
until = time.monotonic() + 30
while "early" not in (run.run_dir / "logs.txt").read_text() and time.monotonic() < until:
    pass
print("last")
began = time.monotonic()
rn.finish()
print("finished in time", time.monotonic() - began < 5)
child.stdin.close()
print("the child ended with", child.wait(30))
"""
    played = play(script, terminal=terminal)
    assert played.log == ["early", "last"]
    assert "finished in time True" in played.shown
    assert "the child ended with 0" in played.shown
    assert "late" in played.shown


@BOTH
@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("os._exit(3)", 3),
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("os.abort()", -signal.SIGABRT),
        ("os.execv('/bin/echo', ['echo', 'the next program'])", 0),
    ],
)
def test_the_last_words_of_a_process_that_ends_at_once_are_shown(
    play: Play, terminal: bool, end: str, code: int
) -> None:
    script = f"""
import faulthandler, signal
faulthandler.enable()
for i in range(1000):
    print("word", i)
sys.stdout.flush()
{end}
"""
    played = play(script, terminal=terminal)
    assert played.code == code
    assert "word 999" in played.shown
    assert ("Fatal Python error: Aborted" in played.shown) == (code == -signal.SIGABRT)
    assert ("the next program" in played.shown) == (code == 0)


def test_signals_for_the_whole_job_leave_the_script_its_last_words(play: Play) -> None:
    def interrupt(process: subprocess.Popen[bytes], shown: str) -> None:
        if shown.endswith("ready\n"):
            os.killpg(process.pid, signal.SIGUSR1)

    script = """
import signal
signal.signal(signal.SIGUSR1, lambda *_: sys.exit("a signal came"))
os.system("sh -c 'trap \\"\\" USR1; echo ready'")
signal.pause()
"""
    played = play(script, meanwhile=interrupt)
    assert played.code == 1
    assert "a signal came" in played.shown


@BOTH
def test_a_script_that_kills_all_its_children_goes_on_printing_and_recording(
    play: Play, terminal: bool
) -> None:
    script = """
import psutil
for i in range(3):
    print("before", i, flush=True)
    while f"before {i}" not in (run.run_dir / "logs.txt").read_text():
        pass  # what the process has read and not written yet is lost when it is killed
    for child in psutil.Process().children(recursive=True):
        child.kill()
        child.wait(30)
    for j in range(300):
        print("after", i, j, flush=True)
"""
    played = play(script, terminal=terminal)
    assert played.code == 0, played.shown
    expected = []
    for i in range(3):
        expected += [f"before {i}", *(f"after {i} {j}" for j in range(300))]
    shown = played.shown.replace("\r\n", "\n").split("\n")
    assert [line for line in shown if line in set(expected)] == expected
    assert played.log == expected


def test_nobody_who_reads_any_more_ends_the_script_as_ever(play: Play) -> None:
    script = """
ours, theirs = os.pipe()
code = '''
import sys, runicorn as rn
rn.init("p", "n", storage=sys.argv[1], run_id="cut", system_metrics=False)
while True:
    print("x" * 1000)
'''
child = subprocess.Popen([sys.executable, "-c", code, sys.argv[1]], stdout=theirs,
                         stderr=subprocess.PIPE)
os.close(theirs)
os.read(ours, 100)
os.close(ours)
complaint = child.communicate(timeout=60)[1].decode()
print("ended with", child.returncode, "BrokenPipeError" in complaint)
"""
    assert "ended with 1 True" in play(script).log


def test_descriptors_that_the_script_leads_elsewhere_are_left_there(play: Play) -> None:
    script = """
print("captured", flush=True)
other = os.open(os.path.join(sys.argv[1], "other"), os.O_RDWR | os.O_CREAT)
kept = os.dup(1)
os.dup2(other, 1)
print("to the other file", flush=True)
os.dup2(kept, 1)
print("captured again", flush=True)
os.dup2(other, 1)
rn.finish()
print("to the other file still", flush=True)
os.dup2(kept, 1)
print("and back, to where it led", flush=True)
"""
    played = play(script)
    assert played.log == ["captured", "captured again"]
    assert "to the other" not in played.shown
    assert "and back, to where it led" in played.shown


def test_a_script_that_closes_all_descriptors_does_no_harm(play: Play) -> None:
    script = """
import fcntl
print("before", flush=True)
os.closerange(20, 256)
null = os.open(os.devnull, os.O_RDWR)
mine = [fcntl.fcntl(null, fcntl.F_DUPFD, 20) for _ in range(60)]
rn.finish()
assert [os.fstat(fd).st_rdev for fd in mine] == [os.stat(os.devnull).st_rdev] * 60
print("after", flush=True)
os._exit(0)
"""
    played = play(script)
    assert played.code == 0, played.shown
    assert "after" in played.shown


def test_a_flood_that_nobody_has_time_to_read_is_cut_and_said(play: Play) -> None:
    script = """
import ctypes
from runicorn.console import channel
channel.MAX_BEHIND_BYTES = 1 << 20
line = b"x" * 79 + b"\\n"
for _ in range(16):  # holding the lock, so that the reading thread has no turn
    ctypes.PyDLL(None).write(1, line * 16384, 80 * 16384)
print("the end")
"""
    played = play(script)
    assert played.code == 0
    assert any("MiB of output came too fast to be kept" in line for line in played.log)
    assert played.shown.count("x" * 79) == 16 * 16384


def test_nothing_is_left_behind(play: Play) -> None:
    script = """
import psutil
rn.finish()
me = psutil.Process()
def things():
    files = sorted(os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
                   if os.path.exists(f"/proc/self/fd/{fd}"))
    return len(files), me.children()
def threads():
    until = time.monotonic() + 20
    while (left := [t.name for t in threading.enumerate() if "console" in t.name]):
        if time.monotonic() > until:
            return left
    return []
before = things()
for i in range(20):
    with rn.init("p", "n", storage=sys.argv[1], system_metrics=False):
        print("x")
print("same", things() == before, things(), threads())
"""
    played = play(script)
    assert re.search(r"same True .* \[\]$", played.shown, re.MULTILINE), played.shown[-500:]


def test_two_runs_of_one_process_each_get_what_is_printed_while_they_record(play: Play) -> None:
    script = """
print("one")
other = rn.init("p", "n", storage=sys.argv[1], run_id="other", reinit="create_new",
                capture_console="python", system_metrics=False)
print("both", flush=True)
os.system("echo a child")
run.finish()
print("two")
other.finish()
print("none")
print(*rn.run_by_id("other", root=sys.argv[1]).logs(), sep="\\n")
"""
    played = play(script)
    assert played.log == ["one", "both", "a child"]
    logged = re.findall(r"\d\d \| (.*)", played.shown)
    assert [line for line in logged if not line.startswith("runicorn")] == ["both", "two"]
