"""Sky levels of all groups of exposures from their differences at the same places, in one least-squares solution."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array, diags_array, vstack
from scipy.sparse.csgraph import connected_components

from app.observation.scatter import PER_MAD
from app.pipeline.solution.least_squares import solve
from app.pipeline.solution.sky_differences import difference_all
from app.pipeline.solution.sky_samples import SkySamples

__all__ = ["GroupSky", "solve_sky"]

Array = NDArray[np.float64]

#: A group gets no plane where the places that it shares reach less far, in their narrowest direction, than this share
#: of the group itself: a strip of a fifth of its width along one side has 0.2.
NARROWEST = 0.3
#: What differences leave open is decided by rows that are surer than any of them by this factor.
SURE = 1e-3


@dataclass(frozen=True, slots=True)
class GroupSky:
    """The sky of one group: ``level + slope @ (place - centre)``.

    Parameters
    ----------
    level, error : float
        Level and its standard error against the mean of its part of the field, or against the reference image [unit
        of the data]; the error is NaN where nothing ties the group to another one.
    slope : (float, float)
        Rise to the east and to the north [unit of the data / arcsec]; 0 for a constant.
    slope_error : float
        Standard error of each [unit of the data / arcsec]; NaN for a constant.
    centre : (float, float)
        East and north in the plane of the samples [arcsec].
    part : int
        Number of the part of the field: groups of different parts share no place, directly or through others.
    n_samples : int
        Samples that it shares with other groups.
    is_anchored : bool
        Whether its part of the field meets the reference image, so that its level is one above that.
    """

    level: float
    error: float
    slope: tuple[float, float]
    slope_error: float
    centre: tuple[float, float]
    part: int
    n_samples: int
    is_anchored: bool


def solve_sky(
    samples: Sequence[SkySamples],
    labels: Sequence[int],
    *,
    spacing: float,
    order: int = 0,
    anchor: str = "lowest",
    reference: SkySamples | None = None,
) -> list[GroupSky]:
    """Solve for the sky of groups of exposures.

    Parameters
    ----------
    samples : sequence of SkySamples
        Of the exposures.
    labels : sequence of int
        Group of each exposure, from 0.
    spacing : float
        Distance of the samples [arcsec].
    order : int
        0 for a level, 1 for a plane for each group.
    anchor : str
        What is left open in each part of the field: ``lowest``, the lowest level is 0; ``mean``, their mean is;
        ``none``, their mean is, each weighted by the number of its samples.
    reference : SkySamples, optional
        Of an image with the sky that is wanted: in a part of the field that meets it, levels are those above it.

    Returns
    -------
    list of GroupSky
        By the numbers of the groups.
    """
    everything, groups = list(samples), np.array(labels, dtype=np.int64)
    n_groups = int(groups.max()) + 1
    if reference is not None:
        everything, groups = [*everything, reference], np.append(groups, n_groups)
    field = _Field(everything, groups, n_groups, order)
    weights = field.n_samples.astype(float) if anchor == "none" else np.ones(len(field.n_samples))
    values, errors = field.solve(weights)
    levels = values[: field.n]
    if anchor == "lowest":
        for part in set(field.parts.tolist()) - field.fixed_parts:
            levels[field.parts == part] -= levels[field.parts == part].min()
    slopes, slope_errors = (v[field.n :].reshape(-1, 2) / spacing for v in (values, errors))
    return [
        GroupSky(
            level=float(levels[g]),
            error=float(errors[g]) if field.n_samples[g] else np.nan,
            slope=(float(slopes[g, 0]), float(slopes[g, 1])),
            slope_error=float(slope_errors[g].max()) if field.is_plane[g] else np.nan,
            centre=(float(field.centres[g, 0] * spacing), float(field.centres[g, 1] * spacing)),
            part=int(field.parts[g]),
            n_samples=int(field.n_samples[g]),
            is_anchored=int(field.parts[g]) in field.fixed_parts,
        )
        for g in range(n_groups)
    ]


class _Field:
    """All groups and their differences. Unknowns: a level for each group, then an eastern and a northern slope."""

    def __init__(self, samples: Sequence[SkySamples], groups: NDArray[np.int64], n_groups: int, order: int) -> None:
        self.n = int(groups.max()) + 1
        self.differences = d = difference_all(samples, groups)
        self.pairs = np.stack([groups[d.first], groups[d.second]], axis=1)
        ties = coo_array((np.ones(len(self.pairs)), self.pairs.T), shape=(self.n, self.n))
        self.parts = connected_components(ties, directed=False)[1].astype(np.int64)
        self.fixed_parts = set(self.parts[n_groups:].tolist())
        self.n_samples = np.bincount(self.pairs.ravel(), np.repeat(d.n, 2), minlength=self.n)
        places = [
            np.concatenate([s.places for s, g in zip(samples, groups, strict=True) if g == k]) for k in range(self.n)
        ]
        self.centres = np.array([p.mean(axis=0) if len(p) else np.zeros(2) for p in places])
        self.reaches = np.array([_narrowest(p) for p in places])
        self.is_plane = np.zeros(self.n, bool)
        if order == 1:
            self.is_plane[:n_groups] = self._shared_reaches()[:n_groups] > NARROWEST * self.reaches[:n_groups]

    def _shared_reaches(self) -> Array:
        """How far the places reach that each group shares with others: they say what its slope is."""
        order = np.argsort(self.pairs.ravel(), kind="stable")
        places = np.repeat(self.differences.places, 2, axis=0)[order]
        ends = np.searchsorted(self.pairs.ravel()[order], np.arange(self.n + 1))
        return np.array([_narrowest(places[start:end]) for start, end in pairwise(ends)])

    def solve(self, weights: Array) -> tuple[Array, Array]:
        """Values and standard errors of the unknowns; in a part that has no reference the mean of levels is 0."""
        d = self.differences
        # Of the n (n - 1) / 2 differences between the n exposures of a place n - 1 are independent of each other.
        sigmas = d.errors * np.sqrt(d.shared / 2)
        decided = self._decided(weights)
        rows = csr_array(vstack([self._rows(), decided]))
        sure = SURE * (float(sigmas.min()) if len(sigmas) else 1.0)
        sigmas = np.append(sigmas, np.full(decided.shape[0], sure))
        prior = self._prior()
        solution = solve(rows, np.append(d.values, np.zeros(decided.shape[0])), sigmas, prior_sigmas=prior)
        normal = rows.T @ diags_array(solution.weights / sigmas**2) @ rows
        covariance = np.linalg.pinv(normal.toarray() + np.diag(1 / prior**2), hermitian=True)
        pulls = np.abs(solution.residuals[: len(d.values)]) / d.errors
        # What differences scatter more than their samples do is an error that many samples share.
        excess = max(1.0, PER_MAD * float(np.median(pulls))) if len(pulls) else 1.0
        return solution.values, excess * np.sqrt(np.diag(covariance))

    def _rows(self) -> coo_array:
        """How each difference depends on the unknowns."""
        m = np.arange(len(self.pairs))
        rows, columns, values = [], [], []
        for side, sign in ((0, 1.0), (1, -1.0)):
            group = self.pairs[:, side]
            offset = (self.differences.places - self.centres[group]) * self.is_plane[group, None]
            for column, value in (
                (group, 1.0),
                (self.n + 2 * group, offset[:, 0]),
                (self.n + 2 * group + 1, offset[:, 1]),
            ):
                rows.append(m)
                columns.append(column)
                values.append(sign * np.broadcast_to(value, m.shape))
        entries = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
        return coo_array(entries, shape=(len(m), 3 * self.n))

    def _decided(self, weights: Array) -> coo_array:
        """Rows that are to be 0: the mean level of a part, its mean slope, or what the reference has."""
        rows = []
        for part in range(int(self.parts.max()) + 1):
            members = np.flatnonzero(self.parts == part)
            unknowns = [members]
            if part in self.fixed_parts:
                members = unknowns[0] = members[-1:]
            elif self.is_plane[members].all():  # a constant among them says what no slope is
                unknowns += [self.n + 2 * members, self.n + 2 * members + 1]
            share = np.maximum(weights[members], 1) / np.maximum(weights[members], 1).sum()
            for columns in unknowns:
                row = np.zeros(3 * self.n)
                row[columns] = share
                rows.append(row)
        return coo_array(np.array(rows))

    def _prior(self) -> Array:
        """What is known of slopes before: they make no larger differences than there are."""
        largest = float(np.quantile(np.abs(self.differences.values), 0.95)) if len(self.pairs) else 1.0
        prior = np.full(3 * self.n, np.inf)
        prior[self.n :] = np.repeat(np.maximum(largest, 1e-12) / np.maximum(np.sqrt(3) * self.reaches, 1), 2)
        return prior


def _narrowest(places: Array) -> float:
    """Standard deviation of places in the direction in which they reach least far."""
    if len(places) < 3:
        return 0.0
    return float(np.sqrt(max(np.linalg.eigvalsh(np.cov(places.T))[0], 0.0)))
