"""One least-squares solution for the alignment of all groups of exposures, as SCAMP has it for optical surveys.

Positions of stars, and shift, rotation and so on of every group, are solved for together (Bertin 2006, ASP Conference
Series 351, 112). Matching and solving alternate: each solution tells better which stars are the same.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.pipeline.solution.geometry import POINTING, UNKNOWNS, moved
from app.pipeline.solution.pairs import Pairs, nearest, vote
from app.pipeline.solution.stars import Group, Sightings, identify, merge
from app.pipeline.solution.system import Fit, fit

__all__ = ["Aligned", "Options", "align"]

Array = NDArray[np.float64]
Links = Iterable[tuple[int, int, Pairs]]

#: Rounds of matching and solving after the first.
ROUNDS = 3
#: Positions that differ by more than so many times the error of their difference are not those of one star.
FAR = 5.0
#: ... but within this share of the first tolerance they are: distortion is not known better.
CLOSEST = 0.2
#: Fewest stars by which a displaced visit is put right.
FEWEST_DISPLACED = 10
#: What is not tied is looked for within so many times what the pointing is known to.
SEARCH = 4.0
#: Chance that is taken where a group would otherwise be tied to nothing (see `pairs.CHANCE`).
LAST_RESORT = 0.02


@dataclass(frozen=True, slots=True)
class Options:
    """How groups are aligned.

    Parameters
    ----------
    geometry : str
        ``fitgeometry`` of tweakreg.
    radius : float
        Largest offset between two groups [arcsec].
    tolerance : float
        How well the offsets of single stars agree while rotations are not known [arcsec].
    reference_radius : float
        Largest offset from a catalogue [arcsec].
    displaced_radius : float
        Largest offset of a displaced visit [arcsec]; 0: none is looked for.
    """

    geometry: str
    radius: float
    tolerance: float
    reference_radius: float = 6.0
    displaced_radius: float = 0.0


@dataclass(frozen=True, slots=True)
class Aligned:
    """The solution.

    Parameters
    ----------
    groups : sequence of Group
        As they were given; a catalogue is the last.
    fit : Fit
        Corrections, for each of these groups.
    sightings : Sightings
        The stars that more than one group has seen.
    displaced : dict
        Offset east and north [arcsec] by which groups were found beyond the search radius, by index.
    """

    groups: Sequence[Group]
    fit: Fit
    sightings: Sightings
    displaced: dict[int, tuple[float, float]]

    @property
    def tied(self) -> list[int]:
        """Indices of the groups that stars tie to another, or to a catalogue."""
        sizes = np.bincount(self.fit.components)
        is_tied = sizes[self.fit.components] > 1
        return [i for i, group in enumerate(self.groups) if is_tied[i] and not group.is_reference]


def align(groups: Sequence[Group], options: Options, catalogue: Group | None = None) -> Aligned:
    """Find the corrections of all groups.

    Parameters
    ----------
    groups : sequence of Group
    options : Options
    catalogue : Group, optional
        Stars whose positions on the sky are known.
    """
    work = _Work(groups if catalogue is None else [*groups, catalogue], options)
    work.solve(work.by_vote())
    for number in range(ROUNDS):
        work.join()
        work.solve(work.by_distance(is_first=number == 0))
    return Aligned(work.groups, work.fit, work.sightings, work.displaced)


class _Work:
    """What is known between rounds."""

    fit: Fit
    sightings: Sightings

    def __init__(self, groups: Sequence[Group], options: Options) -> None:
        self.groups, self.options = groups, options
        self.start = np.zeros((len(groups), len(UNKNOWNS[options.geometry])))
        self.values = self.start.copy()
        self.components = np.arange(len(groups))
        self.sigma_factor = 1.0
        self.displaced: dict[int, tuple[float, float]] = {}

    @property
    def moving(self) -> list[int]:
        """Indices of all groups but a catalogue."""
        return [index for index, group in enumerate(self.groups) if not group.is_reference]

    def points(self, index: int) -> Array:
        """Positions of a group's stars with its correction so far."""
        group = self.groups[index]
        return moved(group.points, group.centre, self.values[index])

    def solve(self, links: Links) -> None:
        """Solve with these pairs of stars, and remember what that tells."""
        self.sightings = identify(self.groups, links)
        self.fit = fit(self.groups, self.sightings, self.options.geometry, self.start, self.values, self.sigma_factor)
        self.values, self.components = self.fit.values, self.fit.components
        self.sigma_factor *= self.fit.scale

    def near(self, indices: Sequence[int], margin: float) -> Iterator[tuple[int, int, tuple[Array, Array]]]:
        """Pairs of groups whose stars may be the same, with the positions of all their stars."""
        points = {index: self.points(index) for index in indices if len(self.groups[index].points)}
        low, high = (np.array([edge(p, axis=0) for p in points.values()]).reshape(-1, 2) for edge in (np.min, np.max))
        meet = np.all(low[:, None] - margin <= high, axis=2)
        names = list(points)
        for one, other in np.argwhere(np.triu(meet & meet.T, 1)):
            i, j = names[one], names[other]
            yield i, j, (points[i], points[j])

    def by_vote(self) -> Links:
        """Pairs of groups that may be off by the search radius, a catalogue left out."""
        radius, tolerance = self.options.radius, self.options.tolerance
        for i, j, (a, b) in self.near(self.moving, radius):
            yield i, j, vote(a, b, radius, tolerance)

    def by_distance(self, *, is_first: bool) -> Links:
        """Pairs of groups that are known to be in place, and votes of those that are not yet tied."""
        radius, (between_groups, to_catalogue) = SEARCH * POINTING, self._closeness()
        for i, j, (a, b) in self.near(range(len(self.groups)), radius):
            close = to_catalogue if self.groups[j].is_reference else between_groups
            if self.components[i] == self.components[j]:
                yield i, j, nearest(a, b, max(self.options.tolerance, close) if is_first else close)
            elif not self.groups[j].is_reference:
                yield i, j, vote(a, b, radius, close, fewest=2, chance=LAST_RESORT)

    def _closeness(self) -> tuple[float, float]:
        """How far a star may lie from itself, as errors are known: in two groups, in one and a catalogue [arcsec]."""
        tolerance, catalogue = self.options.tolerance, self.groups[-1]
        known = [np.median(group.sigmas) for group in self.groups if len(group.sigmas) and not group.is_reference]
        if not known:
            return tolerance, tolerance
        error = self.sigma_factor * float(np.median(known))
        close = float(np.clip(FAR * np.sqrt(2) * error, CLOSEST * tolerance, tolerance))
        if not (catalogue.is_reference and len(catalogue.sigmas)):
            return close, close
        return close, max(close, FAR * float(np.hypot(error, np.median(catalogue.sigmas))))

    def join(self) -> None:
        """Put sets of groups that are tied to each other in place as a whole: on the catalogue, or the largest set."""
        sets = [np.flatnonzero(self.components == label) for label in np.unique(self.components[self.moving])]
        sets.sort(key=len, reverse=True)
        if len(set(self.components)) == 1:
            return
        if self.groups[-1].is_reference:
            target, label = self.points(len(self.groups) - 1), self.components[-1]
            sets = [members for members in sets if self.components[members[0]] != label]  # tied: a catalogue stays
            tries = [(self.options.reference_radius, 3), (self.options.displaced_radius, FEWEST_DISPLACED)]
        else:
            target, label = self._union(sets[0]), self.components[sets[0][0]]
            tries, sets = [(SEARCH * POINTING, 3), (self.options.displaced_radius, FEWEST_DISPLACED)], sets[1:]
        for members in sets:
            points = self._union(members)
            for radius, fewest in tries:
                if radius and len(pairs := vote(points, target, radius, self.options.tolerance, fewest)):
                    shift = np.median(target[pairs.second] - points[pairs.first], axis=0)
                    self._shift(members, shift, label)
                    break

    def _union(self, members: NDArray[np.int64]) -> Array:
        """Positions of all stars of some groups, each once."""
        sigmas = [self.groups[index].sigmas for index in members]
        return merge([self.points(index) for index in members], sigmas, self.options.tolerance)[0]

    def _shift(self, members: NDArray[np.int64], shift: Array, label: int) -> None:
        """Put groups in place, and know them as tied."""
        self.start[members, :2] += shift
        self.values = self.values.copy()
        self.values[members, :2] += shift
        self.components = np.where(np.isin(np.arange(len(self.groups)), members), label, self.components)
        if np.hypot(*shift) > self.options.radius:
            self.displaced |= {int(index): (float(shift[0]), float(shift[1])) for index in members}
