"""What goes into a ``SummaryWriter`` is recorded as well, and TensorBoard's own files stay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import runicorn as rn
from runicorn.integrations import tensorboard
from runicorn.testing import read_events

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(autouse=True)
def patched() -> Iterator[None]:
    unpatch = tensorboard.patch()
    tensorboard.patch()
    yield
    unpatch()


def test_every_kind_of_value_comes_with_its_step(root: Path, tmp_path: Path) -> None:
    from torch.utils.tensorboard import SummaryWriter

    with rn.init(storage=root) as run, SummaryWriter(str(tmp_path / "tb")) as writer:
        writer.add_scalar("train/loss", 0.5, 3)
        writer.add_scalar("new", torch.tensor(1.5), 4, new_style=True)
        writer.add_scalars("acc", {"train": 0.25, "val": 0.75}, 5)
        writer.add_histogram("weights", np.arange(100.0), 6)
        writer.add_image("digit", np.zeros((3, 4, 5)), 7)
        writer.add_text("note", "hello", 8)
    found = rn.run_by_id(run.id, root=root)
    values = {key: found.history(key) for key in found.metrics}
    assert {key: (h.steps.tolist(), h.values.tolist()) for key, h in values.items()} == {
        "train/loss": ([3], [0.5]),
        "new": ([4], [1.5]),
        "acc/train": ([5], [0.25]),
        "acc/val": ([5], [0.75]),
    }
    (histogram,) = read_events(run.run_dir, "histogram")
    assert (histogram["data"]["key"], sum(histogram["data"]["counts"])) == ("weights", 100)
    (image,) = read_events(run.run_dir, "image")
    assert (run.run_dir / image["data"]["path"]).read_bytes().startswith(b"\x89PNG")
    (text,) = read_events(run.run_dir, "text")
    assert text["data"] == {"key": "note", "text": "hello", "step": 8}
    assert list((tmp_path / "tb").glob("events.out.tfevents.*"))


def test_without_a_run_or_with_a_bad_key_the_writer_works_as_ever(
    root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(tmp_path / "tb")) as writer:
        writer.add_scalar("a", 1.0, 1)
        with rn.init(storage=root) as run:
            writer.add_scalar("time", 2.0, 2)
            writer.add_scalar("time", 3.0, 3)
            writer.add_scalar("b", 4.0, 4)
    assert rn.run_by_id(run.id, root=root).metrics == ["b"]
    assert caplog.text.count("can't be recorded") == 1
