"""All that we use of jwst, stcal and spherical_geometry beyond what they declare public.

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
from spherical_geometry import great_circle_arc
from stcal.outlier_detection import utils as blotting
from stcal.resample import resample as drizzling
from stcal.skymatch import SkyImage
from stdatamodels import schema as schemas

from app.pipeline.divided.filled_polygon import FilledPolygon
from app.pipeline.divided.planes import Planes
from app.runtime.patched import patched

__all__ = [
    "FootprintImage",
    "OnePassResampling",
    "OpeningLibrary",
    "PartResampling",
    "fast_intersections",
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
