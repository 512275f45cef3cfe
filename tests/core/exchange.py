"""Plugins of the command line: formats, a command, and one that fails at everything."""

from __future__ import annotations

import sys
from typing import Any, BinaryIO

import runicorn as rn
from runicorn.errors import NotFoundError
from runicorn.importers.new_runs import NewRuns
from runicorn.transfer import Destination, Imported, Progress, Selection


class Markdown:
    is_text = True

    def __init__(self, suffix: str) -> None:
        self.suffixes = (suffix,)

    def write(self, selection: Selection, target: BinaryIO, progress: Progress) -> None:
        for number, run in enumerate(selection.runs, start=1):
            target.write(f"- {run.id}\n".encode())
            progress(number, len(selection.runs))


class Ids:
    """Makes a run of each line."""

    suffixes = (".ids",)

    def read(self, source: BinaryIO, destination: Destination, progress: Progress) -> Imported:
        with NewRuns(destination) as runs:
            for line in source:
                runs.log(line.decode().strip(), {"x": 1.0}, 1, 5.0, None)
                progress(1, 1)
            return runs.settle()


class Exchange:
    @rn.hookimpl
    def runicorn_exporters(self) -> dict[str, Markdown]:
        return {"markdown": Markdown(".md"), "jsonl": Markdown(".jsonl")}

    @rn.hookimpl
    def runicorn_importers(self) -> dict[str, Ids]:
        return {"ids": Ids()}

    @rn.hookimpl
    def runicorn_cli_commands(self, app: Any) -> None:
        def greet(name: str) -> None:
            if name == "nobody":
                raise NotFoundError("nobody is there")
            sys.stdout.write(f"hello {name}\n")

        def impossible(what: int | str) -> None: ...

        app.command("greet")(greet)
        app.command("impossible")(impossible)


class BrokenExchange:
    @rn.hookimpl
    def runicorn_exporters(self) -> None:
        raise RuntimeError("no formats today")

    @rn.hookimpl
    def runicorn_cli_commands(self) -> None:
        raise SystemExit(3)
