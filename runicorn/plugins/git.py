"""Built-in plugin: tells the commit that the code is of, and what of it is not committed.

Only git's reading commands are started, each within a limit of time, and none of them runs a hook,
a pager, or a program that draws diffs. Without git, or outside of a repository, it tells nothing.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from runicorn.plugins.hookspecs import RecordingRun, hookimpl
from runicorn.redaction import without_user_info

if TYPE_CHECKING:
    import subprocess

# For all commands together [s].
LIMIT_S = 10.0
# What is kept of the diff and of any other answer [bytes].
MAX_DIFF_BYTES = 10 << 20
MAX_ANSWER_BYTES = 1 << 20
MAX_UNTRACKED = 1000
MAX_MESSAGE_CHARS = 4096
# A process that was killed, or has closed its output, ends within this time [s].
WAIT_S = 1.0

# A repository's own configuration may name programs to run; none of these is wanted.
_OVERRIDES = (
    "core.fsmonitor=false", f"core.hooksPath={os.devnull}", "core.quotePath=false",
    "color.ui=false", "log.showSignature=false",
)  # fmt: skip
_OPTIONS = ("--no-pager", *(word for setting in _OVERRIDES for word in ("-c", setting)))
_DIFF = (
    "diff", "--no-ext-diff", "--no-textconv", "--no-color", "--no-relative", "--src-prefix=a/",
    "--dst-prefix=b/", "--ignore-submodules=dirty",
)  # fmt: skip
_STATUS = (
    "status", "--porcelain=v1", "-z", "--untracked-files=normal", "--ignore-submodules=dirty",
)  # fmt: skip
_LOG = ("log", "-1", "--no-notes", "--encoding=UTF-8", "--format=%H%x00%an%x00%ct%x00%B")
# They belong to the command that started us, such as a hook of git, and not to our repository.
_FOREIGN = frozenset({
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY",
    "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_EXTERNAL_DIFF", "GIT_DIFF_OPTS",
})  # fmt: skip


@hookimpl
def runicorn_environment(run: RecordingRun) -> dict[str, object] | None:
    """Tell commit, branch, remote and changes of the repository of the code."""
    import shutil

    git = shutil.which("git")
    if git is None:
        return None
    deadline = time.monotonic() + LIMIT_S
    for folder in code_folders():
        try:
            top = _Git(git, folder, deadline).ask("rev-parse", "--show-toplevel")
        except NotADirectoryError:
            continue
        except OSError as error:
            return {"git_info": {"error": str(error)}}
        return _tell(_Git(git, Path(top.rstrip("\n")), deadline), run.root)
    return None


def code_folders() -> Iterator[Path]:
    """Iterate over where the code may lie: the script's folder, then the working directory.

    A script that is installed, as that of pytest or of a notebook's kernel is, is not the code.
    """
    script = Path(sys.argv[0] if sys.argv else "").absolute()
    if script.is_file() and not _is_installed(script):
        yield script.resolve().parent
    with suppress(OSError):  # it was removed
        yield Path.cwd()


def _is_installed(script: Path) -> bool:
    bins = {Path(p, name) for p in (sys.prefix, sys.base_prefix) for name in ("bin", "Scripts")}
    return script.parent in bins or bool({"site-packages", "dist-packages"} & set(script.parts))


class _Git:
    """Asks git about one folder, all questions within one limit of time."""

    def __init__(self, program: str, folder: Path, deadline: float) -> None:
        self.folder = folder
        self._command = (program, *_OPTIONS, "-C", str(folder))
        self._deadline = deadline

    def ask(self, *question: str, max_bytes: int = MAX_ANSWER_BYTES) -> str:
        """Return what git answers, at most about so many bytes of it.

        Raises:
            NotADirectoryError: The folder is in no repository.
            TimeoutError: The time is over.
            OSError: Git can't be started or refuses; the message is its own.
        """
        import subprocess
        import tempfile

        left_s = self._deadline - time.monotonic()
        with tempfile.TemporaryFile() as complaints:
            process = subprocess.Popen(  # noqa: S603 - git, found on the user's path
                [*self._command, *question],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=complaints,
                env=_environment(),
                process_group=0 if os.name == "posix" else None,
            )
            answer, is_over = _read(process, max_bytes, max(0.0, left_s))
            if is_over or process.returncode is None:
                raise TimeoutError(f"git took longer than {LIMIT_S:g} s")
            if process.returncode > 0:
                complaints.seek(0)
                _raise(complaints.read(4096).decode("utf-8", "replace"))
        return answer.decode("utf-8", "surrogateescape")


def _read(process: subprocess.Popen[bytes], max_bytes: int, limit_s: float) -> tuple[bytes, bool]:
    """Read an answer; a process that says too much or takes too long is killed."""
    import subprocess

    is_over = threading.Event()

    def stop() -> None:
        is_over.set()
        _kill(process)

    timer = threading.Timer(limit_s, stop)
    timer.daemon = True
    timer.start()
    try:
        assert process.stdout is not None
        with process.stdout as pipe:
            answer = pipe.read(max_bytes + 1)
        if len(answer) > max_bytes:
            _kill(process)
        with suppress(subprocess.TimeoutExpired):  # the disk under it hangs
            process.wait(WAIT_S)
    finally:
        timer.cancel()
    return answer, is_over.is_set()


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)  # with what it started itself
        else:
            process.kill()


def _raise(complaint: str) -> NoReturn:
    reason = complaint.strip().partition("\n")[0].removeprefix("fatal: ")
    if "not a git repository" in reason:
        raise NotADirectoryError(reason)
    raise OSError(reason or "git failed")


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    # Nothing is written, asked or fetched: a partial clone would get what it lacks from afar.
    return kept | {
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",
        "LC_ALL": "C",
    }


def _tell(git: _Git, root: Path) -> dict[str, object]:
    info: dict[str, object] = {"root": str(git.folder)}
    diff, untracked = "", list[str]()
    try:
        info |= _commit(git)
        info["branch"] = _try(git, "symbolic-ref", "--quiet", "--short", "HEAD").strip() or None
        info["remote"] = _remote(git)
        diff, facts = _diff(git, has_commit="commit" in info)
        info |= facts
        untracked, n_changed = _status(git, root)
        info |= {"has_changes": n_changed > 0, "changed_files_count": n_changed}
    except TimeoutError as error:
        info["error"] = str(error)
    if not diff and not untracked:
        return {"git_info": info}
    head = [f"What was not committed, as a patch for {info.get('commit', 'an empty folder')}."]
    if len(diff.encode("utf-8", "surrogateescape")) > MAX_DIFF_BYTES:
        head.append(f"CUT OFF: it is longer than {MAX_DIFF_BYTES >> 20} MiB.")
        diff = diff[: diff.rfind("\n") + 1]
    if untracked:
        head.append(f"Not tracked, so not in here ({len(untracked)}):")
        head += [f"  {name!r}" for name in untracked[:MAX_UNTRACKED]]
    # `git apply` passes over what stands before the first file.
    return {"git_info": info, "code_diff": "".join(f"# {line}\n" for line in head) + diff}


def _try(git: _Git, *question: str, max_bytes: int = MAX_ANSWER_BYTES) -> str:
    """Ask what may have no answer, such as the branch of a detached head."""
    try:
        return git.ask(*question, max_bytes=max_bytes)
    except TimeoutError:
        raise
    except OSError:
        return ""


def _commit(git: _Git) -> dict[str, object]:
    parts = _try(git, *_LOG).split("\0", 3)
    if len(parts) < 4:  # noqa: PLR2004 - there is no commit yet
        return {}
    commit, author, seconds, message = parts
    return {
        "commit": commit,
        "committed_at": float(seconds),
        "last_commit_author": author,
        "last_commit_message": message.strip()[:MAX_MESSAGE_CHARS],
    }


def _remote(git: _Git) -> str | None:
    lines = _try(git, "config", "--get-regexp", r"^remote\..*\.url$").splitlines()
    urls = dict(line.split(" ", 1) for line in lines if " " in line)
    url = urls.get("remote.origin.url") or next(iter(urls.values()), None)
    return None if url is None else without_user_info(url)


def _diff(git: _Git, *, has_commit: bool) -> tuple[str, dict[str, object]]:
    base = "HEAD" if has_commit else _try(git, "hash-object", "-t", "tree", os.devnull).strip()
    try:
        diff = git.ask(*_DIFF, base, "--", max_bytes=MAX_DIFF_BYTES)
    except TimeoutError:
        raise
    except OSError as error:  # a damaged repository, or one that lacks what it would fetch
        return "", {"error": str(error)}
    return diff, {"is_dirty": bool(diff)}


def _status(git: _Git, root: Path) -> tuple[list[str], int]:
    """Return what git does not track, and how many names it lists with those that changed."""
    parts = iter(_try(git, *_STATUS).split("\0"))
    ours = os.path.relpath(root.resolve(), git.folder).replace(os.sep, "/") + "/"
    untracked, n_changed = list[str](), 0
    for part in parts:
        if not part or part[3:].startswith(ours):  # the runs themselves are no change of the code
            continue
        n_changed += 1
        if part.startswith("?? "):
            untracked.append(part[3:])
        elif part[0] in "RC":
            next(parts, None)  # where it came from
    return untracked, n_changed
