"""All that we use of jwst, stcal and photutils beyond what they declare public.

tests/parallel/test_jwst_internals.py fails when a release changes any of it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

import numpy as np
from astropy.table import Table
from jwst.datamodels import ImageModel
from jwst.resample.resample import ResampleImage
from jwst.tweakreg import TweakRegStep
from photutils.background.interpolators import _BkgZoomInterpolator
from photutils.detection import peakfinder
from scipy.ndimage import zoom
from spherical_geometry import great_circle_arc
from stcal.outlier_detection import utils as blotting
from stcal.resample import resample as drizzling
from stcal.tweakreg import tweakreg as aligning

from app.pipeline.divided.exposures import Exposure
from app.runtime.patched import replaced

__all__ = [
    "KnownSourcesStep",
    "PartResampling",
    "fast_background",
    "fast_intersections",
    "fast_peaks",
    "find_sources",
    "known_pixel_map",
    "other_alignment",
    "reference_catalogue",
]


@contextmanager
def known_pixel_map(pixels: np.ndarray) -> Iterator[None]:
    """Context in which stcal drizzles and blots with a pixel map that is there already.

    A map takes half the time of a mosaic. stcal computes it three times for the same exposure and grid, and has no
    parameter for it.
    """
    with (
        replaced(drizzling, "calc_pixmap", lambda *_, **__: pixels),
        replaced(blotting, "calc_pixmap", lambda *_, **__: pixels.copy()),  # a blot replaces NaN in it
    ):
        yield


def fast_peaks() -> AbstractContextManager[None]:
    """Context in which photutils finds the same peaks, in a third of the time.

    It looks at candidates one by one, a Python loop over 200 000 of a NIRCam image: most of all that finding its
    sources takes.
    """
    return replaced(peakfinder, "_verify_ring_candidates", _verify_candidates)


def fast_background() -> AbstractContextManager[None]:
    """Context in which photutils' backgrounds are the same within rounding, in a thirtieth of the time.

    It evaluates a spline of 16 terms at every pixel; on a regular grid that is a product of three small matrices.
    """
    return replaced(_BkgZoomInterpolator, "__call__", _interpolate_background)


def _interpolate_background(interpolator: _BkgZoomInterpolator, mesh: np.ndarray, **options: Any) -> np.ndarray:
    """The background at all pixels, from that of each box."""
    shape, lowest, highest = options["shape"], np.min(mesh), np.max(mesh)
    if lowest == highest:
        return np.full(shape, lowest, options["dtype"])
    spline = {"order": interpolator.order, "mode": interpolator.mode, "cval": interpolator.cval, "grid_mode": True}
    rows, columns = (
        np.stack([zoom(unit, box, **spline)[:size] for unit in np.eye(n)], axis=1)
        for n, box, size in zip(mesh.shape, options["box_size"], shape, strict=True)
    )
    image = rows @ mesh @ columns.T
    return np.clip(image, lowest, highest, out=image) if interpolator.clip else image


def fast_intersections() -> AbstractContextManager[None]:
    """Context in which footprints have the same intersections, in a third of the time.

    spherical_geometry looks in quadruple precision which vertices lie on which edges: here only for those that do in
    double precision.
    """
    return replaced(great_circle_arc, "intersects_point", partial(_lie_on_arc, great_circle_arc.intersects_point))


# Vertices that are looked at again in quadruple precision are this close to the circle around an edge [rad].
_NEAR = 1e-9


def _lie_on_arc(exactly: Callable[..., np.ndarray], a: np.ndarray, b: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Which points, an array (n, 3), lie on the arc from a to b, which is short."""
    middle, radius = (a + b) / 2, np.linalg.norm(a - b) / 2
    near = np.linalg.norm(points - middle, axis=-1) <= radius + _NEAR
    near[near] = exactly(a, b, points[near])
    return near


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
    """Resampling for the arrays alone, which keeps the resampled variances [unit of the image squared, per its pixel].

    stcal would go on to add them up with weights, over the whole mosaic; and jwst would begin the mosaic's metadata.

    Attributes
    ----------
    variances : dict
        Resampled variances by name; NaN where there is none.
    """

    variances: dict[str, np.ndarray]

    def create_output_jwst_model(self, ref_input_model: ImageModel | None = None) -> None:
        """Make no model: a part has no metadata."""

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


@contextmanager
def other_alignment(relative: Callable[..., list], absolute: Callable[..., list]) -> Iterator[None]:
    """Context in which tweakreg hands its correctors to other functions than stcal's to be aligned.

    All that it does before and after, from the sources to the keywords of the WCS, stays as it is.
    """
    with replaced(aligning, "relative_align", relative), replaced(aligning, "absolute_align", absolute):
        yield


#: Standard error of a catalogue's place where the catalogue does not say [arcsec].
_CATALOGUE_ERROR = 0.005


def reference_catalogue(
    correctors: list, abs_refcat: str, ref_wcs: Any, ref_wcsinfo: dict, epoch: float, **options: Any
) -> tuple[np.ndarray, np.ndarray]:
    """The catalogue that tweakreg would align to, as stcal gets it: from a file, or online at the epoch.

    Returns
    -------
    places : ndarray of shape (n, 2)
        Right ascension and declination [deg].
    errors : ndarray of shape (n,)
        Standard errors, an axis [arcsec], from columns ra_error and dec_error [mas] as in Gaia's archive.
    """
    own = {"save_abs_catalog": options.get("save_abs_catalog", False)}
    own |= {"output_dir": options.get("abs_catalog_output_dir")}
    table = aligning._parse_refcat(abs_refcat, correctors, ref_wcs, ref_wcsinfo, epoch, **own)
    columns = {
        name.lower(): np.asarray(table[name], dtype=float) for name in table.colnames if table[name].dtype.kind in "fiu"
    }
    places = np.stack([columns["ra"], columns["dec"]], axis=1)
    errors = np.full(len(places), _CATALOGUE_ERROR)
    if {"ra_error", "dec_error"} <= columns.keys():
        errors = np.hypot(columns["ra_error"], columns["dec_error"]) / np.sqrt(2) / 1000
    is_good = np.all(np.isfinite(places), axis=1) & np.isfinite(errors) & (errors > 0)
    return places[is_good], errors[is_good]


def find_sources(parameters: Mapping[str, Any], exposure: Exposure) -> Table:
    """The sources of an exposure as tweakreg with these parameters finds them."""
    with exposure.open("data", "err", "dq") as model, fast_peaks(), fast_background():
        return TweakRegStep(**parameters)._find_sources(model)
