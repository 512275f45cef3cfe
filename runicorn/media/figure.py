"""Figure: charts of Matplotlib as a picture, charts of Plotly as their own data."""

from __future__ import annotations

import io
from types import ModuleType
from typing import Any

from runicorn.errors import InvalidValueError
from runicorn.media.foreign import class_names
from runicorn.media.sniffing import size_of
from runicorn.pieces import Media, Piece

# Figure and what stands for one; `pyplot` itself stands for its current figure.
_MATPLOTLIB = frozenset({"matplotlib.figure.FigureBase", "matplotlib.artist.Artist"})
_PYPLOT = "matplotlib.pyplot"
_SEABORN = "seaborn.axisgrid.Grid"
_PLOTLY = "plotly.basedatatypes.BaseFigure"


class Figure(Media):
    """A chart.

    Matplotlib's becomes an ``image`` event, a PNG; the figure itself stays open and as it was.
    Plotly's becomes a ``figure`` event, the JSON that its viewer draws.
    """

    def __init__(
        self, figure: Any, caption: str | None = None, *, dpi: float | None = None
    ) -> None:
        """Remember the figure; it is drawn when it is logged.

        Args:
            figure: A figure of Matplotlib or Plotly; Axes, ``pyplot`` and grids of Seaborn stand
                for their figure.
            caption: A line about it.
            dpi: Of the PNG `[dots per inch]`; the figure's own when ``None``.
        """
        self._figure = figure
        self._dpi = dpi
        self.caption = caption

    @classmethod
    def wraps(cls, value: object) -> bool:
        """Take charts of both."""
        return is_matplotlib(value) or _is_plotly(value)

    def pieces(self, key: str) -> list[Piece]:
        """Draw or export the figure."""
        figure = self._figure
        if is_matplotlib(figure):
            return [figure_piece(key, figure, self._dpi)]
        if not _is_plotly(figure):
            kind = f"{type(figure).__module__}.{type(figure).__qualname__}"
            raise InvalidValueError(
                key, figure, f"Figure takes a figure of Matplotlib or Plotly, not a {kind}"
            )
        try:
            content = figure.to_json().encode()
        except Exception as error:  # of any value in it
            raise InvalidValueError(key, figure, f"can't be exported: {error}") from error
        return [Piece("figure", {"format": "plotly"}, "plotly.json", content)]


def is_matplotlib(value: object) -> bool:
    """Tell whether a value is, or stands for, a figure of Matplotlib; nothing is imported."""
    if isinstance(value, ModuleType):
        return value.__name__ == _PYPLOT
    names = set(class_names(value))
    return _SEABORN in names or (bool(names & _MATPLOTLIB) and hasattr(value, "get_figure"))


def figure_piece(key: str, value: Any, dpi: float | None) -> Piece:
    """Draw a figure of Matplotlib, or what stands for one, as a PNG.

    Raises:
        InvalidValueError: It can't be drawn.
    """
    buffer = io.BytesIO()
    try:
        _figure_of(value).savefig(buffer, format="png", dpi="figure" if dpi is None else dpi)
    except Exception as error:  # of any artist in it
        raise InvalidValueError(key, value, f"can't be drawn: {error}") from error
    content = buffer.getvalue()
    width, height = size_of(content, "png") or (0, 0)
    data = {"format": "png", "width": width, "height": height, "figure": "matplotlib"}
    return Piece("image", data, "png", content)


def _figure_of(value: Any) -> Any:
    if isinstance(value, ModuleType):
        return value.gcf()
    if hasattr(value, "savefig"):
        return value
    figure = value.get_figure()
    if figure is None:
        raise ValueError("it belongs to no figure")
    return figure


def _is_plotly(value: object) -> bool:
    return _PLOTLY in class_names(value)
