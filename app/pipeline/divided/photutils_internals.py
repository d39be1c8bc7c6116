"""All that we use of photutils and skimage beyond what they declare public.

tests/pipeline/divided/test_photutils_internals.py fails when a release changes any of it.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

import numpy as np
from photutils.background.interpolators import _BkgZoomInterpolator
from photutils.detection import core as finding_stars
from photutils.detection import peakfinder
from photutils.segmentation import deblend as deblending
from photutils.segmentation import finder as finding
from scipy.ndimage import zoom
from skimage import segmentation

from app.pipeline.divided.deblending import call_all, grow, split
from app.pipeline.divided.peaks import circular_peaks
from app.runtime.patched import patched

__all__ = ["divided_deblending", "fast_background", "fast_peaks"]


@contextmanager
def fast_peaks() -> Iterator[None]:
    """Context in which photutils' star finders find the same peaks, in a tenth of the time.

    photutils filters the whole image for the maximum around every pixel, twice, and looks at candidates one by one, a
    Python loop over 200 000 of a NIRCam image; pixels below the threshold are left out afterwards, and here before.
    """

    def find(data: np.ndarray, threshold: Any, **options: Any) -> Any:
        with patched(peakfinder, "_fast_circular_peaks", partial(circular_peaks, threshold)):
            return peakfinder.find_peaks(data, threshold, **options)

    with patched(finding_stars, "find_peaks", find):
        yield


def fast_background() -> AbstractContextManager[None]:
    """Context in which photutils' backgrounds are the same within rounding, in a thirtieth of the time.

    It evaluates a spline of 16 terms at every pixel; on a regular grid that is a product of three small matrices.
    """
    return patched(_BkgZoomInterpolator, "__call__", _interpolate_background)


def _interpolate_background(interpolator: _BkgZoomInterpolator, mesh: np.ndarray, **options: Any) -> np.ndarray:
    """The background at all pixels, from that of each box; ``part`` of them, where that is among the options."""
    shape, lowest, highest = options["shape"], np.min(mesh), np.max(mesh)
    part = options.get("part", np.s_[: shape[0], : shape[1]])
    if lowest == highest:
        return np.full([side.stop - (side.start or 0) for side in part], lowest, options["dtype"])
    spline = {"order": interpolator.order, "mode": interpolator.mode, "cval": interpolator.cval, "grid_mode": True}
    rows, columns = (
        np.stack([zoom(unit, box, **spline)[side] for unit in np.eye(n)], axis=1)
        for n, box, side in zip(mesh.shape, options["box_size"], part, strict=True)
    )
    image = rows @ mesh @ columns.T
    return np.clip(image, lowest, highest, out=image) if interpolator.clip else image


@contextmanager
def divided_deblending(procs: int) -> Iterator[None]:
    """Context in which photutils takes sources that overlap apart by several processes, with the same result.

    It does so one source after the other; its own way with processes would run a user's script again.
    """
    deblend_all = finding.deblend_sources

    def deblend(*args: Any, **options: Any) -> Any:
        tasks: list[tuple[Any, ...]] = []

        def note(*task: Any) -> tuple[None, dict]:
            tasks.append(task)
            return None, {}

        with patched(deblending, "_deblend_source", note):
            deblend_all(*args, **options | {"relabel": False})
        results = iter(call_all(_deblend, tasks, procs))
        with patched(deblending, "_deblend_source", lambda *_: next(results)):
            return deblend_all(*args, **options)

    with patched(finding, "deblend_sources", deblend):
        yield


def _deblend(*task: Any) -> tuple[np.ndarray | None, dict]:
    """Take one source apart."""
    with (
        patched(segmentation, "watershed", grow),
        patched(deblending, "_detect_sources", partial(_detect_several, deblending._detect_sources)),
        patched(
            deblending._SingleSourceDeblender,
            "make_marker_segment",
            lambda source, lower, upper: upper if lower is None else split(lower, upper, source.footprint),
        ),
    ):
        return deblending._deblend_source(*task)


def _detect_several(
    detect: Callable[..., np.ndarray | None],
    data: np.ndarray,
    threshold: float,
    n_pixels: int,
    footprint: np.ndarray,
    inside: np.ndarray,
    **options: Any,
) -> np.ndarray | None:
    """The segments above a threshold; None where there are fewer than two, which a count of pixels most often tells."""
    if np.count_nonzero((data > threshold) & inside) < 2 * n_pixels:
        return None
    return detect(data, threshold, n_pixels, footprint, inside, **options)
