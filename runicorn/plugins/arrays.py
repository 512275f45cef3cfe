"""Built-in plugin: takes scalars of NumPy, PyTorch, JAX and TensorFlow without importing any."""

from __future__ import annotations

from runicorn.plugins.hookspecs import hookimpl


@hookimpl
def runicorn_convert_value(value: object) -> float | int | None:
    """Convert arrays and tensors of exactly one element, of any number of dimensions."""
    if _n_elements(value) != 1:
        return None
    item = value.item() if hasattr(value, "item") else value.numpy().item()  # type: ignore[attr-defined]
    return item if isinstance(item, int | float) else None


def _n_elements(value: object) -> int | None:
    shape = getattr(value, "shape", None)
    if shape is None:
        return None
    count = 1
    try:
        for length in shape:
            count *= int(length)
    except TypeError:  # a shape of unknown rank, as symbolic tensors have it
        return None
    return count
