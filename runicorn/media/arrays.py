"""Arrays: whatever holds numbers, of any library and on any device, as a NumPy array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runicorn.errors import InvalidValueError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Types of numbers that NumPy has itself: booleans, integers, floats.
_KINDS = "biuf"


def as_array(key: str, value: Any) -> NDArray[Any]:
    """Return numbers as a NumPy array of booleans, integers or floats.

    Takes arrays of NumPy, PyTorch (on any device, of any precision, with or without gradient), JAX,
    TensorFlow and CuPy, and nested sequences of Python numbers. Precisions that NumPy does not
    know, such as bfloat16, become float32.

    Raises:
        InvalidValueError: It holds something else, or its parts differ in length.
    """
    import numpy as np

    try:
        array = np.asarray(_on_host(value))
        if array.dtype.kind not in _KINDS and array.dtype.kind not in "OSUMmc":
            array = array.astype(np.float32)  # bfloat16 and float8 of the package ml_dtypes
    except Exception as error:  # any library, any reason
        raise InvalidValueError(key, value, f"can't be read as an array: {error}") from error
    if array.dtype.kind not in _KINDS:
        kind = f"{type(value).__module__}.{type(value).__qualname__}"
        raise InvalidValueError(key, value, f"a {kind} of {array.dtype} holds no real numbers")
    return array


def is_array(value: object) -> bool:
    """Tell whether a value is an array of some library."""
    return hasattr(value, "shape") and hasattr(value, "dtype")


def split_nonfinite(array: NDArray[Any]) -> tuple[NDArray[np.bool_], dict[str, int]]:
    """Find what is not finite.

    Returns:
        (mask of the finite numbers, how many of the others there are by name, none left out).
    """
    import numpy as np

    finite = np.isfinite(array)
    if finite.all():
        return finite, {}
    counts = {
        "NaN": int(np.isnan(array).sum()),
        "Infinity": int(np.isposinf(array).sum()),
        "-Infinity": int(np.isneginf(array).sum()),
    }
    return finite, {name: count for name, count in counts.items() if count}


def _on_host(value: Any) -> Any:
    """Bring a tensor of another library to where and what NumPy can read."""
    if hasattr(value, "detach"):  # PyTorch
        value = value.detach().cpu()
        if value.is_floating_point() and value.element_size() <= 2:  # noqa: PLR2004 - bfloat16, float16, float8
            value = value.float()
        return value.resolve_conj().resolve_neg().numpy()
    if type(value).__module__.partition(".")[0] == "cupy":
        return value.get()
    return value
