"""Stars farther apart in two exposures than their errors explain: what alignment has not put right, and where."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.assess.measure.exposure import Measured
from app.assess.measure.overlaps import Overlap
from app.assess.measure.position_errors import PositionErrors
from app.observation.tangent_plane import TangentPlane

__all__ = ["DisplacedStar", "displaced_stars"]

#: Length of an offset beyond which it is not by chance [its error], and most stars that are kept, the farthest.
SIGNIFICANCE, MOST = 5.0, 300


@dataclass(frozen=True, slots=True)
class DisplacedStar:
    """A star in two exposures.

    Parameters
    ----------
    place : (float, float)
        In the first exposure [deg].
    offset : (float, float)
        Place in the first less that in the second, east and north [arcsec].
    error : float
        Standard error of the offset, per axis [arcsec].
    first, second : str
        Names of the exposures' files.
    """

    place: tuple[float, float]
    offset: tuple[float, float]
    error: float
    first: str
    second: str


def displaced_stars(
    exposures: Sequence[Measured],
    overlaps: Sequence[Overlap],
    errors: PositionErrors,
    plane: TangentPlane,
    least: float,
) -> list[DisplacedStar]:
    """The shared stars of all overlaps that are displaced, the farthest in terms of their errors first.

    What looks like a knot of a cloud in one of the exposures is left out: its place is not that sure.

    Parameters
    ----------
    exposures : sequence of Measured
    overlaps : sequence of Overlap
    errors : PositionErrors
        What makes the errors of positions true.
    plane : TangentPlane
        Of the places in exposures and overlaps.
    least : float
        Length below which an offset does not matter, however certain it is [arcsec].
    """
    found: list[tuple[float, DisplacedStar]] = []
    for overlap in overlaps:
        a, b = exposures[overlap.first], exposures[overlap.second]
        error = np.hypot(errors.of(a.star_errors[overlap.stars.first]), errors.of(b.star_errors[overlap.stars.second]))
        is_point = a.star_is_point[overlap.stars.first] & b.star_is_point[overlap.stars.second]
        length = np.hypot(*overlap.after.T)
        significance = length / error
        for i in np.flatnonzero(is_point & (significance > SIGNIFICANCE) & (length > least)):
            east, north = map(float, overlap.after[i])
            star = DisplacedStar(_sky(plane, overlap.places[i]), (east, north), float(error[i]), a.name, b.name)
            found.append((float(significance[i]), star))
    found.sort(key=lambda pair: -pair[0])
    return [star for _, star in found[:MOST]]


def _sky(plane: TangentPlane, place: NDArray[np.float64]) -> tuple[float, float]:
    ra, dec = plane.to_sky(place)
    return float(ra), float(dec)
