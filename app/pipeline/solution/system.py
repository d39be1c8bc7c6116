"""The equations: every sighting of a star, moved by its group's correction, is where the star is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

from app.pipeline.solution.geometry import FEWEST_STARS, UNKNOWNS, basis, priors
from app.pipeline.solution.least_squares import solve
from app.pipeline.solution.stars import Group, Sightings

__all__ = ["Fit", "fit"]

Array = NDArray[np.float64]

#: A sighting with less weight than this ties no group.
OUTLIER = 0.1
#: Prior of what is not solved for [arcsec, rad].
FIXED = 1e-9


@dataclass(frozen=True)
class Fit:
    """The solution for n groups with k unknowns each.

    Parameters
    ----------
    values, errors : ndarray of shape (n, k)
        Unknowns (`geometry.UNKNOWNS`) about each group's centre, and their standard errors: among the groups that are
        tied to each other, or on the sky where a catalogue ties them.
    components : ndarray of int, shape (n,)
        Groups with the same label are tied to each other.
    n_stars : ndarray of int, shape (n,)
        Stars by which each group is tied.
    shifted_only : ndarray of bool, shape (n,)
        The group has too few stars for more than a shift.
    residuals : ndarray of shape (m, 2)
        Of each sighting [arcsec].
    weights : ndarray of shape (m,)
        Of each sighting, 0 to 1.
    scale : float
        Factor by which the errors of the stars' positions were wrong.
    """

    values: Array
    errors: Array
    components: NDArray[np.int64]
    n_stars: NDArray[np.int64]
    shifted_only: NDArray[np.bool_]
    residuals: Array
    weights: Array
    scale: float


def fit(
    groups: Sequence[Group], sightings: Sightings, geometry: str, start: Array, values: Array, sigma_factor: float
) -> Fit:
    """Solve for all corrections.

    Parameters
    ----------
    groups : sequence of Group
    sightings : Sightings
    geometry : str
    start : ndarray of shape (n, k)
        Corrections about which the priors are.
    values : ndarray of shape (n, k)
        Corrections as they are thought to be: one far from `start` is less bound by its prior.
    sigma_factor : float
        By which the groups' errors are multiplied; not those of a catalogue.
    """
    n, k = start.shape
    is_reference = np.array([group.is_reference for group in groups])
    positions = np.array([groups[g].points[i] for g, i in zip(sightings.group, sightings.index, strict=True)])
    positions = positions.reshape(-1, 2)
    sigmas = np.array([groups[g].sigmas[i] for g, i in zip(sightings.group, sightings.index, strict=True)])
    sigmas = np.where(is_reference[sightings.group], 1.0, sigma_factor) * sigmas
    centres = np.array([group.centre for group in groups])
    bases = basis(positions - centres[sightings.group], geometry)
    begin = positions + np.einsum("mak,mk->ma", bases, start[sightings.group])
    counts = np.bincount(sightings.star)
    middle = np.stack([np.bincount(sightings.star, begin[:, axis]) / counts for axis in (0, 1)], axis=1)

    counted = np.bincount(sightings.group, minlength=n)
    shifted_only = counted < FEWEST_STARS[geometry]
    known = np.stack([priors(geometry, row) for row in values - start])
    known[shifted_only, 2:] = FIXED
    known[is_reference] = FIXED
    n_stars = sightings.n_stars
    solution = solve(
        _rows(sightings, bases, is_reference, (n, k, n_stars)),
        (middle[sightings.star] - begin).T.ravel(),
        np.tile(sigmas, 2),
        prior_sigmas=np.concatenate([known.ravel(), np.full(2 * n_stars, np.inf)]),
        blocks=np.tile(np.arange(len(positions)), 2),
        n_nuisance=2 * n_stars,
        free=_common(sightings.components(n), is_reference, centres, geometry),
    )
    weights = solution.weights[: len(positions)]
    good = sightings.keep(weights > OUTLIER)
    return Fit(
        values=start + solution.values[: n * k].reshape(n, k),
        errors=solution.errors[: n * k].reshape(n, k),
        components=good.components(n),
        n_stars=np.bincount(good.group, minlength=n),
        shifted_only=shifted_only,
        residuals=solution.residuals.reshape(2, -1).T,
        weights=weights,
        scale=solution.scale,
    )


def _rows(
    sightings: Sightings, bases: Array, is_reference: NDArray[np.bool_], sizes: tuple[int, int, int]
) -> coo_array:
    """Rows ``correction - (star's position)``, all of the first axis first; unknowns by group, then stars by axis."""
    n, k, n_stars = sizes
    m = len(sightings.group)
    moves = np.where(is_reference[sightings.group][:, None, None], 0.0, bases)
    of_group = np.repeat(sightings.group * k, k) + np.tile(np.arange(k), m)
    data, rows, columns = [], [], []
    for axis in (0, 1):
        here = np.arange(m) + axis * m
        data += [moves[:, axis].ravel(), -np.ones(m)]
        rows += [np.repeat(here, k), here]
        columns += [of_group, n * k + axis * n_stars + sightings.star]
    shape = (2 * m, n * k + 2 * n_stars)
    return coo_array((np.concatenate(data), (np.concatenate(rows), np.concatenate(columns))), shape=shape).tocsr()


def _common(components: NDArray[np.int64], is_reference: NDArray[np.bool_], centres: Array, geometry: str) -> Array:
    """Motions that groups tied to each other, and to no catalogue, may have in common unseen: columns of unknowns."""
    n, k = len(centres), len(UNKNOWNS[geometry])
    columns = []
    for label in np.unique(components):
        members = components == label
        if np.sum(members) < 2 or np.any(is_reference[members]):
            continue
        for unknown in range(k):
            column = np.zeros((n, k))
            column[:, unknown] = 1
            column[:, :2] = basis(centres - centres[members].mean(axis=0), geometry)[:, :, unknown]
            columns.append((column * members[:, None]).ravel())
    return np.array(columns).T.reshape(n * k, -1)
