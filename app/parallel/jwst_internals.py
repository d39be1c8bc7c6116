"""All that we use of jwst, stcal and photutils beyond what they declare public.

tests/parallel/test_jwst_internals.py fails when a release changes any of it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from astropy.table import Table
from jwst.datamodels import ImageModel
from jwst.resample.resample import ResampleImage
from jwst.tweakreg import TweakRegStep
from photutils.detection import peakfinder
from stcal.outlier_detection import utils as blotting
from stcal.resample import resample as drizzling

from app.parallel.exposures import Exposure

__all__ = ["KnownSourcesStep", "PartResampling", "fast_peaks", "find_sources", "known_pixel_map"]


@contextmanager
def known_pixel_map(pixels: np.ndarray) -> Iterator[None]:
    """Context in which stcal drizzles and blots with a pixel map that is there already.

    A map takes half the time of a mosaic. stcal computes it three times for the same exposure and grid, and has no
    parameter for it.
    """
    originals = drizzling.calc_pixmap, blotting.calc_pixmap
    drizzling.calc_pixmap = lambda *_, **__: pixels
    blotting.calc_pixmap = lambda *_, **__: pixels.copy()  # a blot replaces NaN in it
    try:
        yield
    finally:
        drizzling.calc_pixmap, blotting.calc_pixmap = originals


@contextmanager
def fast_peaks() -> Iterator[None]:
    """Context in which photutils finds the same peaks, in a third of the time.

    It looks at candidates one by one, a Python loop over 200 000 of a NIRCam image: most of all that finding its
    sources takes.
    """
    original = peakfinder._verify_ring_candidates
    peakfinder._verify_ring_candidates = _verify_candidates
    try:
        yield
    finally:
        peakfinder._verify_ring_candidates = original


def _verify_candidates(
    data: np.ndarray, peaks: np.ndarray, candidates: np.ndarray, footprint: np.ndarray, half: int, size: int
) -> None:
    """Add the candidates that are the highest in the footprint around them to the peaks.

    All at once, one pixel of the footprint after the other; beyond the image there is 0.
    """
    y, x = candidates.nonzero()
    beyond = (np.minimum(y, x) < half) | (y - half + size > data.shape[0]) | (x - half + size > data.shape[1])
    is_peak = ~beyond | (data[y, x] >= 0)
    padded = np.pad(data, size, constant_values=-np.inf)
    for row, column in np.argwhere(footprint) - half + size:
        y, x = y[is_peak], x[is_peak]
        is_peak = padded[y + row, x + column] <= data[y, x]
    peaks[y[is_peak], x[is_peak]] = True


class PartResampling(ResampleImage):
    """Resampling of one image, which keeps the resampled variances [unit of the image squared, per its own pixel].

    stcal would go on to add them up with weights, over the whole mosaic.

    Attributes
    ----------
    variances : dict
        Resampled variances by name; NaN where there is none.
    """

    variances: dict[str, np.ndarray]

    def init_variance_arrays(self) -> None:
        """Make nothing ready: the arrays come from the kernel."""

    def resample_variance_arrays(self, model: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        """Resample the variances of an image."""
        self.variances = {
            name: self._resample_one_variance_array(name, model, *args, **kwargs)
            for name in self.variance_array_names
            if self._check_var_array(model, name)
        }


class KnownSourcesStep(TweakRegStep):
    """tweakreg with sources that were found elsewhere.

    The public way, files of catalogues, would leave its traces in the products' headers.

    Attributes
    ----------
    sources : callable
        Catalogues by the exposures' file names; called when the step comes to need sources.
    """

    sources: Callable[[], Mapping[str, Table]]

    def _find_sources(self, image_model: ImageModel) -> Table:
        return self.sources()[image_model.meta.filename]


def find_sources(parameters: Mapping[str, Any], exposure: Exposure) -> Table:
    """The sources of an exposure as tweakreg with these parameters finds them."""
    with exposure.open("data", "err", "dq") as model, fast_peaks():
        return TweakRegStep(**parameters)._find_sources(model)
