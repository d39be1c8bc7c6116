"""The mosaic and its weights as pictures, read and averaged a strip at a time."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.visualization import AsinhStretch, ImageNormalize
from astropy.wcs import WCS
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from app.observation.header_wcs import sky_of
from app.observation.thinned import thinned
from app.report.data_uri import data_uri

__all__ = [
    "BLACK",
    "NOTHING",
    "SIDE",
    "SOFTENING",
    "WHITE",
    "Binned",
    "binned",
    "block_means",
    "coverage_picture",
    "draw_sky",
    "draw_weight",
    "picture",
    "sky_vectors",
    "step_of",
    "stretch_limits",
    "weight_picture",
]

Array = NDArray[np.float64]

#: Longest side of a picture [pixel].
SIDE = 900
#: Shares of the pixels that are black and white, and where asinh turns from linear to logarithmic.
BLACK, WHITE, SOFTENING = 0.02, 0.998, 0.03
#: Width of a picture, its margin on the left as a share of it, and the room below for labels and colours [inch].
WIDTH, LEFT, BELOW = 9.0, 0.165, 1.4
#: Most exposures at one place of which each number has a colour of its own.
FEW_EXPOSURES = 16
LETTERS = 14  # size of letters [pt]
#: Where there is no data.
NOTHING = "#2a2f3a"
ARROW = 0.09


@dataclass(frozen=True)
class Binned:
    """An image averaged over blocks.

    Parameters
    ----------
    image : ndarray
        NaN where there is nothing.
    step : int
        Side of a block [pixel].
    wcs : WCS
        Where the pixels of the image before are on the sky.
    """

    image: Array
    step: int
    wcs: WCS


def picture(path: Path, corners: list[list[float]], unit: str) -> str:
    """The mosaic, stretched by asinh, with a grid of the sky, arrows, a scale bar and a bar of colours, as a data URI.

    Parameters
    ----------
    path : Path
        ``*_i2d.fits``.
    corners : list of (float, float)
        Its frame's corners on the sky [deg], from the first pixel on, along x first.
    unit : str
        Of the mosaic.
    """
    return draw_sky(binned(path, "SCI"), corners, unit)


def draw_sky(
    sky: Binned, corners: list[list[float]], unit: str, mark: Callable[[Axes, int], None] = lambda *_: None
) -> str:
    """An image of the sky as `picture` draws it; `mark` may draw over it, with the side of its blocks [pixel]."""
    image = sky.image
    low, high = stretch_limits(image)
    norm = ImageNormalize(vmin=low, vmax=high, stretch=AsinhStretch(SOFTENING))
    figure, axes = _frame(image, "gray", norm, sky.wcs[:: sky.step, :: sky.step], f"surface brightness [{unit}]")
    _compass(axes, image.shape, corners)
    mark(axes, sky.step)
    return _to_uri(figure)


def weight_picture(path: Path) -> str:
    """The mosaic's weights, as a data URI: every so many pixels of them, for neighbours are alike."""
    with fits.open(path, memmap=False) as hdus:
        step = step_of(hdus["SCI"].shape)
        return draw_weight(Binned(thinned(hdus["WHT"].section, step).astype(float), step, sky_of(hdus)))


def draw_weight(weight: Binned) -> str:
    """Weights as `weight_picture` draws them."""
    image = weight.image
    image[image == 0] = np.nan
    finite = image[np.isfinite(image)]
    norm = ImageNormalize(vmin=0, vmax=np.quantile(finite, 0.99) if finite.size else 1)
    figure, _ = _frame(image, "viridis", norm, weight.wcs[:: weight.step, :: weight.step], "weight")
    return _to_uri(figure)


def coverage_picture(path: Path) -> str | None:
    """The number of exposures that each place of the mosaic has, as a data URI; None where it does not say (CON)."""
    with fits.open(path, memmap=False) as hdus:
        if "CON" not in hdus:
            return None
        step = step_of(hdus["SCI"].shape)
        context = thinned(hdus["CON"].section, step).astype(np.uint32)
        wcs = sky_of(hdus)[::step, ::step]
    numbers = np.bitwise_count(context).sum(axis=0).astype(float)
    most = max(int(numbers.max()), 1)
    norm = BoundaryNorm(np.arange(0.5, most + 1), 256) if most <= FEW_EXPOSURES else Normalize(1, most)
    numbers[numbers == 0] = np.nan
    figure, _ = _frame(numbers, "viridis", norm, wcs, "exposures")
    return _to_uri(figure)


def stretch_limits(image: NDArray) -> tuple[float, float]:
    """Values that are black and white."""
    finite = image[np.isfinite(image)]
    low, high = np.quantile(finite, [BLACK, WHITE]) if finite.size else (0.0, 1.0)
    return float(low), float(max(high, low + 1e-12))


def step_of(shape: Sequence[int], side: int = SIDE) -> int:
    """Side of the blocks, averaged over which an image has at most `side` of them along its longer side."""
    return max(1, int(np.ceil(max(shape) / side)))


def binned(path: Path, name: str, step: int | None = None) -> Binned:
    """An extension of ``*_i2d.fits`` averaged over blocks, by default so large that it fits a page."""
    with fits.open(path, memmap=False) as hdus:  # of a mapped image all would be in memory in the end
        image = hdus[name].section
        step = step or step_of(image.shape)
        return Binned(block_means(image, step), step, sky_of(hdus))


