"""What is recorded of the surroundings of a run, with real repositories of git."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import runicorn as rn
from runicorn.environment import merge
from runicorn.plugins.environment import conda_packages, launchers, pip_packages, variables
from runicorn.redaction import REDACTED

WAIT_S = 60.0
# Put together here, so that no scanner takes this file for a leak.
SECRET = "s3cr3t" + "-4711-never-to-be-seen"
TOKEN = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2"


@pytest.fixture(autouse=True)
def captured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Capture, in a folder of one's own that is no repository, with a git of no habits."""
    monkeypatch.setenv("RUNICORN_CAPTURE_ENV", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)


def git(*words: str, folder: Path | None = None) -> str:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    done = subprocess.run(
        ["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit, in the working directory."""
    folder = tmp_path / "work"
    git("init", "-q", "-b", "main")
    (folder / "train.py").write_text("lr = 0.1\n", encoding="utf-8")
    git("add", ".")
    git("commit", "-q", "-m", "First steps\n\nand more")
    return folder


def recorded(root: Path, **arguments: Any) -> tuple[rn.Run, dict[str, Any]]:
    with rn.init(storage=root, **arguments) as run:
        assert complete(run)
    return run, document_of(run)


def complete(run: rn.Run) -> bool:
    """Wait until all plugins have answered, longer than `finish` would on a busy machine."""
    capture = run._collectors._capture
    assert capture is not None
    capture.join(WAIT_S)
    return not capture.is_alive()


def document_of(run: rn.Run) -> dict[str, Any]:
    document = json.loads((run.run_dir / "environment.json").read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def diff_of(run: rn.Run) -> str:
    return (run.run_dir / "code.diff").read_text(encoding="utf-8")


def test_python_packages_and_machine_are_recorded(root: Path) -> None:
    run, document = recorded(root)
    assert document["python_version"] == sys.version
    assert any(package.startswith("pytest==") for package in document["pip_packages"])
    assert document["executable"] == sys.executable
    assert document["cwd"] == str(Path.cwd())
    assert document["argv"] == sys.argv
    assert document["cpu"]["n_logical"] >= 1
    assert document["memory_total_bytes"] > 1 << 20
    assert set(document["platform_details"]) >= {"system", "node", "release", "machine"}
    assert "git_info" not in document
    assert not (run.run_dir / "code.diff").exists()


def test_versions_are_told_of_frameworks_that_are_imported_and_none_is_imported_for_it(
    root: Path,
) -> None:
    script = (
        "import sys, numpy, runicorn as rn\n"
        f"with rn.init(storage={str(root)!r}) as run: run._collectors._capture.join(60)\n"
        "print('torch' in sys.modules, 'pandas' in sys.modules, numpy.__version__)\n"
        "print(run.run_dir)"
    )
    child = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    said, run_dir = child.stdout.splitlines()
    document = json.loads((Path(run_dir) / "environment.json").read_text(encoding="utf-8"))
    assert said == f"False False {document['frameworks']['numpy']}"


def test_packages_are_listed_as_importlib_metadata_knows_them() -> None:
    from importlib.metadata import version

    packages = pip_packages()
    assert f"pytest=={version('pytest')}" in packages
    assert f"numpy=={version('numpy')}" in packages
    names = [package.partition("==")[0].lower().replace("_", "-") for package in packages]
    assert names == sorted(set(names))


def test_variables_are_recorded_by_a_list_and_secrets_among_them_only_by_name() -> None:
    environ = {
        "CUDA_VISIBLE_DEVICES": "0,1",
        "WORLD_SIZE": "8",
        "HF_TOKEN": SECRET,
        "HF_ENDPOINT": f"https://me:{SECRET}@hub.test/",
        "SLURM_JOB_ID": "77",
        "TOKENIZERS_PARALLELISM": "false",
        "AWS_REGION": "here",
        "MY_PASSWORD": SECRET,
    }
    assert variables(environ) == {
        "CUDA_VISIBLE_DEVICES": "0,1",
        "HF_ENDPOINT": f"https://{REDACTED}@hub.test/",
        "HF_TOKEN": REDACTED,
        "SLURM_JOB_ID": "77",
        "TOKENIZERS_PARALLELISM": "false",
        "WORLD_SIZE": "8",
    }
    assert "slurm" in launchers(environ)


def test_packages_of_conda_are_read_from_its_folder(tmp_path: Path) -> None:
    assert conda_packages(tmp_path) is None
    (tmp_path / "conda-meta").mkdir()
    for name in ("python-3.11.7-h1_0.json", "libgcc-ng-13.2.0-h2_5.json", "history"):
        (tmp_path / "conda-meta" / name).touch()
    assert conda_packages(tmp_path) == ["libgcc-ng=13.2.0=h2_5", "python=3.11.7=h1_0"]


def test_commit_branch_and_remote_are_recorded_without_the_password(
    root: Path, repository: Path
) -> None:
    git("remote", "add", "origin", f"https://me:{SECRET}@git.test/a/b.git")
    run, document = recorded(root)
    info = document["git_info"]
    assert info["commit"] == git("rev-parse", "HEAD")
    assert (info["branch"], info["remote"]) == ("main", "https://git.test/a/b.git")
    assert (info["last_commit_author"], info["root"]) == ("Ada", str(repository))
    assert info["last_commit_message"] == "First steps\n\nand more"
    assert (info["is_dirty"], info["has_changes"]) == (False, False)
    assert not (run.run_dir / "code.diff").exists()


def test_what_is_not_committed_is_a_patch_that_gives_the_same_files(
    root: Path, repository: Path, tmp_path: Path
) -> None:
    (repository / "bytes.txt").write_bytes(b"caf\xe9\r\none\n")
    git("add", "bytes.txt")
    git("commit", "-q", "-m", "bytes")
    git("config", "diff.noprefix", "true")
    git("config", "color.ui", "always")
    (repository / "train.py").write_text("lr = 0.2  # größer\n", encoding="utf-8")
    (repository / "bytes.txt").write_bytes(b"caf\xe9\r\ntwo \xff\n")
    (repository / "staged.py").write_text("new = 1\n", encoding="utf-8")
    git("add", "staged.py")
    (repository / "scratch").mkdir()
    (repository / "scratch" / "notes.txt").touch()
    (repository / "deep").mkdir()
    os.chdir(repository / "deep")

    run, document = recorded(root)
    info = document["git_info"]
    assert (info["is_dirty"], info["changed_files_count"]) == (True, 4)
    head = (run.run_dir / "code.diff").read_bytes().split(b"diff --git")[0].decode()
    assert info["commit"] in head
    assert "'scratch/'" in head
    git("clone", "-q", str(repository), "copy", folder=tmp_path)
    git("apply", str(run.run_dir / "code.diff"), folder=tmp_path / "copy")
    for name in ("train.py", "bytes.txt", "staged.py"):
        assert (tmp_path / "copy" / name).read_bytes() == (repository / name).read_bytes()


def test_the_runs_in_a_repository_are_no_change_of_the_code(repository: Path) -> None:
    run, document = recorded(repository / ".runicorn")
    run, document = recorded(repository / ".runicorn")
    assert document["git_info"]["has_changes"] is False
    assert not (run.run_dir / "code.diff").exists()


def test_before_the_first_commit_and_on_a_detached_head_there_is_something_to_tell(
    root: Path, tmp_path: Path
) -> None:
    git("init", "-q", "-b", "main")
    Path("train.py").write_text("lr = 1\n", encoding="utf-8")
    git("add", ".")
    run, document = recorded(root)
    assert "commit" not in document["git_info"]
    assert document["git_info"]["branch"] == "main"
    assert "+lr = 1" in diff_of(run)
    git("commit", "-q", "-m", "first")
    git("checkout", "-q", "--detach")
    run, document = recorded(root)
    assert document["git_info"]["branch"] is None
    assert document["git_info"]["commit"]


def test_the_scripts_repository_is_taken_before_that_of_the_working_directory(
    root: Path, repository: Path, tmp_path: Path
) -> None:
    script = repository / "train.py"
    script.write_text(
        f"import runicorn as rn\nrun = rn.init(run_id='r', storage={str(root)!r})\n"
        "run._collectors._capture.join(60)\n",
        encoding="utf-8",
    )
    subprocess.run([sys.executable, str(script)], cwd=tmp_path, check=True, capture_output=True)
    folder = root / "default" / "default" / "runs" / "r"
    document = json.loads((folder / "environment.json").read_text(encoding="utf-8"))
    assert document["git_info"]["root"] == str(repository)


def test_a_diff_is_cut_at_its_limit(
    root: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runicorn.plugins import git as plugin

    monkeypatch.setattr(plugin, "MAX_DIFF_BYTES", 100_000)
    (repository / "train.py").write_text("x = 1234567\n" * 1_000_000, encoding="utf-8")
    run, document = recorded(root)
    assert "CUT OFF" in diff_of(run)
    assert 90_000 < (run.run_dir / "code.diff").stat().st_size < 110_000
    assert document["git_info"]["is_dirty"] is True


@pytest.mark.promise(11)
def test_no_program_that_a_repository_names_is_run_and_nothing_is_fetched(
    root: Path, repository: Path, tmp_path: Path
) -> None:
    mark = tmp_path / "was-run"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho $0 >> {mark}\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    hooks = repository / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-index-change", "fsmonitor-watchman", "pre-commit", "post-checkout"):
        (hooks / hook).write_bytes(program.read_bytes())
        (hooks / hook).chmod(0o755)
    (repository / ".gitattributes").write_text("*.py diff=odd\n", encoding="utf-8")
    named = "core.fsmonitor core.pager core.editor core.askPass core.sshCommand pager.diff"
    drawing = "diff.external diff.odd.command diff.odd.textconv gpg.program"
    for key in (named + " " + drawing).split():
        git("config", key, str(program))
    git("config", "log.showSignature", "true")
    git("config", "extensions.partialClone", "origin")
    git("remote", "add", "origin", f"ext::{program}")
    (repository / "train.py").write_text("lr = 0.3\n", encoding="utf-8")
    index = (repository / ".git" / "index").read_bytes()

    run, document = recorded(root)
    assert "+lr = 0.3" in diff_of(run)
    assert document["git_info"]["is_dirty"] is True
    assert not mark.exists()
    assert (repository / ".git" / "index").read_bytes() == index


def test_a_repository_of_somebody_else_is_told_as_such(
    root: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # of git's own tests
    _run, document = recorded(root)
    assert "dubious ownership" in document["git_info"]["error"]


def test_a_damaged_repository_is_told_as_such(root: Path, repository: Path) -> None:
    (repository / ".git" / "index").write_bytes(b"garbage")
    _run, document = recorded(root)
    assert "index" in document["git_info"]["error"]
    assert document["git_info"]["commit"]
    assert "is_dirty" not in document["git_info"]


def test_without_git_nothing_is_told_of_it(
    root: Path, repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    _run, document = recorded(root)
    assert "git_info" not in document
    assert document["pip_packages"]


@pytest.mark.promise(5)
def test_a_git_that_hangs_holds_up_finish_only_briefly_and_is_killed_with_its_children(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from runicorn.plugins import git as plugin

    started = tmp_path / "started"
    os.mkfifo(started)
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\nsleep 600 &\necho $! $$ > {started}\nwait\n", encoding="utf-8")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(plugin, "LIMIT_S", 4.0)
    run = rn.init(storage=root)
    pids = started.read_text(encoding="ascii").split()
    began = time.monotonic()
    rn.finish()
    assert time.monotonic() - began < 10
    assert document_of(run)["pip_packages"]  # what was known by then is there
    assert complete(run)
    assert document_of(run)["git_info"] == {"error": "git took longer than 4 s"}
    deadline = time.monotonic() + WAIT_S
    while any(is_alive(int(pid)) for pid in pids):
        assert time.monotonic() < deadline


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


@pytest.mark.promise(5)
def test_a_plugin_that_hangs_loses_its_own_answer_only(root: Path) -> None:
    asked, release = threading.Event(), threading.Event()

    class Hanging:
        @rn.hookimpl(trylast=True)
        def runicorn_environment(self) -> dict[str, object]:
            asked.set()
            release.wait(WAIT_S)
            return {"late": True}

    run = rn.init(storage=root, plugins=[Hanging()])
    assert asked.wait(WAIT_S)
    began = time.monotonic()
    rn.finish()
    assert time.monotonic() - began < 10
    document = document_of(run)
    assert document["pip_packages"]
    assert "late" not in document
    release.set()
    assert complete(run)


def test_a_plugin_may_answer_anything(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Odd:
        @rn.hookimpl
        def runicorn_environment(self) -> dict[str, object]:
            return {"path": Path("/a"), "text": "half \ud800", "nan": float("nan"), "big": 2**70,
                    "set": {1}, "url": Path(f"https://me:{SECRET}@h/")}  # fmt: skip

    _run, document = recorded(root, plugins=[Odd()])
    assert (document["path"], document["nan"], document["set"]) == ("/a", "NaN", [1])
    assert SECRET not in json.dumps(document)
    assert not caplog.records


def test_the_environment_of_an_earlier_attempt_is_kept(root: Path, repository: Path) -> None:
    (repository / "train.py").write_text("lr = 1.5\n", encoding="utf-8")
    run, _document = recorded(root, run_id="r")
    (repository / "train.py").write_text("lr = 2.5\n", encoding="utf-8")
    from runicorn.environment import Capture

    for attempt in (1, 2):
        again = Capture(run, run._plugins)
        again.start()
        again.join(WAIT_S)
        assert (run.run_dir / f"environment-{attempt}.json").exists()
    assert "+lr = 1.5" in (run.run_dir / "code-1.diff").read_text(encoding="utf-8")
    assert "+lr = 2.5" in (run.run_dir / "code-2.diff").read_text(encoding="utf-8")
    assert "+lr = 2.5" in diff_of(run)


def test_lists_and_dictionaries_of_several_plugins_are_joined() -> None:
    known: dict[str, Any] = {"gpu_info": [1], "cpu": {"a": 1}, "x": 1, "y": [1]}
    merge(known, {"gpu_info": [2], "cpu": {"a": 3, "b": 2}, "x": 2, "y": {"c": 3}, "z": 4})
    assert known == {"gpu_info": [1, 2], "cpu": {"a": 1, "b": 2}, "x": 1, "y": [1], "z": 4}


@pytest.mark.parametrize("how", ["variable", "argument"])
def test_it_can_be_turned_off(root: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    if how == "variable":
        monkeypatch.setenv("RUNICORN_CAPTURE_ENV", "off")
    else:
        monkeypatch.setenv("RUNICORN_PLUGINS", "none")
    with rn.init(storage=root) as run:
        pass
    assert not (run.run_dir / "environment.json").exists()


@pytest.mark.promise(5)
def test_a_folder_that_is_gone_is_told_and_the_run_goes_on(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import shutil

    asked, gone = threading.Event(), threading.Event()

    class Slow:
        @rn.hookimpl(tryfirst=True)
        def runicorn_environment(self) -> dict[str, object]:
            asked.set()
            gone.wait(WAIT_S)
            return {"late": True}

    run = rn.init(storage=root, plugins=[Slow()])
    assert asked.wait(WAIT_S)
    shutil.rmtree(run.run_dir)
    gone.set()
    assert complete(run)
    rn.log(a=1)
    assert "environment" in caplog.text


SECRETS_SCRIPT = """
import runicorn as rn
run = rn.init(storage={root!r})
run._collectors._capture.join(60)
rn.log(a=1)
rn.finish()
"""


@pytest.mark.promise(11)
def test_no_secret_of_the_surroundings_reaches_any_file_of_the_run(
    root: Path, repository: Path
) -> None:
    git("remote", "add", "origin", f"https://x-token:{TOKEN}@git.test/a.git")
    (repository / "train.py").write_text(
        SECRETS_SCRIPT.format(root=str(root)) + f'api_key = "{SECRET}"\n# {TOKEN}\n',
        encoding="utf-8",
    )
    (repository / ".env").write_text(f"ANYTHING={SECRET}\n", encoding="utf-8")
    (repository / "conf.yaml").write_text(f"db:\n  password: {SECRET}\n", encoding="utf-8")
    git("add", ".")
    environ = {
        **os.environ,
        "HF_TOKEN": SECRET,
        "WANDB_API_KEY": SECRET,
        "RUNICORN_TOKEN": SECRET,
        "RUNICORN_INDEX_URL": f"postgresql://me:{SECRET}@h/db",
        "SLURM_COMMENT": TOKEN,
    }
    words = ["--password", SECRET, f"--hub-token={SECRET}", f"db=mysql://u:{SECRET}@h/x", TOKEN]
    subprocess.run(
        [sys.executable, "train.py", *words], env=environ, check=True, capture_output=True
    )
    files = [path for path in root.rglob("*") if path.is_file()]
    assert {"code.diff", "environment.json", "meta.json"} <= {path.name for path in files}
    for path in files:
        content = path.read_bytes()
        assert SECRET.encode() not in content, path
        assert TOKEN.encode() not in content, path
    folder = next(path.parent for path in files if path.name == "code.diff")
    assert "api_key = " in (folder / "code.diff").read_text(encoding="utf-8")
    assert json.loads((folder / "meta.json").read_text(encoding="utf-8"))["argv"][1:3] == [
        "--password",
        REDACTED,
    ]
