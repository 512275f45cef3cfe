"""Built-in plugin: takes scalars of NumPy, PyTorch, JAX and TensorFlow without importing any."""

from __future__ import annotations

from runicorn.plugins.hookspecs import hookimpl

# Kinds of NumPy's types that are times, of which `item` may make an integer.
# Source: NumPy, "numpy.dtype.kind".
_TIMES = ("m", "M")


@hookimpl
def runicorn_convert_value(value: object) -> float | int | None:
    """Convert arrays and tensors of exactly one element, of any number of dimensions."""
    if _n_elements(value) != 1 or _kind(value) in _TIMES or hasattr(value, "columns"):
        return None  # what has columns is a data frame
    item = value.item() if hasattr(value, "item") else value.numpy().item()  # type: ignore[attr-defined]
    if isinstance(item, int | float):
        return item
    # A long double stays one, since no number of Python holds all of it.
    return float(item) if _kind(item) == "f" else None


def _kind(value: object) -> str | None:
    kind: str | None = getattr(getattr(value, "dtype", None), "kind", None)
    return kind


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
