"""All that we use of jwst, stcal and photutils beyond what they declare public.

tests/pipeline/divided/test_jwst_internals.py fails when a release changes any of it.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from gwcs import region
from jwst.datamodels import ImageModel, ModelLibrary
from jwst.resample.resample import ResampleImage
from jwst.tweakreg import tweakreg_catalog
from photutils.background.interpolators import _BkgZoomInterpolator
from photutils.detection import core as finding_stars
from photutils.detection import peakfinder
from photutils.segmentation import deblend as deblending
from photutils.segmentation import finder as finding
from scipy.ndimage import zoom
from skimage import segmentation
from spherical_geometry import great_circle_arc
from stcal.outlier_detection import utils as blotting
from stcal.resample import resample as drizzling
from stcal.skymatch import SkyImage
from stdatamodels import schema as schemas

from app.pipeline.divided.deblending import call_all, grow, split
from app.pipeline.divided.filled_polygon import FilledPolygon
from app.pipeline.divided.peaks import circular_peaks
from app.pipeline.divided.planes import Planes
from app.runtime.patched import patched

__all__ = [
    "FootprintImage",
    "OnePassResampling",
    "OpeningLibrary",
    "PartResampling",
    "divided_deblending",
    "fast_background",
    "fast_intersections",
    "fast_peaks",
    "known_pixel_map",
    "largest_steps",
    "merged_already",
    "needed_columns",
]


@contextmanager
def known_pixel_map(pixels: np.ndarray) -> Iterator[None]:
    """Context in which stcal drizzles and blots with a pixel map that was computed before.

    A map takes half the time of a mosaic. stcal computes it three times for the same exposure and grid, and has no
    parameter for it.
    """
    with (
        patched(drizzling, "calc_pixmap", lambda *_, **__: pixels),
        patched(blotting, "calc_pixmap", lambda *_, **__: pixels.copy()),  # a blot replaces NaN in it
    ):
        yield


def merged_already(schema: Any) -> AbstractContextManager[None]:
    """Context in which jwst takes a schema that is merged as it is; it would merge its parts again for each model."""
    merge = schemas.merge_property_trees
    return patched(schemas, "merge_property_trees", lambda other: other if other is schema else merge(other))


def largest_steps(image: np.ndarray) -> np.ndarray:
    """The largest difference of each pixel from one of its four neighbours, as outlier detection takes a derivative."""
    return blotting._abs_deriv(image)


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
def fast_intersections() -> Iterator[None]:
    """Context in which footprints have the same intersections, in a third of the time, and in them the same pixels.

    spherical_geometry looks in quadruple precision which vertices lie on which edges: here only for those that do in
    double precision. For pixels see `FilledPolygon`.
    """
    lie_on_arc = partial(_lie_on_arc, great_circle_arc.intersects_point)
    with patched(great_circle_arc, "intersects_point", lie_on_arc), patched(region, "Polygon", FilledPolygon):
        yield


# Vertices that are looked at again in quadruple precision are this close to the circle around an edge [rad].
_NEAR = 1e-9


def _lie_on_arc(exactly: Callable[..., np.ndarray], a: np.ndarray, b: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Which points, an array (n, 3), lie on the arc from a to b, which is short."""
    middle, radius = (a + b) / 2, np.linalg.norm(a - b) / 2
    near = np.linalg.norm(points - middle, axis=-1) <= radius + _NEAR
    near[near] = exactly(a, b, points[near])
    return near


def needed_columns() -> AbstractContextManager[None]:
    """Context in which jwst measures of the sources in a mosaic what its catalogue holds, and not Kron fluxes besides.

    They would be thrown away; they are apertures over many pixels, and most of what measuring a source takes.
    """
    names = [name for name in tweakreg_catalog.SOURCECAT_COLUMNS if not name.startswith("kron_")]
    return patched(tweakreg_catalog, "SOURCECAT_COLUMNS", names)


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


class OnePassResampling(ResampleImage):
    """Resampling of one exposure, with the same result, whose image and variances are drizzled together by `Planes`.

    stcal would drizzle them one after the other.
    """

    def reset_arrays(self, n_input_models: int | None = None) -> None:
        """Make ready for an exposure."""
        super().reset_arrays(n_input_models)
        self._driz = Planes(self.output_array_shape, self.kernel, self.fillval)

    def input_model_to_dict(
        self, model: ImageModel, weight_type: str | None, enable_var: bool, compute_err: str | None
    ) -> dict[str, Any]:
        """What stcal takes of an exposure; with `enable_var` its errors are put beside the image."""
        taken = super().input_model_to_dict(model, weight_type, enable_var, compute_err)
        if enable_var:
            names = [name for name in self.variance_array_names if self._check_var_array(taken, name)]
            self._driz.beside = {name: np.sqrt(taken[name]) for name in names}  # as stcal does it, squared afterwards
        return taken

    def resampled_variance(self, name: str) -> np.ndarray:
        """A variance of the exposure, resampled [unit of the image squared, per its pixel]; NaN where there is none."""
        return np.square(self._driz.out_beside[name])

    def _resample_one_variance_array(self, name: str, *_: Any, **__: Any) -> np.ndarray:
        return self.resampled_variance(name)


class PartResampling(OnePassResampling):
    """Resampling of one exposure for the arrays alone.

    stcal would go on to add the variances up with weights, over the whole mosaic; and jwst would begin the mosaic's
    metadata.
    """

    def create_output_jwst_model(self, ref_input_model: ImageModel | None = None) -> None:
        """Make no model: a part has no metadata."""

    def init_variance_arrays(self) -> None:
        """Make nothing ready: the arrays come from the kernel."""

    def resample_variance_arrays(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: they were drizzled with the image."""

    @property
    def variances(self) -> dict[str, np.ndarray]:
        """Resampled variances by name, of those that the exposure has."""
        return {name: self.resampled_variance(name) for name in self._driz.beside}


class OpeningLibrary(ModelLibrary):
    """A library in memory whose members are opened by a method that a subclass can replace, again if it wants."""

    def open_member(self, path: Path) -> ImageModel:
        """A datamodel of a member's file."""
        return super()._datamodels_open(path)

    def _datamodels_open(self, filename: str, **_: Any) -> ImageModel:
        return self.open_member(Path(filename))

    def close_members(self) -> None:
        """Forget the models that are open: who borrows a member next, opens it."""
        self._loaded_models.clear()


class FootprintImage(SkyImage):
    """An image that is sent to other processes as its footprint alone: all that a neighbour needs of it."""

    def __getstate__(self) -> dict[str, Any]:
        return {"_polygon": self._polygon, "sky_id": self.sky_id}
