from __future__ import annotations

import inspect
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import PIL.Image
import plotly.graph_objects as go
import pytest
from matplotlib.figure import Figure

import runicorn as rn
from runicorn.errors import InvalidValueError, RunClosedError
from runicorn.pieces import Media, Piece

METHODS = ["audio", "figure", "file", "histogram", "html", "image", "table", "video"]
Events = Callable[[], list[tuple[str, dict[str, Any]]]]


@pytest.fixture
def run(root: Path) -> rn.Run:
    return rn.init(
        storage=root, capture_env=False, capture_console=False, system_metrics=False, plugins=[]
    )


@pytest.fixture
def events(run: rn.Run) -> Events:
    """Return (type, data) of what the journal holds."""

    def read() -> list[tuple[str, dict[str, Any]]]:
        lines = map(json.loads, (run.run_dir / "events.jsonl").read_bytes().splitlines())
        return [(line["type"], line["data"]) for line in lines]

    return read


def test_every_kind_is_logged_by_its_function(run: rn.Run, events: Events, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("x", encoding="utf-8")
    rn.log_image("image", np.eye(4), 1, "a caption", "jpeg", 50)
    rn.log_audio("audio", np.zeros(8), step=1, sample_rate=8000)
    rn.log_video("video", np.zeros((2, 4, 4)), step=1, fps=5, format="gif")
    rn.log_table("table", [[1]], step=1, columns=["a"])
    rn.log_histogram("histogram", [1, 2], step=1, bins=2)
    rn.log_figure("figure", go.Figure(), step=1)
    run.log_figure("drawing", Figure(), step=1, dpi=20)
    rn.log_html("html", "<p>", step=1)
    rn.log_file("file", path, step=1)
    logged = events()
    assert [kind for kind, _ in logged] == [
        "image", "audio", "video", "table", "histogram", "figure", "image", "html", "file",
    ]  # fmt: skip
    for _kind, data in logged:
        assert data["step"] == 1
        if "path" in data:
            content = (run.run_dir / data["path"]).read_bytes()
            assert len(content) == data["size_bytes"] > 0
    assert logged[0][1]["caption"] == "a caption"
    assert list(logged[0][1])[:4] == ["key", "path", "size_bytes", "caption"]
    assert "path" not in logged[4][1]


@pytest.mark.parametrize("name", METHODS)
def test_function_and_method_have_one_signature(run: rn.Run, name: str) -> None:
    function, method = getattr(rn, f"log_{name}"), getattr(rn.Run, f"log_{name}")
    ours, theirs = (list(inspect.signature(call).parameters) for call in (function, method))
    assert ours == theirs[1:]
    assert function.__doc__
    rn.finish()
    with pytest.raises(RunClosedError):
        function("k", None)


def test_scalars_and_media_of_one_call_share_step_and_stage(run: rn.Run, events: Events) -> None:
    run.log({"loss": 0.5, "val": {"page": rn.Html("<p>")}}, stage="val")
    run.log({"loss": 0.25})
    (kind, page), (_, first), (_, second) = events()
    assert (kind, page["key"], page["step"], page["stage"]) == ("html", "val/page", 1, "val")
    assert (first["loss"], first["global_step"], first["stage"]) == (0.5, 1, "val")
    assert second["global_step"] == 2


def test_media_alone_count_a_step_and_write_no_empty_line_of_metrics(
    run: rn.Run, events: Events
) -> None:
    run.log({"page": rn.Html("<p>")})
    run.log({"loss": 1.0})
    run.log({"page": rn.Html("<p>")}, step=10)
    assert [kind for kind, _ in events()] == ["html", "metrics", "html"]
    assert [data.get("step", data.get("global_step")) for _, data in events()] == [1, 2, 10]
    assert run.step == 10


def test_objects_of_other_libraries_are_taken_as_they_are(run: rn.Run, events: Events) -> None:
    image = PIL.Image.new("L", (2, 2))
    run.log(
        {
            "image": image, "images": [image, image], "drawing": Figure(), "chart": go.Figure(),
            "frame": pd.DataFrame({"a": [1]}), "mixed": [rn.Html("<p>"), image], "loss": 1.0,
        }
    )  # fmt: skip
    logged = [(kind, data.get("key"), data.get("index")) for kind, data in events()]
    assert logged == [
        ("image", "image", None), ("image", "images", 0), ("image", "images", 1),
        ("image", "drawing", None), ("figure", "chart", None), ("table", "frame", None),
        ("html", "mixed", 0), ("image", "mixed", 1), ("metrics", None, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "value", [np.zeros((4, 4)), np.zeros(3), [np.zeros((4, 4))], [1, 2], [], ["x"]], ids=repr
)
def test_arrays_are_not_guessed_at(run: rn.Run, events: Events, value: Any) -> None:
    with pytest.raises(InvalidValueError, match=r"rn\.Image or rn\.Histogram|no number"):
        run.log({"a": value, "loss": 1.0})
    assert events() == []


def test_what_can_not_be_encoded_leaves_nothing_of_its_call(run: rn.Run, events: Events) -> None:
    bad: list[dict[str, Any]] = [
        {"good": rn.Html("<p>"), "loss": 1.0, "bad": rn.Image("no such file")},
        {"good": rn.Html("<p>"), "bad": [rn.Html("<p>"), rn.Audio(b"?")]},
        {"good": rn.Html("<p>"), "bad": object()},
        {"good": rn.Html("<p>"), "bad": rn.Html("<p>", caption=3)},  # type: ignore[arg-type]
        {"good": rn.Html("<p>"), "a/b": rn.Html("<p>"), "a": {"b": 1.0}},
        {"a": {"b": rn.Html("<p>")}, "a/b": rn.Html("<p>")},
        {"time": rn.Html("<p>")},
    ]
    for data in bad:
        with pytest.raises(InvalidValueError):
            run.log(data)
    for options in ({"step": 1.5}, {"step": 2**63}, {"stage": 3}):
        with pytest.raises(InvalidValueError):
            run.log({"good": rn.Html("<p>")}, **options)
    assert events() == []
    assert not (run.run_dir / "media").exists()
    run.log({"good": rn.Html("<p>")})
    assert events()[0][1]["step"] == 1


@pytest.mark.parametrize("key", ["../up", "..", "x" * 256, "漢字/画像", "😀", "a b:c*", "con"])
def test_hostile_keys_name_files_inside_the_folder(run: rn.Run, events: Events, key: str) -> None:
    run.log_html(key, "<p>")
    ((_, data),) = events()
    assert data["key"] == key
    (path,) = (run.run_dir / "media").iterdir()
    assert data["path"] == f"media/{path.name}"
    assert path.read_bytes() == b"<p>"


def test_captions_of_every_script_are_kept(run: rn.Run, events: Events) -> None:
    run.log_html("a", "<p>", caption="漢 😀 <script> \ud800")
    assert events()[0][1]["caption"] == "漢 😀 <script> \\ud800"


def test_media_in_cells_of_a_table_are_files_before_it(run: rn.Run, events: Events) -> None:
    long_key = "k" * 256
    run.log({long_key: rn.Table({"n": [1, 2], "image": [rn.Image(np.eye(2)), None]})})
    ((_, data),) = events()
    table = json.loads((run.run_dir / data["path"]).read_bytes())
    cell = table["data"][0][1]
    assert cell["type"] == "image"
    assert (run.run_dir / cell["path"]).read_bytes().startswith(b"\x89PNG")
    assert len(list((run.run_dir / "media").iterdir())) == 2


def test_a_file_that_is_changed_later_stays_as_it_was_logged(
    run: rn.Run, events: Events, tmp_path: Path
) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("first", encoding="utf-8")
    run.log_file("notes", path)
    path.write_text("second", encoding="utf-8")
    assert (run.run_dir / events()[0][1]["path"]).read_text(encoding="utf-8") == "first"


def test_threads_log_media_at_once(run: rn.Run, events: Events) -> None:
    def work(name: str) -> None:
        for _ in range(20):
            run.log({f"{name}/image": rn.Image(np.eye(8)), f"{name}/loss": 1.0})

    threads = [threading.Thread(target=work, args=(str(i),)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    logged = events()
    assert len(logged) == 160
    steps = sorted(data["step"] for kind, data in logged if kind == "image")
    assert steps == list(range(1, 81))
    assert len(list((run.run_dir / "media").iterdir())) == 80


def test_a_run_that_ends_while_media_are_encoded_refuses_them(run: rn.Run) -> None:
    class Slow(Media):
        def pieces(self, key: str) -> list[Piece]:
            run.finish()
            return [Piece("html", {}, "html", key.encode())]

    with pytest.raises(RunClosedError):
        run.log({"slow": Slow()})
    assert list((run.run_dir / "media").iterdir()) == []


def test_media_of_ones_own_may_say_what_json_does_not_know(run: rn.Run, events: Events) -> None:
    class Molecule(Media):
        def pieces(self, key: str) -> list[Piece]:
            data = {"mass": np.float32(1.5), "name": "\ud800", "n": np.int64(3), "of": key}
            return [Piece("molecule", data, "pdb", b"ATOM")]

    run.log({"m": Molecule()})
    ((kind, data),) = events()
    assert (kind, data["mass"], data["name"], data["n"]) == ("molecule", 1.5, "\\ud800", 3)


def test_a_silent_run_takes_media_and_writes_nothing(root: Path) -> None:
    with rn.init(storage=root, mode="disabled") as run:
        run.log_image("a", np.eye(2))
        run.log({"b": rn.Html("<p>"), "c": rn.Image("not looked at")})
    assert not root.exists()


def test_listeners_are_told_of_media(root: Path) -> None:
    told: list[str] = []

    class Listener:
        @rn.hookimpl
        def runicorn_logged(self, event: Any) -> None:
            told.append(event["type"])

    with rn.init(storage=root, plugins=[Listener()]) as run:
        run.log({"a": rn.Html("<p>"), "b": 1.0})
    assert [kind for kind in told if kind in {"html", "metrics"}] == ["html", "metrics"]
