"""Environments that hold nothing but the wheels under test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


class Environment:
    """A virtual environment of its own."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        subprocess.run([sys.executable, "-m", "uv", "venv", "-q", str(folder)], check=True)

    def install(self, *packages: str) -> None:
        python = str(self.bin / "python")
        subprocess.run(
            [sys.executable, "-m", "uv", "pip", "install", "-q", "--python", python, *packages],
            check=True,
        )

    def variables(self, **more: str) -> dict[str, str]:
        """No Python path, and no Node: what a user of a released wheel has."""
        return {"PATH": f"{self.bin}:/bin", "HOME": str(self.bin.parent), "LANG": "C.UTF-8", **more}

    def run(self, *words: str, **variables: str) -> str:
        done = subprocess.run(
            [str(self.bin / words[0]), *words[1:]],
            capture_output=True,
            text=True,
            check=False,
            env=self.variables(**variables),
            cwd=self.bin.parent,  # not the checkout, whose packages would be found first
            timeout=100,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(self.bin / words[0]), *words[1:]],
            env=self.variables(),
            cwd=self.bin.parent,
            stderr=subprocess.STDOUT,
            stdout=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(scope="session")
def wheels() -> list[str]:
    folder = Path(os.environ["RUNICORN_WHEELS"])
    found = sorted(str(path) for path in folder.glob("*.whl"))
    assert len(found) == 5, f"five wheels are built into {folder}, not {found}"
    return found


@pytest.fixture(scope="session")
def installed(wheels: list[str], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    environment = Environment(tmp_path_factory.mktemp("environment") / "v")
    environment.install(*wheels)
    return environment


@pytest.fixture(scope="session")
def release_0_4(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The public release whose folders must open."""
    environment = Environment(tmp_path_factory.mktemp("release") / "v")
    environment.install("runicorn==0.4.1")
    return environment
