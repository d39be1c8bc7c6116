"""How far exposures were moved: from the WCS, not from step flags."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from app.assess.measure.frames import TangentPlane
from app.assess.measure.similarity import fit_similarity

__all__ = ["Motion", "motion"]


@dataclass(frozen=True, slots=True)
class Motion:
    """What alignment did to one exposure, at its centre.

    Parameters
    ----------
    east, north : float
        Shift [arcsec].
    rotation : float
        Turn [deg], from north through east.
    scale : float
        Factor.
    moved : bool
        Whether alignment set the WCS anew, if only by next to nothing, as where it was aligned before.
    """

    east: float
    north: float
    rotation: float
    scale: float
    moved: bool

    @property
    def length(self) -> float:
        """Length of the shift [arcsec]."""
        return float(np.hypot(self.east, self.north))


def motion(before: Any, after: Any, shape: tuple[int, int]) -> Motion:
    """Measure shift, rotation and scale between two WCS of one image.

    A similarity is fitted, by least squares, to where a grid of pixels lies in the tangent plane of its centre.

    Parameters
    ----------
    before, after : gwcs.wcs.WCS
    shape : (int, int)
        Of the image: rows, columns.
    """
    y, x = (grid.ravel() for grid in np.meshgrid(*(np.linspace(0, n - 1, 9) for n in shape), indexing="ij"))
    plane = TangentPlane(*map(float, before((shape[1] - 1) / 2, (shape[0] - 1) / 2, with_bounding_box=False)))
    old, new = (plane.from_sky(*wcs(x, y, with_bounding_box=False)) for wcs in (before, after))
    fit = fit_similarity(old, new - old)
    east, north = fit.at(np.zeros((1, 2)))[0]
    return Motion(float(east), float(north), fit.rotation, fit.scale, not _same(before, after))


def _same(before: Any, after: Any) -> bool:
    """Whether two WCS are equal to the bit: a fit, however little it moves, leaves no parameter quite as it was."""
    return np.array_equal(before.forward_transform.parameters, after.forward_transform.parameters)
