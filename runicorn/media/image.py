"""Image: a picture from a file, an array, Pillow or Matplotlib; or several of them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from runicorn.errors import InvalidValueError
from runicorn.media.arrays import is_array
from runicorn.media.encoded import as_content, known_format
from runicorn.media.figure import figure_piece, is_matplotlib
from runicorn.media.foreign import class_names
from runicorn.media.pixels import to_pixels
from runicorn.media.png import encode_png
from runicorn.media.sniffing import size_of
from runicorn.pieces import Content, Gallery, Media, Piece

FORMATS = ("png", "jpeg", "webp")
# What browsers show, and what is kept all the same.
_KNOWN = frozenset({"png", "jpeg", "gif", "webp", "bmp", "svg", "avif", "tiff"})
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
# What Pillow can write into which format as it is; anything else becomes colour.
_WRITABLE = {
    "png": {"1", "L", "LA", "P", "I;16", "RGB", "RGBA"},
    "jpeg": {"L", "RGB"},
    "webp": {"RGB", "RGBA"},
}


class Image(Media):
    """A picture, or a list of pictures under one key.

    Files and bytes are kept as they are; arrays and Pillow's images are encoded.
    """

    def __init__(
        self,
        image: Any,
        caption: str | Sequence[str | None] | None = None,
        format: str = "png",  # noqa: A002 - the word everybody uses
        quality: int = 90,
        *,
        value_range: tuple[float, float] | None = None,
    ) -> None:
        """Remember the picture; it is encoded when it is logged.

        Args:
            image: A path or the bytes of a picture, an image of Pillow, a figure of Matplotlib, or
                an array or tensor (H, W), (H, W, 1/3/4) or (1/3/4, H, W) of booleans, integers from
                0 to 255 or floats from 0 to 1; or a list of such, or an array of one dimension
                more.
            caption: A line about it; for several pictures a list of as many.
            format: ``png``, ``jpeg`` or ``webp``, for what is encoded; the last two need Pillow.
            quality: Of JPEG and WebP, 1 to 100.
            value_range: What is black and what is white in an array; beyond it is clipped. Without
                it, numbers beyond their range are refused.
        """
        self._image = image
        self._format = "jpeg" if format == "jpg" else format
        self._quality = quality
        self._value_range = value_range
        self._captions = caption
        self.caption = caption if isinstance(caption, str) else None

    @classmethod
    def wraps(cls, value: object) -> bool:
        """Take images of Pillow."""
        return "PIL.Image.Image" in class_names(value)

    def pieces(self, key: str) -> list[Piece]:
        """Encode the picture, or all of them in order."""
        if self._format not in FORMATS:
            reason = f"format is one of {', '.join(FORMATS)}, not {self._format!r}"
            raise InvalidValueError(key, self._format, reason)
        if isinstance(self._quality, bool) or self._quality not in range(1, 101):
            reason = f"quality is an integer from 1 to 100, not {self._quality!r}"
            raise InvalidValueError(key, self._quality, reason)
        if _are_several(self._image):
            return Gallery(self._each(key)).pieces(key)
        return [self._piece(key)]

    def _each(self, key: str) -> list[Media]:
        images: list[Any] = list(self._image)
        captions = self._captions
        if captions is None or isinstance(captions, str):
            captions = [None] * len(images)
        if not images or len(captions) != len(images):
            reason = f"{len(images)} images, {len(captions)} captions: one or more, as many of both"
            raise InvalidValueError(key, captions, reason)
        return [self._one(image, caption) for image, caption in zip(images, captions, strict=True)]

    def _one(self, image: Any, caption: str | None) -> Media:
        if isinstance(image, Media):
            return image
        made = Image(image, None, self._format, self._quality, value_range=self._value_range)
        made.caption = caption
        return made

    def _piece(self, key: str) -> Piece:
        image = self._image
        content = as_content(key, image)
        if content is not None:
            return _kept(key, content)
        if self.wraps(image):
            return self._by_pillow(key, image, {})
        if is_matplotlib(image):
            return figure_piece(key, image, None)
        pixels, nonfinite = to_pixels(key, image, 3, self._value_range)
        more = {"nonfinite": nonfinite} if nonfinite else {}
        if self._format != "png":
            return self._by_pillow(key, image_of(key, pixels), more)
        height, width, channels = pixels.shape
        data = {"format": "png", "width": width, "height": height, "mode": _MODES[channels]}
        return Piece("image", {**data, **more}, "png", encode_png(pixels))

    def _by_pillow(self, key: str, image: Any, more: dict[str, Any]) -> Piece:
        name, buffer = self._format, io.BytesIO()
        try:
            image = _as_writable(image, name)
            image.save(buffer, format=name, quality=self._quality)
        except Exception as error:  # a truncated file, a mode or size that the format can't hold
            raise InvalidValueError(key, image, f"can't be written as {name}: {error}") from error
        data = {"format": name, "width": image.width, "height": image.height, "mode": image.mode}
        return Piece("image", {**data, **more}, name, buffer.getvalue())


def image_of(key: str, pixels: Any) -> Any:
    """Return pixels (H, W, C) as an image of Pillow.

    Raises:
        InvalidValueError: Pillow is not installed.
    """
    try:
        import PIL.Image
    except ImportError:
        raise InvalidValueError(
            key, None, "this format needs Pillow: pip install pillow; PNG needs nothing"
        ) from None
    return PIL.Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def _are_several(image: Any) -> bool:
    if isinstance(image, list | tuple):
        # A list of numbers, or of lists, is an array.
        return not image or not isinstance(image[0], list | tuple | int | float)
    return is_array(image) and len(image.shape) == 4  # noqa: PLR2004 - a batch of (H, W, C)


def _kept(key: str, content: Content) -> Piece:
    name, head = known_format(key, content, _KNOWN, "picture")
    size = size_of(head, name)
    shape = {} if size is None else {"width": size[0], "height": size[1]}
    return Piece("image", {"format": name, **shape}, name, content)


def _as_writable(image: Any, name: str) -> Any:
    """Bring an image of Pillow into a mode that a format can hold; alpha in a JPEG turns white."""
    if image.mode in _WRITABLE[name]:
        return image
    if image.mode in {"I", "F"}:
        raise ValueError(f"mode {image.mode} has no limits; log an array with value_range")
    image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if name != "jpeg" or image.mode == "RGB":
        return image
    import PIL.Image

    white = PIL.Image.new("RGBA", image.size, "white")
    return PIL.Image.alpha_composite(white, image).convert("RGB")
