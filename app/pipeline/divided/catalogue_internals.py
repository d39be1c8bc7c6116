"""What we use of jwst's source catalogue and of photutils beyond what they declare public, for a mosaic in its file.

tests/pipeline/divided/test_mosaic_sources.py fails when a release changes any of it.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from astropy.convolution import Gaussian1DKernel
from astropy.stats import gaussian_fwhm_to_sigma
from astropy.units import Quantity
from jwst.source_catalog import source_catalog_step
from jwst.tweakreg import tweakreg_catalog
from photutils.background import Background2D
from photutils.segmentation import finder as finding
from scipy.ndimage import correlate1d

from app.pipeline.divided.photutils_internals import fast_background
from app.runtime.patched import patched

__all__ = [
    "KnownBackground",
    "KnownReferences",
    "MeshBackground",
    "known_sources",
    "mesh_background",
    "noted_deblending",
    "smoothed",
    "statistics_of_box",
]


class MeshBackground(Background2D):
    """The background of an image that is not in memory, from statistics of its boxes; all else is photutils' own.

    Parameters
    ----------
    shape : (int, int)
        Of the image.
    box_size : (int, int)
        Rows and columns of a box.
    statistics : callable
        Is given the number of rows and columns of a box; returns a level, a scatter and a number of values for each.
    """

    def __init__(self, shape: tuple[int, int], box_size: Any, statistics: Callable[..., Any], **options: Any) -> None:
        self._statistics = statistics
        super().__init__(np.broadcast_to(np.float32(0), shape), box_size, **options)

    def _calculate_stats(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        self._box_npixels = np.prod(self.box_size)
        levels, scatters, n_good = self._statistics(*self.box_size.tolist())
        too_few = n_good <= self._good_npixels_threshold
        if too_few.all():
            raise ValueError("all boxes contain too few pixels with data")
        del self._data, self._mask, self._statistics
        return np.where(too_few, np.float32(np.nan), levels), np.where(too_few, np.float32(np.nan), scatters), n_good

    def of(self, mesh: np.ndarray, part: tuple[slice, slice]) -> np.ndarray:
        """Rows and columns of the image that a mesh of this background stands for."""
        with fast_background():
            return self.interpolator(mesh, part=part, **self._interp_kwargs)


def statistics_of_box(values: np.ndarray, options: Mapping[str, Any]) -> tuple[float, float, int]:
    """Level and scatter of values as photutils finds them in a box of a background, and how many are not clipped.

    Parameters
    ----------
    values : ndarray of one dimension
    options : mapping
        Arguments of `photutils.background.Background2D`.
    """
    if not values.size:
        return np.nan, np.nan, 0
    found = Background2D(values[None], (1, values.size), **{**options, "exclude_percentile": 100.0})
    return found._bkg_stats[0, 0], found._bkgrms_stats[0, 0], int(found._ngood[0, 0])


def mesh_background(shape: tuple[int, int], box_size: int, statistics: Callable[..., Any]) -> MeshBackground:
    """The background of a mosaic that is not in memory, as jwst asks for it.

    Parameters
    ----------
    shape : (int, int)
    box_size : int
        Side of the boxes [pixel].
    statistics : callable
        Of boxes (see `MeshBackground`); is given photutils' options besides.

    Raises
    ------
    ValueError
        Nowhere is there enough sky.
    """

    def make(data: np.ndarray, box_size: Any, *, coverage_mask: None, **options: Any) -> MeshBackground:
        del coverage_mask  # what boxes have data is known to those who measure them
        return MeshBackground(data.shape, box_size, partial(statistics, options), **options)

    with patched(tweakreg_catalog, "Background2D", make):
        canvas = np.broadcast_to(np.float32(0), shape)
        return tweakreg_catalog.JWSTBackground(canvas, box_size=box_size)._background2d


@dataclass(frozen=True)
class KnownBackground:
    """The background of a window in the place of the one that jwst would measure.

    Parameters
    ----------
    background, background_rms : Quantity
        Level and scatter at each pixel.
    """

    background: Any
    background_rms: Any


@dataclass(frozen=True)
class KnownReferences:
    """What jwst reads from reference files for a catalogue.

    Parameters
    ----------
    aperture_params : dict
    abvega_offset : float
    """

    aperture_params: dict[str, Any]
    abvega_offset: float


@contextmanager
def known_sources(
    background: Callable[..., KnownBackground], references: KnownReferences, find: Callable[..., Any]
) -> Iterator[None]:
    """Context in which jwst makes a catalogue of a window, of sources that `find` finds; it logs nothing but warnings.

    Parameters
    ----------
    background : callable
        Is given the image, and as ``coverage_mask`` where there is none.
    references : KnownReferences
    find : callable
        In the place of `photutils.segmentation.detect_sources`: takes an image, a threshold, a number of pixels,
        ``connectivity`` and ``mask``.
    """
    silenced = logging.root.manager.disable
    logging.disable(logging.INFO)
    try:
        with (
            patched(tweakreg_catalog, "JWSTBackground", background),
            patched(tweakreg_catalog, "_convolve_data", smoothed),
            patched(source_catalog_step, "ReferenceData", lambda *_: references),
            patched(finding, "detect_sources", find),
        ):
            yield
    finally:
        logging.disable(silenced)


@contextmanager
def noted_deblending() -> Iterator[list[Any]]:
    """Context in which the segments that photutils has taken apart are put into a list."""
    deblend, noted = finding.deblend_sources, []

    def note(*args: Any, **options: Any) -> Any:
        noted.append(deblend(*args, **options))
        return noted[-1]

    with patched(finding, "deblend_sources", note):
        yield noted


def smoothed(image: np.ndarray, fwhm: float, mask: np.ndarray | None = None) -> np.ndarray:
    """An image smoothed with a Gaussian, as jwst has it done by `astropy.convolution.convolve`, but for rounding.

    A Gaussian of rows and one of columns take half of the time of one of both, or less.

    Parameters
    ----------
    image : ndarray or Quantity of two dimensions
        0 is taken for what is beyond it, and for what NaN stands for the mean of what is around it.
    fwhm : float
        Width of the Gaussian [pixel].
    mask : ndarray of bool, optional
        Pixels that are NaN.
    """
    if isinstance(image, Quantity):
        return smoothed(image.value, fwhm, mask) << image.unit
    weights = Gaussian1DKernel(fwhm * gaussian_fwhm_to_sigma).array
    weights = weights / weights.sum()
    is_known = ~np.isnan(image) if mask is None else ~(np.isnan(image) | mask)

    def means(values: np.ndarray, beyond: float) -> np.ndarray:
        columns = correlate1d(values, weights, axis=0, mode="constant", cval=beyond)
        return correlate1d(columns, weights, axis=1, mode="constant", cval=beyond)

    smooth = means(np.where(is_known, image, np.float64(0)), 0)
    if not is_known.all():
        with np.errstate(invalid="ignore"):  # where nothing around is known
            smooth /= means(is_known.astype(np.float64), 1)
    return smooth.astype(image.dtype)