def block_means(image: Any, step: int) -> Array:
    """Mean of each block of `step` by `step` pixels, also of one that is cut at the end; NaN where it has nothing."""
    return np.array([_mean(image[y : y + step], step) for y in range(0, image.shape[0], step)])


def _mean(strip: NDArray, step: int) -> Array:
    """Mean of each block in a strip as high as a block, NaN where there is nothing."""
    good = np.isfinite(strip)
    columns = np.arange(0, strip.shape[1], step)
    total = np.add.reduceat(np.where(good, strip, 0).sum(axis=0, dtype=float), columns)
    count = np.add.reduceat(good.sum(axis=0), columns)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _frame(image: Array, colours: str, norm: Normalize, wcs: WCS, label: str) -> tuple[Figure, Axes]:
    """A picture with the sky's coordinates around it, where they are known, and a bar of its colours below."""
    ny, nx = image.shape
    height = WIDTH * (1 - LEFT) * ny / nx + BELOW
    figure = Figure(figsize=(WIDTH, height), dpi=100, facecolor=NOTHING)
    place = (LEFT, BELOW / height, 0.995 - LEFT, 1 - (BELOW + 0.05) / height)
    axes = figure.add_axes(place, **({"projection": wcs} if wcs.has_celestial else {}))
    drawn = axes.imshow(image, cmap=colormaps[colours], norm=norm, origin="lower", interpolation="nearest")
    axes.set_facecolor(NOTHING)
    if wcs.has_celestial:
        _grid(axes)
    else:
        axes.set_axis_off()
    strip = figure.add_axes((LEFT, 0.55 / height, 0.995 - LEFT, 0.13 / height))
    ticks = norm.boundaries[:-1] + 0.5 if isinstance(norm, BoundaryNorm) else MaxNLocator(5)
    bar = figure.colorbar(drawn, cax=strip, orientation="horizontal", ticks=ticks)
    bar.set_label(label, color="white", fontsize=LETTERS, labelpad=1)
    bar.ax.tick_params(colors="white", labelsize=LETTERS)
    return figure, axes


def _grid(axes: Any) -> None:
    """Lines of right ascension and declination, with their values on the left and below."""
    axes.coords.grid(color="white", alpha=0.25, linewidth=0.6)
    for coordinate, name in zip(axes.coords, ("right ascension", "declination"), strict=True):
        coordinate.set_format_unit("deg", decimal=True, show_decimal_unit=False)
        coordinate.set_axislabel(f"{name} [deg]", color="white", fontsize=LETTERS, minpad=0.8)
        coordinate.set_ticks(number=5, color="white")
        coordinate.set_ticklabel(color="white", size=LETTERS - 1, exclude_overlapping=True)
        coordinate.frame.set_color("#808894")


def sky_vectors(corners: list[list[float]], shape: tuple[int, int]) -> tuple[Array, Array, float]:
    """Unit vectors to north and east in pixels (x, y), and the pixel scale [arcsec], from the frame's corners."""
    (ra0, dec0), (ra1, dec1), _, (ra3, dec3) = corners
    ny, nx = shape
    shrink = np.cos(np.radians(dec0))

    def offset(ra: float, dec: float) -> tuple[float, float]:
        return ((ra - ra0 + 180) % 360 - 180) * shrink * 3600, (dec - dec0) * 3600

    # Columns: what a step in x and in y means on the sky, east and north.
    jacobian = np.array([np.array(offset(ra1, dec1)) / nx, np.array(offset(ra3, dec3)) / ny]).T
    east, north = np.linalg.inv(jacobian).T
    return north / np.hypot(*north), east / np.hypot(*east), float(np.sqrt(abs(np.linalg.det(jacobian))))


def _compass(axes: Axes, drawn: tuple[int, ...], corners: list[list[float]]) -> None:
    ny, nx = drawn
    north, east, per_pixel = sky_vectors(corners, (ny, nx))
    side = min(nx, ny)
    length = ARROW * side
    middle = np.array([nx - 1.9 * length, 1.9 * length])
    for vector, name in ((north, "N"), (east, "E")):
        tip, letter = tuple(middle + length * vector), middle + 1.4 * length * vector
        axes.annotate("", tip, tuple(middle), arrowprops={"arrowstyle": "-|>", "color": "white", "lw": 1.3})
        axes.text(letter[0], letter[1], name, color="white", ha="center", va="center", fontsize=LETTERS)
    bar = _round_length(0.22 * nx * per_pixel)
    x, y = 0.05 * nx, 0.05 * ny
    axes.plot([x, x + bar / per_pixel], [y, y], color="white", lw=2, solid_capstyle="butt")
    label = f"{bar / 60:g}\u2032" if bar >= 60 else f"{bar:g}\u2033"
    axes.text(x + bar / per_pixel / 2, y + 0.015 * ny, label, color="white", ha="center", va="bottom", fontsize=LETTERS)


def _round_length(length: float) -> float:
    """The longest of 1, 2, 5 times a power of ten, or whole arcminutes, that is not longer [arcsec]."""
    unit = 60.0 if length >= 60 else 1.0
    power = 10 ** np.floor(np.log10(length / unit))
    return float(unit * max(step * power for step in (1, 2, 5) if step * power <= length / unit * (1 + 1e-9)))


def _to_uri(figure: Figure) -> str:
    file = io.BytesIO()
    figure.savefig(file, format="jpeg", facecolor=NOTHING, pil_kwargs={"quality": 88})
    return data_uri(file.getvalue(), "jpeg")
