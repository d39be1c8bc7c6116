"""The mosaic and its weights as pictures, read and averaged a strip at a time."""

import base64
import io
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.visualization import AsinhStretch, ImageNormalize
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

__all__ = ["BLACK", "SOFTENING", "WHITE", "block_means", "picture", "sky_vectors", "weight_picture"]

Array = NDArray[np.float64]

#: Longest side of a picture [pixel].
SIDE = 900
#: Shares of the pixels that are black and white, and where asinh turns from linear to logarithmic.
BLACK, WHITE, SOFTENING = 0.02, 0.998, 0.03
#: Where there is no data.
NOTHING = "#2a2f3a"
ARROW = 0.09


def picture(path: Path, corners: list[list[float]]) -> str:
    """The mosaic, stretched by asinh, with arrows to north and east and a scale bar, as a data URI.

    Parameters
    ----------
    path : Path
        ``*_i2d.fits``.
    corners : list of (float, float)
        Its frame's corners on the sky [deg], from the first pixel on, along x first.
    """
    image, shape = _binned(path, "SCI")
    finite = image[np.isfinite(image)]
    low, high = np.quantile(finite, [BLACK, WHITE]) if finite.size else (0.0, 1.0)
    norm = ImageNormalize(vmin=low, vmax=max(high, low + 1e-12), stretch=AsinhStretch(SOFTENING))
    figure, axes = _frame(image, "gray", norm)
    _compass(axes, image.shape, shape, corners)
    return _to_uri(figure)


def weight_picture(path: Path) -> str:
    """The mosaic's weights, as a data URI."""
    image, _ = _binned(path, "WHT")
    image[image == 0] = np.nan
    finite = image[np.isfinite(image)]
    norm = ImageNormalize(vmin=0, vmax=np.quantile(finite, 0.99) if finite.size else 1)
    figure, _ = _frame(image, "viridis", norm)
    return _to_uri(figure)


def _binned(path: Path, name: str) -> tuple[Array, tuple[int, int]]:
    """An image averaged over blocks so that it fits a page, and its own shape."""
    with fits.open(path) as hdus:
        image = hdus[name].data
        ny, nx = image.shape
        return block_means(image, max(1, int(np.ceil(max(ny, nx) / SIDE)))), (ny, nx)


def block_means(image: NDArray, step: int) -> Array:
    """Mean of each block of `step` by `step` pixels that an image has in full, NaN where a block has nothing."""
    ny, nx = (n // step * step for n in image.shape)
    return np.array([_mean(image[y : y + step, :nx], step) for y in range(0, ny, step)])


def _mean(strip: NDArray, step: int) -> Array:
    """Mean of each block in a strip as high as a block, NaN where there is nothing."""
    blocks = strip.reshape(step, -1, step)
    good = np.isfinite(blocks)
    count = good.sum(axis=(0, 2))
    total = np.where(good, blocks, 0).sum(axis=(0, 2), dtype=float)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _frame(image: Array, colours: str, norm: ImageNormalize) -> tuple[Figure, Axes]:
    ny, nx = image.shape
    figure = Figure(figsize=(nx / 100, ny / 100), dpi=100 * max(1, round(SIDE / 2 / max(nx, ny))))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    figure.set_facecolor(NOTHING)
    axes.imshow(image, cmap=colormaps[colours], norm=norm, origin="lower", interpolation="nearest")
    return figure, axes


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


def _compass(axes: Axes, drawn: tuple[int, ...], shape: tuple[int, int], corners: list[list[float]]) -> None:
    north, east, scale = sky_vectors(corners, shape)
    ny, nx = drawn
    side = min(nx, ny)
    length = ARROW * side
    middle = np.array([nx - 1.9 * length, 1.9 * length])
    for vector, name in ((north, "N"), (east, "E")):
        tip, letter = tuple(middle + length * vector), middle + 1.4 * length * vector
        axes.annotate("", tip, tuple(middle), arrowprops={"arrowstyle": "-|>", "color": "white", "lw": 1.3})
        axes.text(letter[0], letter[1], name, color="white", ha="center", va="center", fontsize=_font(nx))
    per_pixel = scale * shape[1] / nx
    bar = _round_length(0.22 * nx * per_pixel)
    x, y = 0.05 * nx, 0.05 * ny
    axes.plot([x, x + bar / per_pixel], [y, y], color="white", lw=2, solid_capstyle="butt")
    label = f"{bar / 60:g}\u2032" if bar >= 60 else f"{bar:g}\u2033"
    axes.text(
        x + bar / per_pixel / 2, y + 0.015 * ny, label, color="white", ha="center", va="bottom", fontsize=_font(nx)
    )


def _font(width: int) -> float:
    """Size of letters that look alike whatever the width of the picture [pixel]."""
    return max(6.0, width / 50)


def _round_length(length: float) -> float:
    """The longest of 1, 2, 5 times a power of ten, or whole arcminutes, that is not longer [arcsec]."""
    unit = 60.0 if length >= 60 else 1.0
    power = 10 ** np.floor(np.log10(length / unit))
    return float(unit * max(step * power for step in (1, 2, 5) if step * power <= length / unit * (1 + 1e-9)))


def _to_uri(figure: Figure) -> str:
    file = io.BytesIO()
    figure.savefig(file, format="jpeg", facecolor=NOTHING, pil_kwargs={"quality": 88})
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
