"""The methods of a run that log media, one a kind; each is a short form of ``log``."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from runicorn import media
from runicorn.pieces import Media

ImageFormat = Literal["png", "jpeg", "webp"]


class MediaLogging:
    """What a run can do besides ``log``: everything here only builds a media value and logs it.

    All methods raise ``InvalidValueError`` when it can't be encoded, and nothing is written then;
    a disk that does not take the content is warned about.
    """

    @abstractmethod
    def log(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        step: int | None = None,
        stage: str | None = None,
        **metrics: Any,
    ) -> None:
        """Record values at one step."""

    def log_image(
        self,
        key: str,
        image: Any,
        step: int | None = None,
        caption: str | Sequence[str | None] | None = None,
        format: ImageFormat = "png",  # noqa: A002 - the word everybody uses
        quality: int = 90,
        *,
        value_range: tuple[float, float] | None = None,
    ) -> None:
        """Log an image, or a list of them; see `runicorn.Image`."""
        self._log_media(
            key, media.Image(image, caption, format, quality, value_range=value_range), step
        )

    def log_audio(
        self,
        key: str,
        audio: Any,
        step: int | None = None,
        caption: str | None = None,
        *,
        sample_rate: int | None = None,
    ) -> None:
        """Log a sound; see `runicorn.Audio`."""
        self._log_media(key, media.Audio(audio, sample_rate, caption), step)

    def log_video(
        self,
        key: str,
        video: Any,
        step: int | None = None,
        caption: str | None = None,
        *,
        fps: float = 10.0,
        format: Literal["mp4", "gif"] | None = None,  # noqa: A002
    ) -> None:
        """Log a video; see `runicorn.Video`."""
        self._log_media(key, media.Video(video, fps, caption, format), step)

    def log_table(
        self,
        key: str,
        table: Any,
        step: int | None = None,
        caption: str | None = None,
        *,
        columns: Sequence[str] | None = None,
    ) -> None:
        """Log a table; see `runicorn.Table`."""
        self._log_media(key, media.Table(table, columns=columns, caption=caption), step)

    def log_histogram(
        self,
        key: str,
        values: Any = None,
        step: int | None = None,
        caption: str | None = None,
        *,
        bins: int = 64,
        np_histogram: tuple[Any, Any] | None = None,
    ) -> None:
        """Log how values are distributed; see `runicorn.Histogram`."""
        self._log_media(key, media.Histogram(values, bins, np_histogram, caption), step)

    def log_figure(
        self,
        key: str,
        figure: Any,
        step: int | None = None,
        caption: str | None = None,
        *,
        dpi: float | None = None,
    ) -> None:
        """Log a figure of Matplotlib or Plotly; see `runicorn.Figure`."""
        self._log_media(key, media.Figure(figure, caption, dpi=dpi), step)

    def log_html(
        self, key: str, page: str | Path, step: int | None = None, caption: str | None = None
    ) -> None:
        """Log a page of HTML; see `runicorn.Html`."""
        self._log_media(key, media.Html(page, caption), step)

    def log_file(
        self,
        key: str,
        path: str | os.PathLike[str],
        step: int | None = None,
        caption: str | None = None,
    ) -> None:
        """Log a copy of a file; see `runicorn.File`."""
        self._log_media(key, media.File(path, caption), step)

    def _log_media(self, key: str, item: Media, step: int | None) -> None:
        self.log({key: item}, step=step)
