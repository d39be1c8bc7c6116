"""What alignment may do to a group: the unknowns of tweakreg's `fitgeometry`, and what is known of them before."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEWEST_STARS", "UNKNOWNS", "basis", "matrix", "moved", "priors"]

Array = NDArray[np.float64]

#: Names of the unknowns, in their order, by `fitgeometry`; a geometry has all those of the ones before it.
UNKNOWNS = {
    "shift": ("east", "north"),
    "rshift": ("east", "north", "rotation"),
    "rscale": ("east", "north", "rotation", "scale"),
    "general": ("east", "north", "rotation", "scale", "stretch", "shear"),
}
#: Fewest stars that decide a geometry (as tweakwcs.linearfit.SUPPORTED_FITGEOM_MODES); with fewer a group is shifted.
FEWEST_STARS = {"shift": 1, "rshift": 2, "rscale": 2, "general": 3}

#: What is known of JWST's pointing before: to 0.1 arcsec a axis and 0.02 deg of roll, rarely worse (JWST User
#: Documentation, "JWST Pointing Performance"), a little more here. Distortion is known to some 1e-4.
POINTING = 0.15  # [arcsec]
ROLL = np.radians(0.02)
DISTORTION = 1e-4


def basis(arms: Array, geometry: str) -> Array:
    """How a star moves with each unknown.

    Parameters
    ----------
    arms : ndarray of shape (n, 2)
        Positions from the group's centre [arcsec].
    geometry : str
        A key of `UNKNOWNS`.

    Returns
    -------
    ndarray of shape (n, 2, k)
        Motion east and north for one unit of each unknown: arcsec, and for the others radians or ratios. A positive
        rotation is from east to north.
    """
    x, y = arms.T
    one, zero = np.ones_like(x), np.zeros_like(x)
    columns = [(one, zero), (zero, one), (-y, x), (x, y), (x, -y), (y, x)]
    return np.array(columns[: len(UNKNOWNS[geometry])]).T


def matrix(values: Sequence[float] | Array) -> Array:
    """The 2 x 2 matrix of a group's unknowns: a position from its centre is multiplied by it and shifted."""
    _, _, rotation, scale, stretch, shear = np.concatenate([values, np.zeros(6 - len(values))])
    return np.array([[1 + scale + stretch, shear - rotation], [shear + rotation, 1 + scale - stretch]])


def moved(points: Array, centre: Array, values: Array) -> Array:
    """Positions [arcsec], shape (n, 2), after a group's correction about its centre."""
    return centre + (points - centre) @ matrix(values).T + values[:2]


def priors(geometry: str, values: Array) -> Array:
    """What is known of each unknown before, as sigmas about zero.

    Parameters
    ----------
    geometry : str
    values : ndarray of shape (n, k)
        Unknowns as they are thought to be; one beyond its sigma is less bound by it, as with Cauchy's weight: a visit
        on a wrong guide star must not pull the others along.
    """
    known = np.array([POINTING, POINTING, ROLL, DISTORTION, DISTORTION, DISTORTION])[: len(UNKNOWNS[geometry])]
    return np.hypot(known, values)
