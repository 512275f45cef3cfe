"""The menu of checks: ``nox -l`` lists them, ``nox`` runs those that a change must pass."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import nox

sys.path.insert(0, str(Path(__file__).parent))
from dev import (
    CONSTRAINTS,
    INTEGRATIONS,
    TORCH,
    find_npm,
    node_environment,
    share_settings,
)

nox.needs_version = ">=2025.5"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "ui", "tests", "packaging"]
nox.options.error_on_missing_interpreters = True

share_settings()

MEMBERS = (".", "server", *INTEGRATIONS)
TORCH_WANTED = bool(os.environ.get("UV_FIND_LINKS"))


UI_SCRIPTS = (
    "lint",
    "build",
    "test",
    "check-i18n",
    "check-contrast",
    "check-size",
    "check-offline",
)


def _install_members(session: nox.Session, *more: str) -> None:
    editable = [word for member in MEMBERS for word in ("-e", member)]
    torch = [TORCH] if TORCH_WANTED else []
    constraints = ["-c", str(CONSTRAINTS)] if CONSTRAINTS.exists() else []
    session.install(*constraints, *torch, *editable, *more)


def _group(name: str) -> list[str]:
    return list(nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), name))


@nox.session
def lint(session: nox.Session) -> None:
    """Style, types and import rules of all Python code."""
    _install_members(session, *_group("lint"), *_group("test"), "nox")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")
    session.run("lint-imports")
    session.run("codespell", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs", "runicorn")


@nox.session
def ui(session: nox.Session) -> None:
    """Types, style, tests, build and size of the page."""
    npm = find_npm(f"{session.bin}/python", session.install)
    environment = node_environment(npm)
    with session.chdir("server/ui"):
        session.run(
            *npm,
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            env=environment,
            external=True,
        )
        # One by one: a script that calls npm itself would need one on the path.
        for script in UI_SCRIPTS:
            session.run(*npm, "run", script, env=environment, external=True)


@nox.session
def tests(session: nox.Session) -> None:
    """All Python tests, in two processes; the browser journeys need the page that `ui` builds."""
    _install_members(session, *_group("test"))
    session.run("pytest", "-n", "2", "--ignore=tests/packaging", *session.posargs)


@nox.session
def packaging(session: nox.Session) -> None:
    """Build all wheels and exercise them in an empty environment."""
    session.install("build", "hatchling", "pytest", "pytest-timeout", "uv")
    with tempfile.TemporaryDirectory() as folder:
        for member in MEMBERS:
            session.run("uv", "build", "--wheel", "--out-dir", folder, member)
        session.run(
            "pytest",
            "tests/packaging",
            "--confcutdir=tests/packaging",
            env={"RUNICORN_WHEELS": folder},
        )


@nox.session
def bench(session: nox.Session) -> None:
    """The figures, side by side with their limits."""
    _install_members(session, *_group("test"))
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session(venv_backend="none")
def clean(session: nox.Session) -> None:
    """Remove what builds and tests leave."""
    for name in (".nox", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", "dist"):
        session.log(f"removing {name}")
        shutil.rmtree(name, ignore_errors=True)
