"""Groups of exposures against positions of stars known from elsewhere: a catalogue, or the run that is followed."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.assess.measure.exposure import Measured
from app.assess.measure.group_residuals import Part
from app.assess.measure.overlaps import FEWEST, SEARCH_RADIUS, WIDE_RADIUS
from app.assess.measure.position_errors import PositionErrors, located, true_variance
from app.observation.tangent_plane import TangentPlane
from app.pipeline.solution.pairs import vote
from app.plan.catalogue import Catalogue, mean_epoch
from app.plan.catalogue_table import as_catalogue, catalogue_file, read_catalogue
from app.plan.online_catalogue import fetch_catalogue
from app.plan.plan import Plan
from app.runtime.errors import Lv3Error

__all__ = ["Comparison", "KnownPositions", "compare_with", "known_positions"]

log = logging.getLogger(__name__)

Array = NDArray[np.float64]

CATALOGUE, FOLLOWED = "catalogue", "followed"
#: Fewest stars that say how far a group is displaced.
FEWEST_DISPLACED = 10
#: Fewest differences that say what is to be added to the errors of a list.
FEW = 20


@dataclass(frozen=True, eq=False)
class KnownPositions:
    """Positions of stars that are known from elsewhere.

    Parameters
    ----------
    name : str
        A file, or the name of an online catalogue.
    kind : str
        ``catalogue``, or ``followed``: of the mosaic that a run follows.
    positions : ndarray of shape (n, 2)
        [deg]
    errors : ndarray of shape (n,)
        Standard errors per axis [arcsec]; 0 where they are not known.
    reason : str
        Why there are none; else empty.
    """

    name: str
    kind: str
    positions: Array
    errors: Array
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A group against positions that are known.

    Parameters
    ----------
    group : str
    part : Part or None
        Positions in the group less those that are known; None with fewer than `overlaps.FEWEST` stars.
    displacement : ndarray of shape (2,) or None
        Where none is shared: the shift up to `overlaps.WIDE_RADIUS` on which many stars agree [arcsec].
    """

    group: str
    part: Part | None
    displacement: Array | None = None


def known_positions(plan: Plan) -> list[KnownPositions]:
    """What a run can be compared with: the catalogue that it is aligned to, the mosaic of the run that it follows."""
    found: list[KnownPositions] = []
    if plan.is_moving or plan.parameters.skips("tweakreg"):
        return found
    if name := (plan.parameters.of("tweakreg", "abs_refcat") or "").strip():
        found.append(_read(name, CATALOGUE, plan))
    if plan.config.aligned_by == "from_run":
        found.append(_read(str(plan.config.align_from), FOLLOWED, plan))
    return found


def _read(name: str, kind: str, plan: Plan) -> KnownPositions:
    try:
        catalogue = _followed(Path(name)) if kind == FOLLOWED else _catalogue(name, plan)
    except Lv3Error as error:
        log.warning("alignment is not compared with %s: %s", name, error)
        return KnownPositions(name, kind, np.empty((0, 2)), np.empty(0), str(error))
    epoch = mean_epoch(plan.science)
    moved = catalogue.at(epoch) if epoch else catalogue
    errors = np.zeros(len(moved)) if moved.errors is None else np.sqrt(np.mean(moved.errors**2, axis=1)) / 1000
    return KnownPositions(name, kind, moved.positions, np.nan_to_num(errors))


def _catalogue(name: str, plan: Plan) -> Catalogue:
    if path := catalogue_file(plan.parameters):
        return read_catalogue(path)
    return as_catalogue(fetch_catalogue(name.upper(), plan.science, WIDE_RADIUS), Path(name))


def _followed(position: Path) -> Catalogue:
    """The source catalogue of the run in a folder, or beside its record or table."""
    folder = position if position.is_dir() else position.parent
    names = sorted(folder.glob("*_cat.ecsv"))
    if len(names) != 1:
        raise Lv3Error(f"{folder} holds {len(names) or 'no'} source catalogue{'s' if names else ''} (*_cat.ecsv)")
    return read_catalogue(names[0])


def compare_with(
    known: KnownPositions,
    exposures: Sequence[Measured],
    groups: Sequence[str],
    plane: TangentPlane,
    tolerance: float,
    true: PositionErrors,
) -> list[Comparison]:
    """Compare every group with positions that are known.

    Parameters
    ----------
    known : KnownPositions
    exposures : sequence of Measured
    groups : sequence of str
        The group of each.
    plane : TangentPlane
        Of the positions in the exposures.
    tolerance : float
        How well positions of one star agree [arcsec].
    true : PositionErrors
        Of positions in exposures.
    """
    there = plane.from_sky(*known.positions.T)
    members: dict[str, list[Measured]] = {}
    for exposure, group in zip(exposures, groups, strict=True):
        members.setdefault(group, []).append(exposure)
    seen = {name: _offsets(there, known.errors, group, tolerance, true) for name, group in members.items()}
    about = [offsets - np.median(offsets, axis=0) for offsets, _ in seen.values() if len(offsets) >= FEWEST]
    errors = [errors for offsets, errors in seen.values() if len(offsets) >= FEWEST]
    # Catalogues do not always say how good they are, and stars move.
    scattered = sum(map(len, errors)) >= FEW
    more = _more(np.concatenate(about), np.concatenate(errors)) if scattered else 0.0
    found = []
    for name, (offsets, errors_of) in seen.items():
        if len(offsets) >= FEWEST:
            found.append(Comparison(name, Part(len(offsets), *located(offsets, np.hypot(errors_of, more)))))
        else:
            found.append(Comparison(name, None, _displacement(there, members[name], tolerance)))
    return found


def _more(about: Array, errors: Array) -> float:
    """What is to be added to the errors of offsets about those of their groups [arcsec]."""
    return float(np.sqrt(true_variance(about.T.ravel() ** 2, np.tile(errors**2, 2), np.ones(about.size))))


def _offsets(
    there: Array, errors: Array, group: Sequence[Measured], tolerance: float, true: PositionErrors
) -> tuple[Array, Array]:
    """Mean position of each star of a group less where it is known to be, and its error [arcsec]."""
    stars, positions, weights = [], [], []
    for exposure in group:
        pairs = vote(exposure.stars_after, there, SEARCH_RADIUS, tolerance, FEWEST)
        stars.append(pairs.second)
        positions.append(exposure.stars_after[pairs.first])
        weights.append(true.of(exposure.star_errors[pairs.first]) ** -2)
    star, where = np.unique(np.concatenate(stars), return_inverse=True)
    total = np.bincount(where, np.concatenate(weights))
    sums = [np.bincount(where, np.concatenate(weights) * axis) for axis in np.concatenate(positions).T]
    return np.stack(sums, axis=1) / total[:, None] - there[star], np.sqrt(1 / total + errors[star] ** 2)


def _displacement(there: Array, group: Sequence[Measured], tolerance: float) -> Array | None:
    """The shift up to the wide radius on which an exposure's stars agree with known positions, if there is one."""
    for exposure in group:
        pairs = vote(exposure.stars_after, there, WIDE_RADIUS, tolerance, FEWEST_DISPLACED)
        if len(pairs):
            return np.median(exposure.stars_after[pairs.first] - there[pairs.second], axis=0)
    return None
