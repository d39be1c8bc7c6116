"""Robust least squares: sparse rows of measurements, weak prior knowledge, errors from the normal equations.

The same numbers in give the same bits out: everything is computed in one process and in one order.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array, diags_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu
from scipy.stats import chi2

__all__ = ["Solution", "solve"]

Array = NDArray[np.float64]

#: Cauchy's weight is 1/2 where a residual is that many of its sigma; 95 % as efficient as plain least squares where
#: errors are normal (Holland and Welsch 1977, Communications in Statistics A6, 813).
CAUCHY = 2.385
#: The given sigmas count as much as that many measurements, when the residuals say by what factor they are wrong.
TRUST = 4.0
#: Least variance factor: residuals may be nothing at all, which no prior outweighs in double precision.
SMALLEST = 1e-4
#: What stands for a prior where there is none, of what the rows say of an unknown: it decides only what they do not.
RIDGE = 1e-12
#: An unknown is unconstrained where it is this small a share, or more, of all that is known of it.
UNKNOWN = 1e-3
MAX_ITERATIONS = 100
#: Iterations end where no residual changes by more than this, in its sigma.
CONVERGED = 1e-4


@dataclass(frozen=True, slots=True)
class Solution:
    """What `solve` found, for n unknowns and m rows.

    Parameters
    ----------
    values : ndarray of shape (n,)
        The unknowns; 0 where nothing says anything.
    errors : ndarray of shape (n,)
        Standard errors; infinite where an unknown is not constrained, NaN for nuisance.
    residuals : ndarray of shape (m,)
        Measured less modelled, in the unit of the measurements.
    weights : ndarray of shape (m,)
        Robust weight of each row, 0 to 1: an outlier's is near 0.
    scale : float
        Factor by which the given sigmas have to be multiplied to be those of the residuals.
    components : ndarray of int, shape (n,)
        Label of the set of unknowns that rows tie to each other; an unknown in no row is a set of its own.
    """

    values: Array
    errors: Array
    residuals: Array
    weights: Array
    scale: float
    components: NDArray[np.int64]


def solve(
    rows: csr_array,
    values: ArrayLike,
    sigmas: ArrayLike,
    *,
    prior_sigmas: ArrayLike | None = None,
    blocks: ArrayLike | None = None,
    n_nuisance: int = 0,
    free: ArrayLike | None = None,
) -> Solution:
    """Solve ``rows @ x = values`` for x, by iteratively reweighted least squares with Cauchy's weight.

    With residual r and its sigma, ``weight = 1 / (1 + (r / (CAUCHY scale sigma))**2)``. The scale is found from the
    median of the residuals, and from the given sigmas where there are few. Errors are the roots of the diagonal of the
    inverse normal matrix, times the factor by which an M-estimate with these residuals is less certain than least
    squares (Huber 1981, Robust Statistics, section 7.6).

    Parameters
    ----------
    rows : sparse array of shape (m, n)
        How each measurement depends on the unknowns.
    values : array_like of shape (m,)
        What was measured; no NaN.
    sigmas : array_like of shape (m,)
        Standard errors of the measurements, right among each other; above 0.
    prior_sigmas : array_like of shape (n,), optional
        Each unknown is 0 to within this before anything is measured; infinite (the default): nothing is known.
    blocks : array_like of int, shape (m,), optional
        Rows of one measurement have the same number, from 0 without gaps, and get one weight together: x and y of a
        star. Default: each row is a measurement of its own.
    n_nuisance : int
        So many of the last unknowns are eliminated before the others are solved for: there may be very many (positions
        of stars), each row has at most one of them, every one is in a row, and their priors and errors do not matter.
    free : array_like of shape (n - n_nuisance, k), optional
        Combinations of unknowns, ``free.T @ x``, of which errors are not to speak: what all have in common where only
        differences are measured.

    Returns
    -------
    Solution
    """
    system = _System(rows, values, sigmas, prior_sigmas, blocks, n_nuisance)
    weights, scale = np.ones(len(system.values)), 1.0
    normal = system.normal(weights, scale)
    n_free, x = system.n_free(normal), normal.solve()
    residuals = system.residuals(x)
    for _ in range(MAX_ITERATIONS):
        before = residuals
        scale = system.scale(residuals, n_free)
        weights = system.weights(residuals, scale)
        x = system.normal(weights, scale).solve()
        residuals = system.residuals(x)
        if len(residuals) == 0 or np.max(np.abs(residuals - before)) < CONVERGED * scale:
            break
    errors = system.errors(weights, np.sqrt(system.variance_factor(residuals, scale, n_free)), free)
    return Solution(
        values=np.where(np.isinf(errors), 0.0, x * system.units),
        errors=errors,
        residuals=residuals * system.sigmas,
        weights=weights,
        scale=scale,
        components=system.components,
    )


class _Normal:
    """Normal equations, factored; the last unknowns, whose part of the matrix is diagonal, are eliminated."""

    def __init__(self, matrix: csr_array, right_side: Array, n_nuisance: int) -> None:
        self.n = n = matrix.shape[0] - n_nuisance
        self.diagonal = matrix.diagonal()[n:]
        self.cross = csr_array(matrix[:n, n:])
        self.right_side = right_side
        reduced = matrix[:n, :n] - self.cross @ diags_array(1 / self.diagonal) @ self.cross.T
        self.factor = splu(reduced.tocsc(), options={"SymmetricMode": True}, permc_spec="MMD_AT_PLUS_A")

    def solve(self) -> Array:
        """All unknowns."""
        first, last = self.right_side[: self.n], self.right_side[self.n :]
        x = self.factor.solve(first - self.cross @ (last / self.diagonal))
        return np.concatenate([x, (last - self.cross.T @ x) / self.diagonal])

    def inverse(self, columns: Array) -> Array:
        """The inverse matrix of what is not eliminated, times columns of shape (n, k)."""
        return self.factor.solve(np.asfortranarray(columns))

    def inverse_diagonal(self, at_once: int = 256) -> Array:
        """Diagonal of that inverse, by so many columns at once."""
        found = np.empty(self.n)
        for start in range(0, self.n, at_once):
            columns = np.arange(start, min(start + at_once, self.n))
            unit = np.zeros((self.n, len(columns)))
            unit[columns, columns - start] = 1
            found[columns] = self.inverse(unit)[columns, columns - start]
        return found


def _inverse(matrix: Array) -> Array:
    """The inverse of a symmetric matrix, or what comes nearest to it where it is singular."""
    units = 1 / np.sqrt(np.maximum(matrix.diagonal(), np.finfo(float).tiny))
    return units[:, None] * np.linalg.pinv(units[:, None] * matrix * units, hermitian=True) * units


class _System:
    """The system with rows in units of their sigma, and unknowns in `units` in which the rows know each to 1."""

    def __init__(
        self,
        rows: csr_array,
        values: ArrayLike,
        sigmas: ArrayLike,
        prior_sigmas: ArrayLike | None,
        blocks: ArrayLike | None,
        n_nuisance: int,
    ) -> None:
        self.n_nuisance = n_nuisance
        self.sigmas = np.asarray(sigmas, dtype=float)
        self.values = np.asarray(values, dtype=float) / self.sigmas
        known = diags_array(1 / self.sigmas) @ csr_array(rows, dtype=float)
        strength = np.sqrt(np.asarray(known.multiply(known).sum(axis=0)).ravel())
        self.units = 1 / np.where(strength > 0, strength, 1.0)
        self.rows = csr_array(known @ diags_array(self.units))
        self.columns = csr_array(self.rows.T)  # turned once, not for each of the normal equations
        # Labels of the sets of unknowns that rows tie to each other.
        self.components = connected_components(abs(self.columns) @ abs(self.rows), directed=False)[1].astype(np.int64)
        prior = np.full(len(self.units), np.inf) if prior_sigmas is None else np.asarray(prior_sigmas, dtype=float)
        self.prior = np.maximum((self.units / prior) ** 2, RIDGE)
        self.blocks = np.arange(len(self.values)) if blocks is None else np.asarray(blocks, dtype=np.int64)
        self.block_sizes = np.bincount(self.blocks)
        sizes, each = np.unique(self.block_sizes, return_inverse=True)
        self.usual = (chi2.median(sizes) / sizes)[each]  # the median of the mean of so many squared normal errors

    def normal(self, weights: Array, scale: float) -> _Normal:
        """The normal equations with these weights and this scale of the sigmas."""
        w = weights / scale**2
        weighted = self.columns.copy()
        weighted.data *= w[weighted.indices]
        matrix = csr_array(weighted @ self.rows + diags_array(self.prior))
        return _Normal(matrix, self.rows.T @ (w * self.values), self.n_nuisance)

    def residuals(self, x: Array) -> Array:
        return self.values - self.rows @ x

    def n_free(self, normal: _Normal) -> float:
        """Number of unknowns that the rows, not the prior, decide."""
        of_prior = self.prior[: normal.n] * normal.inverse_diagonal()
        return self.n_nuisance + float(np.sum(1 - np.clip(of_prior, 0, 1)))

    def mean_squares(self, residuals: Array) -> Array:
        """Mean squared residual of each block's rows."""
        return np.bincount(self.blocks, residuals**2) / self.block_sizes

    def scale(self, residuals: Array, n_free: float) -> float:
        """Robust width of the residuals in units of the given sigmas."""
        squared = float(np.median(self.mean_squares(residuals) / self.usual)) if len(residuals) else 1.0
        return float(np.sqrt(self._trusted(squared, n_free)))

    def _trusted(self, factor: float, n_free: float) -> float:
        """A variance factor that residuals suggest; nearer to 1 where there are few measurements to spare."""
        m = len(self.values)
        spare = max(m - n_free, 0.0)
        return max(factor * m / spare, SMALLEST) ** (spare / (spare + TRUST)) if spare > 0 else 1.0

    def weights(self, residuals: Array, scale: float) -> Array:
        return (1 / (1 + self.mean_squares(residuals) / (CAUCHY * scale) ** 2))[self.blocks]

    def variance_factor(self, residuals: Array, scale: float, n_free: float) -> float:
        """By what the inverse of the weighted normal matrix is to be multiplied to be the covariance."""
        if len(residuals) == 0:
            return 1.0
        excess = self.mean_squares(residuals) / (CAUCHY * scale) ** 2
        weights = 1 / (1 + excess)
        slope = np.average(weights - 2 / self.block_sizes * excess * weights**2, weights=self.block_sizes)
        w = weights[self.blocks]
        influence = float(np.mean((w * residuals) ** 2))
        # Near convergence the slope is positive but where most measurements are outliers of each other.
        return self._trusted(influence * float(np.mean(w)) / max(slope, 0.1) ** 2, n_free)

    def errors(self, weights: Array, scale: float, free: ArrayLike | None) -> Array:
        """Standard errors in the caller's units."""
        normal = self.normal(weights, scale)
        variance, prior, units = normal.inverse_diagonal(), self.prior[: normal.n], self.units[: normal.n]
        if free is not None and np.size(free):
            columns = np.asarray(free, dtype=float) * units[:, None]
            spread = normal.inverse(columns)
            # As if the combinations had been measured without error.
            variance -= np.sum(spread * (_inverse(columns.T @ spread) @ spread.T).T, axis=1)
        sizes = np.bincount(self.components)[self.components[: normal.n]]
        is_unknown = (prior == RIDGE) & (RIDGE * variance * sizes > UNKNOWN)
        known = np.where(is_unknown, np.inf, np.sqrt(np.maximum(variance, 0)) * units)
        return np.concatenate([known, np.full(self.n_nuisance, np.nan)])
