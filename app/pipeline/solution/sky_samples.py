"""Samples of the sky's brightness in an exposure, at points that all exposures share."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.nddata.bitmask import bitfield_to_boolean_mask
from jwst.datamodels import ImageModel
from numpy.typing import NDArray

from app.observation.sky_points import HALF_BOX, sample_boxes, sample_points
from app.observation.tangent_plane import TangentPlane
from app.pipeline.divided.exposure_files import ExposureFile

__all__ = [
    "CELL",
    "POINTS_IN_CELL",
    "Sampling",
    "SkySamples",
    "sample_exposure",
    "sample_image",
    "sample_pixels",
    "sampling_of",
    "usable_image",
]

#: Points along the side of a cell, the place in which differences are put together.
CELL = 8
#: Points along the side of an exposure, about: 4000 samples of 25 pixels know a level to 1/250 of the noise of a pixel.
POINTS = 64
#: Pixels whose weight, 1 / VAR_RNOISE, is below this share of the usual one are not used; outlier detection drops
#: pixels of low weight in the same way (its parameter ``maskpt``).
LOWEST_WEIGHT = 0.3
#: Columns and rows of the points of a cell, in their order.
POINTS_IN_CELL = np.stack(np.divmod(np.arange(CELL**2), CELL)[::-1], axis=1).astype(float)


@dataclass(frozen=True, slots=True)
class Sampling:
    """Where and how exposures are sampled.

    Parameters
    ----------
    plane : TangentPlane
        The same for all.
    spacing : float
        Distance of the points [arcsec].
    dqbits : int or None
        Bits of DQ that do not matter; None where none does.
    """

    plane: TangentPlane
    spacing: float
    dqbits: int | None


@dataclass(frozen=True, slots=True)
class SkySamples:
    """An exposure on the common grid of points, by cells of `CELL` x `CELL` points.

    Parameters
    ----------
    row, column : int
        Of the first cell.
    values : ndarray of shape (rows, columns, CELL**2)
        Medians of small boxes [unit of the data]; NaN beyond the detector, on sources, and where too little is usable.
    """

    row: int
    column: int
    values: NDArray[np.float32]

    @property
    def places(self) -> NDArray[np.float64]:
        """Columns and rows of the points that have a sample, shape (n, 2)."""
        rows, columns, points = np.nonzero(np.isfinite(self.values))
        return CELL * np.stack([columns + self.column, rows + self.row], axis=1) + POINTS_IN_CELL[points]


def sampling_of(exposure: ExposureFile, dqbits: int | None) -> Sampling:
    """How to sample all exposures, from one of them: boxes do not share pixels, and there are some `POINTS` a side."""
    wcs, (ny, nx) = exposure.tree["meta"]["wcs"], exposure.shape
    centre = (nx - 1) / 2, (ny - 1) / 2
    plane = TangentPlane(*map(float, wcs(*centre, with_bounding_box=False)))
    x, y = centre[0] + np.array([-0.5, 0.5, 0, 0]), centre[1] + np.array([0, 0, -0.5, 0.5])
    left, right, low, high = plane.from_sky(*wcs(x, y, with_bounding_box=False))
    scale = float(np.sqrt(abs(np.linalg.det([right - left, high - low]))))
    return Sampling(plane, scale * max(2 * HALF_BOX + 1, np.sqrt(nx * ny) / POINTS), dqbits)


def sample_exposure(sampling: Sampling, exposure: ExposureFile) -> SkySamples:
    """Sample an exposure where nothing is flagged and the weight is not low."""
    with exposure.open("data", "dq", "var_rnoise") as model:
        image, wcs = usable_image(model, sampling.dqbits), model.meta.wcs
        variance = model.instance.get("var_rnoise")
        if variance is not None and np.any(known := np.isfinite(variance) & (variance > 0) & np.isfinite(image)):
            with np.errstate(invalid="ignore"):
                image[variance > np.median(variance[known]) / LOWEST_WEIGHT] = np.nan
    return sample_image(image, wcs, sampling)


def usable_image(model: ImageModel, dqbits: int | None) -> NDArray[np.float32]:
    """The image of a datamodel, NaN where bits of DQ other than these forbid its use."""
    image = np.array(model.data, dtype=np.float32)
    if dqbits is not None:
        good = bitfield_to_boolean_mask(model.dq, dqbits, good_mask_value=True, dtype=bool)
        image[~good] = np.nan
    return image


def sample_image(image: NDArray[np.float32], wcs: Any, sampling: Sampling) -> SkySamples:
    """Sample an image, NaN where it is not to be used."""
    column, row, x, y = sample_points(wcs, image.shape, sampling.plane, sampling.spacing)
    values = sample_boxes(image, x, y)
    return SkySamples(row // CELL, column // CELL, _by_cell(values, row % CELL, column % CELL))


def sample_pixels(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Samples of an image at pixels that are the same in all images of its shape."""
    ny, nx = image.shape
    step = max(2 * HALF_BOX + 1, round(np.sqrt(nx * ny) / POINTS))
    y, x = np.meshgrid(*(np.arange(HALF_BOX, size - HALF_BOX, step, dtype=float) for size in (ny, nx)), indexing="ij")
    return sample_boxes(image, x, y)


def _by_cell(array: NDArray[np.float32], above: int, left: int) -> NDArray[np.float32]:
    """An array of points by cells, the first of which begin that many points before it."""
    below, right = -(array.shape[0] + above) % CELL, -(array.shape[1] + left) % CELL
    padded = np.pad(array, ((above, below), (left, right)), constant_values=np.nan)
    rows, columns = (size // CELL for size in padded.shape)
    return padded.reshape(rows, CELL, columns, CELL).swapaxes(1, 2).reshape(rows, columns, CELL**2)
