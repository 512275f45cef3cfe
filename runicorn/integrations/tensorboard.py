"""TensorBoard: what goes into a ``SummaryWriter`` is recorded in the active run as well.

Reads the events on their way into TensorBoard's own file writer, so scalars, histograms, images and
texts come with their steps, however the writer was called. The files of TensorBoard stay as they
are. Trouble here is told once and never reaches the training.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from runicorn.current import get_active_run
from runicorn.recording import Run

_log = logging.getLogger("runicorn")
_original: Callable[..., Any] | None = None
_told: set[str] = set()


def patch() -> Callable[[], None]:
    """Record from now on what any ``SummaryWriter`` writes; calling it again does nothing more.

    Returns:
        A function that ends it.

    Raises:
        ImportError: TensorBoard is not installed.
    """
    global _original  # noqa: PLW0603 - patched once a process
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    if _original is None:
        _original = original = EventFileWriter.add_event

        def add_event(self: Any, event: Any) -> Any:
            answer = original(self, event)
            _pass_on(self.get_logdir(), event)
            return answer

        EventFileWriter.add_event = add_event
    return unpatch


def unpatch() -> None:
    """Record no more of what goes into a ``SummaryWriter``."""
    global _original  # noqa: PLW0603
    if _original is not None:
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        EventFileWriter.add_event = _original
        _original = None


def _pass_on(folder: str, event: Any) -> None:
    run = get_active_run()
    if run is None or not event.HasField("summary"):
        return
    for value in event.summary.value:
        try:
            _record(run, _key(folder, value.tag), value, event.step)
        except Exception as error:  # noqa: BLE001 - promise 5: nothing of ours stops a training
            if value.tag not in _told:
                _told.add(value.tag)
                _log.warning("%s of TensorBoard can't be recorded: %s", value.tag, error)


def _key(folder: str, tag: str) -> str:
    # `add_scalars` has a writer of its own for each line, whose folder ends with the line's name.
    name, prefix = folder.rstrip("/").rpartition("/")[2], f"{tag.replace('/', '_')}_"
    tag = tag.strip("/")
    return f"{tag}/{name[len(prefix) :]}" if name.startswith(prefix) else tag


def _record(run: Run, key: str, value: Any, step: int) -> None:
    kind = value.WhichOneof("value")
    plugin = value.metadata.plugin_data.plugin_name
    if kind == "simple_value":
        run.log({key: value.simple_value}, step=step)
    elif kind == "tensor" and plugin == "scalars":
        run.log({key: float(_array(value).item())}, step=step)
    elif kind == "tensor" and plugin == "text":
        text = b"\n".join(_array(value).ravel().tolist()).decode("utf-8", "replace")
        shown = key.removesuffix("/text_summary")
        run.record("text", {"key": shown, "text": text, "step": step})
    elif kind == "histo":
        run.log({key: _histogram(value.histo)}, step=step)
    elif kind == "image":
        from runicorn.media.image import Image

        run.log({key: Image(value.image.encoded_image_string)}, step=step)


def _array(value: Any) -> Any:
    from tensorboard.util.tensor_util import make_ndarray

    return make_ndarray(value.tensor)


def _histogram(histogram: Any) -> Any:
    from runicorn.media.histogram import Histogram

    limits = list(histogram.bucket_limit)
    edges = [min(histogram.min, limits[0]), *limits]
    return Histogram(np_histogram=(list(histogram.bucket), edges))
