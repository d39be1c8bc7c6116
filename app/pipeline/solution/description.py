"""A solution in numbers, for the record."""

from typing import Any

import numpy as np

from app.observation.scatter import PER_MAD
from app.pipeline.solution.alignment import Aligned
from app.pipeline.solution.geometry import UNKNOWNS

__all__ = ["describe"]

#: Two groups disagree beyond this many standard errors, and beyond this length [arcsec].
SIGNIFICANCE, LEAST = 5.0, 0.005
#: Efficiency of a median: its standard error is so much larger than a mean's.
OF_MEDIAN = 1.2533


def describe(aligned: Aligned, geometry: str) -> dict[str, Any]:
    """What was solved for, with errors, and what does not fit.

    Parameters
    ----------
    aligned : Aligned
    geometry : str

    Returns
    -------
    dict
        ``alignment`` of the record; app/record/record.schema.json says what is in it.
    """
    fit = aligned.fit
    on_sky = {label for label, group in zip(fit.components, aligned.groups, strict=True) if group.is_reference}
    groups = [
        {
            "group": group.name,
            "n_stars": int(fit.n_stars[i]),
            "tied": i in aligned.tied,
            "on_sky": bool(fit.components[i] in on_sky),
            "shifted_only": bool(fit.shifted_only[i]) and geometry != "shift",
            "values": _named(fit.values[i]) if i in aligned.tied else {},
            "errors": _named(fit.errors[i]) if i in aligned.tied else {},
            "displaced": list(aligned.displaced[i]) if i in aligned.displaced else None,
        }
        for i, group in enumerate(aligned.groups)
        if not group.is_reference
    ]
    scatter = _scatter(aligned)
    return {"geometry": geometry, "groups": groups, "scatter": scatter, "outlying": _outlying(aligned, scatter or 0.0)}


def _named(values: np.ndarray) -> dict[str, float]:
    """Unknowns by name; angles in degrees."""
    named = dict(zip(UNKNOWNS["general"], map(float, values), strict=False))
    return {name: float(np.degrees(value)) if name == "rotation" else value for name, value in named.items()}


def _scatter(aligned: Aligned) -> float | None:
    """Scatter of one star's position about where it is, per axis [arcsec]; None without stars."""
    residuals = aligned.fit.residuals
    if not len(residuals):
        return None
    # Half of the numbers that two sightings of a star give are used up by its position.
    counts = np.bincount(aligned.sightings.star)[aligned.sightings.star]
    return float(PER_MAD * np.median(np.abs(residuals * np.sqrt(counts / (counts - 1))[:, None])))


def _outlying(aligned: Aligned, scatter: float) -> list[dict[str, Any]]:
    """Pairs of groups that see the same stars apart, in the solution, farther than their errors allow."""
    stars = aligned.sightings
    seen: dict[tuple[int, int], list[np.ndarray]] = {}
    order = np.argsort(stars.star, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(stars.star[order])) + 1):
        for first, i in enumerate(members):
            for j in members[first + 1 :]:
                difference = aligned.fit.residuals[j] - aligned.fit.residuals[i]
                seen.setdefault((int(stars.group[i]), int(stars.group[j])), []).append(difference)
    found = []
    for (i, j), differences in seen.items():
        offset = np.median(differences, axis=0)
        error = OF_MEDIAN * scatter * np.sqrt(2 / len(differences))
        if np.hypot(*offset) > max(SIGNIFICANCE * error, LEAST):
            pair = {"first": aligned.groups[i].name, "second": aligned.groups[j].name}
            found.append(pair | {"n_stars": len(differences), "offset": offset.tolist(), "error": float(error)})
    return found
