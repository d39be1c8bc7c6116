"""From tweakreg's correctors, with a catalogue of sources each, to corrected ones: the solution between the two."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.table import Table
from numpy.typing import NDArray

from app.observation.tangent_plane import TangentPlane, plane_amid
from app.pipeline.solution.alignment import Aligned, Options, align
from app.pipeline.solution.geometry import moved
from app.pipeline.solution.motion import Motion, correct, motion_of
from app.pipeline.solution.sources import ERROR
from app.pipeline.solution.stars import Group, merge

__all__ = ["Solved", "solve_alignment"]

log = logging.getLogger(__name__)

Array = NDArray[np.float64]

#: How well a star's position is thought to be measured before the residuals tell [pixel]: where nothing says how well,
#: and what is added to what the noise of pixels says.
CENTROID_ERROR, ADDED = 0.02, 0.01
#: How well the offsets of single stars agree while rotations are not known [width of the PSF].
TOLERANCE = 0.6


@dataclass(frozen=True, slots=True)
class Solved:
    """What `solve_alignment` found.

    Parameters
    ----------
    aligned : Aligned
    motions : dict
        Motion of each group that something ties, by name.
    """

    aligned: Aligned
    motions: dict[str, Motion]

    @property
    def by_group(self) -> dict[str, tuple[float, int]]:
        """Standard error of the shift, an axis [arcsec], and number of stars of each group that something ties."""
        fit, tied = self.aligned.fit, self.aligned.tied
        errors = np.sqrt(np.mean(fit.errors[:, :2] ** 2, axis=1))
        return {self.aligned.groups[i].name: (float(errors[i]), int(fit.n_stars[i])) for i in tied}


def solve_alignment(
    correctors: Sequence[Any], shapes: Sequence[tuple[int, int]], parameters: dict[str, Any], displaced_radius: float,
    reference: tuple[Array, Array] | None = None,
) -> Solved:  # fmt: skip
    """Solve for the motions of all groups, and correct the WCS of those that something ties.

    Parameters
    ----------
    correctors : sequence of tweakwcs.correctors.JWSTWCSCorrector
        With ``catalog`` (columns x and y) and ``group_id`` in their ``meta``; those that are corrected get a
        ``fit_info`` there, by which tweakreg knows them.
    shapes : sequence of (int, int)
        Of the images.
    parameters : dict
        Of tweakreg: ``fitgeometry``, ``searchrad``, ``abs_searchrad``, ``kernel_fwhm``.
    displaced_radius : float
        How far a displaced visit is looked for [arcsec].
    reference : (ndarray of shape (n, 2), ndarray of shape (n,)), optional
        Positions [deg] and standard errors [arcsec] of a catalogue's stars.
    """
    sky = [np.stack(c.det_to_world(c.meta["catalog"]["x"], c.meta["catalog"]["y"]), axis=1) for c in correctors]
    middles = np.array(
        [c.det_to_world(shape[1] / 2, shape[0] / 2) for c, shape in zip(correctors, shapes, strict=True)]
    )
    plane = plane_amid(middles)
    scale = float(np.median([c.tanp_pixel_scale(s[1] / 2, s[0] / 2) for c, s in zip(correctors, shapes, strict=True)]))
    tolerance = TOLERANCE * parameters["kernel_fwhm"] * scale
    members: dict[str, list[int]] = {}
    for index, corrector in enumerate(correctors):
        members.setdefault(str(corrector.meta["group_id"]), []).append(index)
    groups = []
    for name, images in members.items():
        sigmas = [scale * _errors(correctors[i].meta["catalog"]) for i in images]
        groups.append(Group(name, *merge([plane.from_sky(*sky[i].T) for i in images], sigmas, tolerance)))
    catalogue = reference and Group("catalogue", plane.from_sky(*reference[0].T), reference[1], is_reference=True)
    options = Options(
        parameters["fitgeometry"], parameters["searchrad"], tolerance, parameters["abs_searchrad"], displaced_radius
    )
    aligned = align(groups, options, catalogue or None)
    motions = _motions(aligned, plane, groups)
    for name, motion in motions.items():
        for index in members[name]:
            correct(correctors[index], motion, shapes[index])
            correctors[index].meta["fit_info"] = {"status": "SUCCESS"}
    return Solved(aligned, motions)


def _errors(catalogue: Table) -> Array:
    """Standard errors of positions, per axis [pixel]: right among each other, which is all that matters."""
    if ERROR not in catalogue.colnames:
        return np.full(len(catalogue), CENTROID_ERROR)
    errors = np.asarray(catalogue[ERROR], dtype=float)
    return np.where(np.isfinite(errors), np.hypot(errors, ADDED), CENTROID_ERROR)


def _motions(aligned: Aligned, plane: TangentPlane, groups: Sequence[Group]) -> dict[str, Motion]:
    """Motions on the sky of the groups that something ties."""
    found = {}
    for index in aligned.tied:
        group, values = groups[index], aligned.fit.values[index]

        def move(ra: Array, dec: Array, group: Group = group, values: Array = values) -> tuple[Array, Array]:
            return plane.to_sky(moved(plane.from_sky(ra, dec), group.centre, values))

        ra, dec = plane.to_sky(group.centre[None])
        found[group.name] = motion_of(move, float(ra[0]), float(dec[0]))
    return found
