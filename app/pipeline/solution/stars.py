"""Stars of groups of exposures, and which of them are one star of the sky."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from app.pipeline.solution.pairs import Pairs

__all__ = ["Group", "Sightings", "identify", "merge"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True)
class Group:
    """Exposures that move together, as their stars.

    Parameters
    ----------
    name : str
    points : ndarray of shape (n, 2)
        Positions of its stars in a plane that all groups share [arcsec].
    sigmas : ndarray of shape (n,)
        Standard error of each position, per axis [arcsec].
    is_reference : bool
        It does not move: a catalogue.
    """

    name: str
    points: Array
    sigmas: Array
    is_reference: bool = False

    @cached_property
    def centre(self) -> Array:
        """Middle of its stars [arcsec]."""
        return self.points.mean(axis=0) if len(self.points) else np.zeros(2)


def merge(images: Sequence[Array], sigmas: Sequence[Array], radius: float) -> tuple[Array, Array]:
    """Mean positions of the stars of several images of one group, each once, weighted by errors, and their errors.

    Parameters
    ----------
    images : sequence of ndarray of shape (n, 2)
        Positions [arcsec].
    sigmas : sequence of ndarray of shape (n,)
        Standard error of each, per axis [arcsec].
    radius : float
        Stars of different images this close are one.
    """
    points = np.concatenate([np.empty((0, 2)), *images])
    image = np.repeat(np.arange(len(images)), [len(points) for points in images])
    edges = cKDTree(points).query_pairs(radius, output_type="ndarray") if len(points) else np.empty((0, 2), np.int64)
    label = _connected(edges[image[edges[:, 0]] != image[edges[:, 1]]], len(points))
    weights = np.concatenate([np.empty(0), *sigmas]) ** -2
    total = np.bincount(label, weights)
    sums = np.stack([np.bincount(label, weights * points[:, axis]) for axis in (0, 1)], axis=1)
    return sums / total[:, None], 1 / np.sqrt(total)


def _connected(edges: Index, n: int) -> Index:
    """Label of the connected set that each of n nodes is in."""
    graph = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n, n))
    return connected_components(graph, directed=False)[1].astype(np.int64)


@dataclass(frozen=True)
class Sightings:
    """Stars that more than one group has seen.

    Parameters
    ----------
    group : ndarray of int, shape (n,)
        Which group a sighting is of.
    index : ndarray of int, shape (n,)
        Which of its stars.
    star : ndarray of int, shape (n,)
        Which star of the sky, from 0 without gaps.
    """

    group: Index
    index: Index
    star: Index

    @property
    def n_stars(self) -> int:
        """Number of stars of the sky."""
        return int(self.star.max()) + 1 if len(self.star) else 0

    def keep(self, kept: NDArray[np.bool_]) -> "Sightings":
        """Without some sightings, and without stars that then only one group has seen."""
        counts = np.bincount(self.star[kept], minlength=self.n_stars)
        chosen = kept & (counts[self.star] > 1)
        star = np.unique(self.star[chosen], return_inverse=True)[1].astype(np.int64)
        return Sightings(self.group[chosen], self.index[chosen], star)

    def components(self, n_groups: int) -> Index:
        """Label of the set of groups that share stars, directly or through others, for each group."""
        edges = np.stack([self.group, self.star + n_groups], axis=1)
        return _connected(edges, n_groups + self.n_stars)[:n_groups]


def identify(groups: Sequence[Group], links: Iterable[tuple[int, int, Pairs]]) -> Sightings:
    """Put pairs together to stars.

    A star that would be two of one group is left out: one of the pairs is wrong, and nothing tells which.

    Parameters
    ----------
    groups : sequence of Group
    links : iterable of (int, int, Pairs)
        Pairs of stars of two groups.
    """
    starts = np.concatenate([[0], np.cumsum([len(group.points) for group in groups])]).astype(np.int64)
    edges = [np.stack([pairs.first + starts[i], pairs.second + starts[j]], axis=1) for i, j, pairs in links]
    label = _connected(np.concatenate([np.empty((0, 2), np.int64), *edges]), int(starts[-1]))
    group = np.repeat(np.arange(len(groups)), np.diff(starts))
    index = np.arange(starts[-1]) - starts[group]
    _, where, counts = np.unique(label * len(groups) + group, return_inverse=True, return_counts=True)
    is_twice = np.bincount(label, counts[where] > 1) > 0
    return Sightings(group, index, label).keep(~is_twice[label])
