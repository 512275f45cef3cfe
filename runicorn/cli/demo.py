"""The command ``demo``: a small real training, so that there is something to look at."""

from __future__ import annotations

import contextlib
import importlib.util
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

import runicorn as rn
from runicorn.cli import options
from runicorn.cli.output import complain, emit, tell
from runicorn.cli.progress import Told, progress
from runicorn.cli.tables import Column, table
from runicorn.errors import MissingLibraryError
from runicorn.settings import find_root

PROJECT, NAME = "demo", "digits"
LEARNING_RATES = (0.5, 0.1, 0.01)
BATCH = 64
_WIDTH = 50
_Trained = tuple[str, float, float]
_TRAINED = (Column("run", "id"), Column("learning rate", "number"), Column("accuracy", "number"))


def demo(
    epochs: Annotated[
        int, typer.Option("--epochs", min=1, metavar="N", help="How long to train.")
    ] = 15,
    root: options.Root = None,
    as_json: options.AsJson = False,
) -> None:
    """Train three small networks on handwritten digits, so that there is something to look at.

    Needs scikit-learn; takes about ten seconds.
    """
    if importlib.util.find_spec("sklearn") is None:
        raise MissingLibraryError("scikit-learn", "The demo")
    folder = find_root(root)
    trained: list[_Trained] = []
    with progress("training", "epochs") as told, _one_thread():
        digits = _digits()
        for number, rate in enumerate(LEARNING_RATES):
            before, total = number * epochs, epochs * len(LEARNING_RATES)
            trained.append(_train(folder, digits, rate, epochs, _shifted(told, before, total)))
    if as_json:
        runs = [{"id": run, "learning_rate": rate, "accuracy": acc} for run, rate, acc in trained]
        emit({"root": str(folder), "runs": runs})
        return
    table(_TRAINED, trained)
    tell("")
    option = "" if root is None else f" --root {folder}"
    for words, what in _next_steps(trained):
        tell(f"{f'runicorn {words}{option}':{_WIDTH}}  # {what}")


def _next_steps(trained: list[_Trained]) -> Iterator[tuple[str, str]]:
    ranked = [each[0] for each in sorted(trained, key=lambda each: -each[2])]
    yield "ls", "which runs there are"
    yield f"show {ranked[0]}", "the best of them"
    yield f"history {ranked[0]} -m 'val/*'", "its curves as a table"
    yield f"compare {ranked[0]} {ranked[-1]}", "what differs"
    yield "viewer", "all of it in a browser"


def _shifted(told: Told, before: int, total: int) -> Told:
    return lambda done, _total: told(before + done, total)


def _digits() -> list[Any]:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    parts: list[Any] = train_test_split(images / 16.0, labels, random_state=0)
    return parts


def _train(root: Path, digits: list[Any], rate: float, epochs: int, told: Told) -> _Trained:
    from sklearn.metrics import log_loss
    from sklearn.neural_network import MLPClassifier

    images, images_val, labels, labels_val = digits
    net = MLPClassifier((64,), solver="sgd", learning_rate_init=rate, random_state=0)
    config = {"lr": rate, "batch": BATCH, "model": {"hidden": 64, "optimizer": "sgd"}}
    accuracy = 0.0
    with _quiet_run(root, config) as run:
        run.set_primary_metric("val/accuracy", mode="max")
        for epoch in range(1, epochs + 1):
            for at in range(0, len(images), BATCH):
                batch = slice(at, at + BATCH)
                net.partial_fit(images[batch], labels[batch], classes=range(10))
                run.log({"train/loss": net.loss_}, stage="train")
            scores = net.predict_proba(images_val)
            accuracy = float((scores.argmax(axis=1) == labels_val).mean())
            loss = log_loss(labels_val, scores, labels=range(10))
            run.log({"val": {"accuracy": accuracy, "loss": loss}}, stage="val")
            run.log_text(f"epoch {epoch}/{epochs}  accuracy {accuracy:.4f}  loss {loss:.4f}")
            told(epoch, epochs)
    return run.id, rate, accuracy


def _one_thread() -> contextlib.AbstractContextManager[object]:
    """Compute on one core: threads that wait for each other cost more than this small net."""
    from threadpoolctl import threadpool_limits

    limits: contextlib.AbstractContextManager[object] = threadpool_limits(1)
    return limits


@contextlib.contextmanager
def _quiet_run(root: Path, config: dict[str, Any]) -> Iterator[rn.Run]:
    """Give a run that does not say where it lies: the demo tells of all of them at its end."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        run = rn.init(
            PROJECT, NAME, config=config, tags=["demo"], storage=root, capture_console="off"
        )
    try:
        yield run
    except KeyboardInterrupt:
        with contextlib.redirect_stderr(said):
            run.finish("interrupted")
        complain(f"run {run.id} is kept as far as it came")
        raise
    except BaseException:
        run.finish("failed")
        raise
    with contextlib.redirect_stderr(said):
        run.finish()
