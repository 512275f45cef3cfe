"""Pixels: arrays of numbers become bytes of grey or colour, in one documented way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runicorn.errors import InvalidValueError
from runicorn.media.arrays import as_array, split_nonfinite

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Grey, colour, colour with alpha.
_CHANNELS = frozenset({1, 3, 4})
# Rounding of an interpolation or a sigmoid may leave [0, 1] by a little; a grey level is 1 / 255.
_TOLERANCE = 1e-3


def to_pixels(
    key: str, value: Any, ndim: int, value_range: tuple[float, float] | None
) -> tuple[NDArray[np.uint8], dict[str, int]]:
    """Turn an array into pixels.

    Args:
        key: For messages.
        value: An array of images: the last dimensions (H, W), (H, W, C) or (C, H, W) with C of 1, 3
            or 4. Where both could be meant, tensors of PyTorch are (C, H, W).
        ndim: The dimensions of the result, 3 for an image and 4 for a film.
        value_range: What becomes black and what white; beyond it is clipped. When it is ``None``,
            booleans are black and white, integers go from 0 to 255, floats from 0 to 1.

    Returns:
        ((…, H, W, C), how many numbers are not finite by name: NaN and -Infinity become black,
        Infinity becomes white).

    Raises:
        InvalidValueError: It has another shape, is empty, or leaves its range.
    """
    array = as_array(key, value)
    is_channels_first = hasattr(value, "detach")
    array = _channels_last(key, array, ndim, is_channels_first)
    if array.dtype.kind == "b":
        return array.astype("uint8") * 255, {}
    if value_range is None and array.dtype == "uint8":
        return array, {}
    return _scaled(key, array, value_range)


def _channels_last(
    key: str, array: NDArray[Any], ndim: int, is_channels_first: bool
) -> NDArray[Any]:
    shape = array.shape
    if len(shape) == ndim - 1:
        array = array[..., None]
    elif len(shape) == ndim:
        last, first = shape[-1] in _CHANNELS, shape[-3] in _CHANNELS
        if first and (is_channels_first or not last):
            array = array.swapaxes(-3, -2).swapaxes(-2, -1)
        elif not last:
            raise InvalidValueError(key, shape, _wrong_shape(shape, ndim))
    else:
        raise InvalidValueError(key, shape, _wrong_shape(shape, ndim))
    if 0 in array.shape:
        raise InvalidValueError(key, shape, f"an array of shape {shape} has no pixels")
    return array


def _wrong_shape(shape: tuple[int, ...], ndim: int) -> str:
    t = "t, " if ndim == 4 else ""  # noqa: PLR2004 - a film
    return (
        f"an array of shape {shape} is no picture; wanted is ({t}H, W), ({t}H, W, C) or "
        f"({t}C, H, W) with 1, 3 or 4 channels"
    )


def _scaled(
    key: str, array: NDArray[Any], value_range: tuple[float, float] | None
) -> tuple[NDArray[np.uint8], dict[str, int]]:
    import numpy as np

    is_integer = array.dtype.kind in "iu"
    low, high = value_range or ((0, 255) if is_integer else (0, 1))
    if not -np.inf < low < high < np.inf:
        raise InvalidValueError(key, value_range, "value_range is two numbers, black before white")
    # float16 has too few bits for 255 steps, float64 more than are wanted.
    values = array.astype(np.float64 if array.dtype.itemsize > 4 else np.float32)  # noqa: PLR2004
    finite, nonfinite = split_nonfinite(values)
    if value_range is None:
        _check_range(key, values[finite], low, high, is_integer)
    values = np.nan_to_num(values, copy=False, nan=low, posinf=high, neginf=low)
    np.clip(values, low, high, out=values)
    values = (values - low) * (255.0 / (high - low))
    return np.rint(values).astype(np.uint8), nonfinite


def _check_range(key: str, values: NDArray[Any], low: float, high: float, is_integer: bool) -> None:
    if not values.size:
        return
    least, most = float(values.min()), float(values.max())
    if least < low - _TOLERANCE or most > high + _TOLERANCE:
        kind = "integers" if is_integer else "floats"
        raise InvalidValueError(
            key,
            None,
            f"{kind} go from {low} to {high}, these from {least:.6g} to {most:.6g}. Say what is "
            f"black and what is white with value_range=({least:.3g}, {most:.3g}), or scale them",
        )
