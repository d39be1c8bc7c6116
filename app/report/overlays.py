"""Mosaics as pictures that can be laid over each other: thinned alike, drawn at one stretch, and their differences."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.visualization import AsinhStretch
from matplotlib import colormaps
from matplotlib.colors import to_rgb
from numpy.typing import NDArray
from PIL import Image

from app.report.pictures import NOTHING, SOFTENING, step_of

__all__ = ["Thinned", "difference_limit", "jpeg", "stretched", "thinned"]

_LEAST_SHOWN, _SHOWN = 1.0, 0.995  # [error] of a difference; share of its pixels that are within the colours


@dataclass(frozen=True, eq=False)
class Thinned:
    """Every so many pixels of a mosaic.

    Parameters
    ----------
    image : ndarray of shape (ny, nx)
        NaN where there is no data.
    error : float
        Median error of the mosaic's pixels (ERR); 1 where it has none.
    """

    image: NDArray[np.float64]
    error: float


def thinned(path: Path, side: int) -> Thinned:
    """Every so many pixels of a mosaic, as many as fit: what is not read costs nothing.

    Parameters
    ----------
    path : Path
        ``*_i2d.fits``.
    side : int
        Most pixels along the longer side.
    """
    with fits.open(path) as hdus:
        step = step_of(hdus["SCI"].shape, side)
        errors = hdus["ERR"].data[::step, ::step] if "ERR" in hdus else np.empty(0)
        errors = errors[np.isfinite(errors)]
        image = np.array(hdus["SCI"].data[::step, ::step], dtype=float)  # mapped: a section goes pixel by pixel
        return Thinned(image, float(np.median(errors)) if errors.size else 1.0)


def difference_limit(difference: NDArray[np.float64]) -> float:
    """The value at which the colours of a difference, in units of the error, end."""
    there = np.abs(difference[np.isfinite(difference)])
    return max(_LEAST_SHOWN, float(np.quantile(there, _SHOWN)) if there.size else 0.0)


def stretched(
    image: NDArray[np.float64], limits: tuple[float, float], softening: float = SOFTENING
) -> NDArray[np.float64]:
    """Values as shades from 0 to 1, by asinh, which is linear up to `softening`; NaN is black."""
    low, high = limits
    return AsinhStretch(softening)((np.nan_to_num(image, nan=low).clip(low, high) - low) / max(high - low, 1e-30))


def jpeg(image: NDArray[np.float64], limits: tuple[float, float], colours: str = "gray") -> bytes:
    """A picture with a pixel for each value; grey is stretched by asinh, other colours are linear."""
    low, high = limits
    there = np.isfinite(image)
    linear = (np.where(there, image, low).clip(low, high) - low) / (high - low)
    painted = colormaps[colours](stretched(image, limits) if colours == "gray" else linear)[..., :3]
    painted[~there] = to_rgb(NOTHING)
    file = io.BytesIO()
    Image.fromarray((255 * painted[::-1]).astype(np.uint8)).save(file, format="jpeg", quality=88)
    return file.getvalue()
