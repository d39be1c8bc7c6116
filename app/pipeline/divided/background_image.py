"""The median image of background exposures: what a detector shows beyond the level of its sky, and its variance."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.nddata.bitmask import bitfield_to_boolean_mask
from astropy.stats import mad_std
from numpy.typing import NDArray
from photutils.segmentation import detect_sources
from photutils.utils import circular_footprint
from scipy.ndimage import gaussian_filter, zoom

from app.pipeline.divided.arrays import save_arrays
from app.runtime.left_file import LeftFile

__all__ = ["MedianImage", "Stack", "make_median", "usable_rows", "variance_of_median"]

Image = NDArray[np.float32]

#: Rows that are in memory at a time.
STRIP = 128
#: A source is a group of so many pixels of the smoothed image, each above so many times its noise.
N_PIXELS, THRESHOLD = 5, 3.0
#: Width of the smoothing [standard deviation, pixel], and how far around a source its wings are masked [pixel].
SMOOTHING, WINGS = 1.0, 6
#: With fewer exposures the median has sources in it: these are then found against the medians of boxes of this side
#: [pixel], and structure that is smaller is taken for a source.
FEWEST, BOX = 3, 32
#: Variance of the median of n normal values in units of theirs, for n = 1, 2, ... (Hojo 1931, Biometrika 23, 315).
VARIANCES = (1.0, 0.5, 0.4487, 0.2982, 0.2868, 0.2147, 0.2104, 0.1682, 0.1661, 0.1383)


def variance_of_median(n: NDArray[np.int64]) -> NDArray[np.float64]:
    """Variance of the median of n normal values, each of variance 1; 0 for none.

    Beyond the table it is pi / (2 n + pi - 2) (Kendall & Stuart, The Advanced Theory of Statistics 1, 14.6, with the
    term that makes it 1 for n = 1).
    """
    known = np.array([0.0, *VARIANCES])
    return np.where(n < len(known), known[np.minimum(n, len(known) - 1)], np.pi / (2 * n + np.pi - 2))


@dataclass(frozen=True, slots=True)
class Stack:
    """Background exposures that have the same pixels of one detector, and where their median goes.

    Parameters
    ----------
    files : tuple of Path
    levels, errors : tuple of float
        Of their sky, and standard errors [unit of the data].
    dqbits : int or None
        Bits of DQ that do not matter; None where none does.
    output : Path
        A ``.npy`` file: the median of the images less their levels, and its variance; both 0 where no exposure knows.
    """

    files: tuple[Path, ...]
    levels: tuple[float, ...]
    errors: tuple[float, ...]
    dqbits: int | None
    output: Path


@dataclass(frozen=True)
class MedianImage(LeftFile):
    """The median image of a stack, in its file.

    Parameters
    ----------
    path : Path
    unknown : float
        Share of the detector's usable pixels of which no exposure knows anything.
    """

    unknown: float


def make_median(stack: Stack) -> MedianImage:
    """Write the median image of a stack, its sources masked.

    Sources are those of each exposure less the median of all: they are elsewhere on the detector in each exposure,
    what the detector shows is not. Flags of single exposures are not those of the median, which is of the pixels that
    can be used; an exposure is used no further where it is flagged.
    """
    with fits.open(stack.files[0]) as file:
        shape = file["SCI"].shape
    planes, n_usable = _median(stack, shape, [None] * len(stack.files))
    images = (_strip(stack, place, slice(None))[0] for place in range(len(stack.files)))
    masks = [np.packbits(_sources(image, planes[0], len(stack.files)), axis=1) for image in images]
    planes, n = _median(stack, shape, masks)
    save_arrays(stack.output, planes)
    return MedianImage(stack.output, float((n[n_usable > 0] == 0).mean()) if n_usable.any() else 1.0)


def _strip(stack: Stack, place: int, rows: slice) -> tuple[Image, Image]:
    """Rows of an exposure less its level, NaN where it is not to be used, and their variance."""
    data, error = usable_rows(stack.files[place], stack.dqbits, rows)
    return data - np.float32(stack.levels[place]), error**2


def usable_rows(path: Path, dqbits: int | None, rows: slice = slice(None)) -> tuple[Image, Image]:
    """Rows of an exposure, NaN where bits of DQ other than these forbid its use, and their errors."""
    with fits.open(path, memmap=False) as file:
        data, error = (np.array(file[name].section[rows], np.float32) for name in ("SCI", "ERR"))
        if dqbits is not None:
            quality = np.array(file["DQ"].section[rows], np.uint32)
            data[bitfield_to_boolean_mask(quality, dqbits, good_mask_value=False, dtype=bool)] = np.nan
    return data, error


def _median(
    stack: Stack, shape: tuple[int, int], masks: Sequence[NDArray[np.uint8] | None]
) -> tuple[Image, NDArray[np.int64]]:
    """The median and its variance, and of how many exposures it is; masks are packed bits, row by row."""
    planes, n = np.zeros((2, *shape), np.float32), np.zeros(shape, np.int64)
    for first in range(0, shape[0], STRIP):
        rows = slice(first, first + STRIP)
        strips = [_strip(stack, place, rows) for place in range(len(masks))]
        data, variance = (np.array(part) for part in zip(*strips, strict=True))
        for image, mask in zip(data, masks, strict=True):
            if mask is not None:
                image[np.unpackbits(mask[rows], axis=1, count=shape[1]).astype(bool)] = np.nan
        known = np.isfinite(data) & np.isfinite(variance)
        n[rows] = known.sum(axis=0)
        planes[:, rows] = _of_strip(np.where(known, data, np.nan), np.where(known, variance, 0), n[rows])
    return planes, n


def _of_strip(data: Image, variance: Image, n: NDArray[np.int64]) -> Image:
    """Median of the values that are known, n at each pixel, and its variance."""
    ordered = np.sort(data, axis=0)  # NaN last
    low, high = np.maximum(n - 1, 0) // 2, np.minimum(n // 2, len(data) - 1)
    pair = [np.take_along_axis(ordered, place[None], axis=0)[0] for place in (low, high)]
    median = np.where(n > 0, (pair[0] + pair[1]) / 2, 0)
    return np.array([median, variance_of_median(n) * variance.sum(axis=0) / np.maximum(n, 1)], np.float32)


def _sources(image: Image, median: Image, n: int) -> NDArray[np.bool_]:
    """Where sources of an exposure are."""
    known = np.isfinite(image)
    if not known.any():
        return ~known
    left = np.where(known, image - (median if n >= FEWEST else _smooth(image)), 0)
    smoothed = gaussian_filter(left, SMOOTHING)
    noise = mad_std(smoothed[known])
    segments = detect_sources(smoothed, THRESHOLD * noise, n_pixels=N_PIXELS) if noise > 0 else None
    if segments is None:
        return np.zeros(image.shape, bool)
    return segments.make_source_mask(footprint=circular_footprint(WINGS))


def _smooth(image: Image) -> Image:
    """Medians of boxes, interpolated."""
    ny, nx = (-(-size // BOX) * BOX for size in image.shape)
    padded = np.full((ny, nx), np.nan, np.float32)
    padded[: image.shape[0], : image.shape[1]] = image
    boxes = padded.reshape(ny // BOX, BOX, nx // BOX, BOX).swapaxes(1, 2).reshape(ny // BOX, nx // BOX, -1)
    known = np.isfinite(boxes).any(axis=2)
    medians = np.full(boxes.shape[:2], np.float32(np.nanmedian(image)))
    medians[known] = np.nanmedian(boxes[known], axis=1)
    return zoom(medians, BOX, order=1, mode="nearest", grid_mode=True)[: image.shape[0], : image.shape[1]]
