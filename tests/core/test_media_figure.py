from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import matplotlib as mpl
import numpy as np
import plotly.graph_objects as go
import pytest
from matplotlib.figure import Figure

import runicorn as rn
from runicorn.errors import InvalidValueError
from runicorn.pieces import Piece

mpl.use("agg")


def one(figure: Any, **options: Any) -> Piece:
    (piece,) = rn.Figure(figure, **options).pieces("k")
    return piece


def drawn() -> Figure:
    figure = Figure(figsize=(3, 2), dpi=50)
    figure.subplots().plot([1, 2, 3])
    return figure


def test_a_figure_of_matplotlib_becomes_a_picture_and_stays_as_it_was() -> None:
    figure = drawn()
    piece = one(figure)
    assert (piece.kind, piece.extension) == ("image", "png")
    expected = {"format": "png", "width": 150, "height": 100, "figure": "matplotlib"}
    assert piece.data == expected
    assert one(figure, dpi=200).data["width"] == 600
    assert (figure.dpi, len(figure.axes), piece.content) == (50, 1, one(figure).content)


def test_axes_and_pyplot_stand_for_their_figure() -> None:
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(1, 1), dpi=80)
    for given in (axes, plt, figure):
        assert rn.Figure.wraps(given)
        assert one(given).data["width"] == 80
    assert plt.fignum_exists(figure.number)
    plt.close(figure)


def test_drawing_does_not_import_pyplot() -> None:
    script = """
import sys
from matplotlib.figure import Figure
import runicorn as rn
rn.Figure(Figure()).pieces("k")
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_figure_of_plotly_becomes_its_own_json() -> None:
    figure = go.Figure(go.Scatter(x=np.arange(3), y=[1.0, float("nan"), 3.0]))
    figure.update_layout(title="é <script>alert(1)</script>")
    piece = one(figure)
    assert (piece.kind, piece.extension) == ("figure", "plotly.json")
    assert piece.data == {"format": "plotly"}
    assert isinstance(piece.content, bytes)
    assert json.loads(piece.content)["layout"]["title"]["text"].startswith("é")
    assert go.Figure(json.loads(piece.content)) == go.Figure(json.loads(figure.to_json()))


def test_what_can_not_be_drawn_is_refused_with_its_reason() -> None:
    figure = drawn()
    figure.suptitle("$\\unknown{$")
    with pytest.raises(InvalidValueError, match="can't be drawn"):
        one(figure)
    from matplotlib.lines import Line2D

    with pytest.raises(InvalidValueError, match="no figure"):
        one(Line2D([0], [0]))


@pytest.mark.parametrize("wrong", [None, 3, "figure.png", np.eye(2), {"data": []}], ids=repr)
def test_what_is_no_figure_is_refused(wrong: Any) -> None:
    assert not rn.Figure.wraps(wrong)
    with pytest.raises(InvalidValueError, match="Matplotlib or Plotly"):
        one(wrong)
