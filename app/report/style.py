"""The look of figures: drawn in the page's own text colour, so that they fit light, dark and paper."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from cycler import cycler
from markupsafe import Markup, escape
from matplotlib import rc_context
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

__all__ = ["BEFORE", "COLOURS", "Figure", "colour_of", "drawing", "plain_decades", "to_svg"]

#: Colours that differ for every eye (Okabe and Ito 2008, "Color Universal Design"); the blue lighter, for dark pages.
COLOURS = ("#2a85c8", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#999933", "#882255")
#: Values before alignment or matching, beside those after.
BEFORE = "#8a8f98"
#: Stands for the page's text colour until the figure is text itself.
_INK = "#123456"

_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "jwst-lv3",
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": _INK,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "axes.titlecolor": _INK,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.facecolor": "none",
    "axes.formatter.useoffset": False,
    "axes.prop_cycle": cycler(color=COLOURS),
    "xtick.color": _INK,
    "ytick.color": _INK,
    "figure.facecolor": "none",
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.markersize": 4,
}


@contextmanager
def drawing() -> Iterator[None]:
    """Context in which figures have this style."""
    with rc_context(_STYLE):
        yield


def to_svg(figure: Figure, label: str) -> Markup:
    """The figure as part of a page; `label` is what it is to those who cannot see it."""
    return Markup(_svg(figure).replace("<svg ", f'<svg role="img" aria-label="{escape(label)}" ', 1))  # noqa: S704


def _svg(figure: Figure) -> str:
    """SVG without its XML prologue; what matplotlib writes into it is escaped."""
    text = io.StringIO()
    nothing: dict[str, Any] = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(text, format="svg", metadata=nothing)
    return text.getvalue().partition("<!DOCTYPE")[2].partition(">")[2].lstrip().replace(_INK, "currentColor")


def plain_decades(axis: Axis) -> None:
    """Powers of ten along a logarithmic axis as decimal numbers; formulas are slow to draw, and to read."""
    axis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_minor_formatter(NullFormatter())


def colour_of(keys: Sequence[str]) -> dict[str, str]:
    """A colour for each different key; they come round again where there are more."""
    different = list(dict.fromkeys(keys))
    return {key: COLOURS[i % len(COLOURS)] for i, key in enumerate(different)}
