"""What alignment did to an exposure, as a motion on the sky that can be written down and done again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.observation.tangent_plane import TangentPlane
from app.pipeline.solution.geometry import UNKNOWNS, matrix

__all__ = ["Motion", "correct", "mean_motion", "motion_between", "motion_of"]

Array = NDArray[np.float64]

#: Half the side of the square on whose corners and edges a motion is fitted to what moves [arcsec].
HALF_SIDE = 30.0
_N = len(UNKNOWNS["general"])


@dataclass(frozen=True, slots=True)
class Motion:
    """A shift, a rotation and so on, about a position on the sky.

    Parameters
    ----------
    ra, dec : float
        The position [deg].
    values : tuple of float
        The unknowns of `geometry.UNKNOWNS["general"]`: shift east and north [arcsec], rotation from east to north
        [rad], scale, stretch and shear.
    """

    ra: float
    dec: float
    values: tuple[float, ...] = (0.0,) * _N

    def __call__(self, ra: Array, dec: Array) -> tuple[Array, Array]:
        """Where positions on the sky [deg] are moved to."""
        plane = TangentPlane(self.ra, self.dec)
        return plane.to_sky(plane.from_sky(ra, dec) @ matrix(self.values).T + self.values[:2])


def motion_of(move: Callable[[Array, Array], Sequence[Array]], ra: float, dec: float) -> Motion:
    """The motion that is nearest to whatever moves positions on the sky, around one of them [deg]."""
    plane = TangentPlane(ra, dec)
    square = HALF_SIDE * np.stack(np.meshgrid([-1.0, 0, 1], [-1.0, 0, 1]), axis=-1).reshape(-1, 2)
    return Motion(ra, dec, _fitted(square, plane.from_sky(*move(*plane.to_sky(square)))))


def motion_between(before: Any, after: Any, shape: tuple[int, int]) -> Motion:
    """The motion from one `gwcs.wcs.WCS` of an image of this shape to another."""
    y, x = (grid.ravel() for grid in np.meshgrid(*(np.linspace(0, n - 1, 9) for n in shape), indexing="ij"))
    old_sky, new_sky = (wcs(x, y, with_bounding_box=False) for wcs in (before, after))
    ra, dec = (float(values[x.size // 2]) for values in old_sky)  # of the image's centre
    plane = TangentPlane(ra, dec)
    return Motion(ra, dec, _fitted(plane.from_sky(*old_sky), plane.from_sky(*new_sky)))


def mean_motion(motions: Sequence[Motion], weights: Sequence[float], ra: float, dec: float) -> Motion:
    """The weighted mean of motions, at a position on the sky [deg]."""
    values = np.array([motion_of(motion, ra, dec).values for motion in motions])
    return Motion(ra, dec, tuple(np.average(values, axis=0, weights=weights).tolist()))


def correct(corrector: Any, motion: Motion, shape: tuple[int, int]) -> None:
    """Move the WCS of an image of this shape, by tweakwcs' corrector of it.

    A correction is affine in the tangent plane of the telescope's frame; a motion on the sky is so within a
    thousandth of a milliarcsecond.
    """
    y, x = (grid.ravel() for grid in np.meshgrid(*(np.linspace(0, n - 1, 5) for n in shape), indexing="ij"))
    old = np.stack(corrector.det_to_tanp(x, y), axis=1)
    new = np.stack(corrector.world_to_tanp(*motion(*corrector.det_to_world(x, y))), axis=1)
    terms = np.concatenate([old, np.ones((len(old), 1))], axis=1)
    solution = np.linalg.lstsq(terms, new - old, rcond=None)[0]
    corrector.set_correction(np.eye(2) + solution[:2].T, solution[2])


def _fitted(old: Array, new: Array) -> tuple[float, ...]:
    """Unknowns of the affine motion from positions in a plane to others."""
    terms = np.concatenate([old, np.ones((len(old), 1))], axis=1)
    a = np.linalg.lstsq(terms, new - old, rcond=None)[0]
    (xx, yx), (xy, yy) = a[:2]
    found = (*a[2], (yx - xy) / 2, (xx + yy) / 2, (xx - yy) / 2, (yx + xy) / 2)
    return tuple(float(value) for value in found)
