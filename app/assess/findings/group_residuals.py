"""What is left between groups after alignment, and against positions that are known: numbers of the verdict."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, norm

from app.assess.findings import limits
from app.assess.findings.facts import Facts
from app.runtime.words import listed

__all__ = [
    "against_known",
    "apart",
    "not_compared",
    "off_the_known",
    "on_sky",
    "pulls",
    "unlike_errors",
    "width",
    "worst_part",
]

#: Numbers of alignment's own that the stars of parts have to be more than, if their pulls are to say anything.
_SPARE = 2.0
_CUT, _ROUNDS = 2.0, 30
_UNKNOWNS = {"shift": 2, "rshift": 3, "rscale": 4, "general": 6}


def parts_of(residual: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All that two groups share, and the parts of it."""
    yield residual
    yield from residual["parts"]


def excess(entry: Mapping[str, Any]) -> float:
    """Length of an offset, less what its error allows [arcsec]."""
    return float(np.hypot(*entry["offset"])) - limits.CORNER_SIGNIFICANCE * entry["error"]


def apart(facts: Facts) -> str | None:
    """Groups whose stars are apart by what shows in a mosaic, anywhere in what both see."""
    far = []
    for residual in facts.group_residuals:
        worst = max((p for p in parts_of(residual) if p["n_stars"] >= limits.FEW_IN_PART), key=excess, default=None)
        if worst is not None and excess(worst) > facts.least_offset:
            far.append((float(np.hypot(*worst["offset"])), residual["first"], residual["second"], worst["n_stars"]))
    if not far:
        return None
    length, first, second, n = max(far)
    return (
        f"{len(far)} of {len(facts.group_residuals)} pairs of groups disagree, {first} and {second} by "
        f"{facts.in_words(length)} in {n} stars of some part of what both see."
    )


def worst_part(facts: Facts) -> dict[str, Any] | None:
    """The part of an overlap whose stars are farthest apart; None where no part has enough of them."""
    parts = [
        (float(np.hypot(*part["offset"])), part["error"], part["n_stars"], residual["first"], residual["second"])
        for residual in facts.group_residuals
        for part in residual["parts"]
        if part["n_stars"] >= limits.FEW_IN_PART
    ]
    names = ("length", "error", "n_stars", "first", "second")
    return dict(zip(names, max(parts), strict=True)) if parts else None


def pulls(facts: Facts) -> float | None:
    """Width of the offsets of all parts in their errors, without outliers: 1 where alignment is as good as its stars.

    Alignment makes the offsets of the same stars smaller: by so many numbers as it has found.

    Returns
    -------
    float or None
        None where there are too few parts.
    """
    found = np.array([np.array(p["offset"]) / max(p["error"], 1e-9) for r in facts.group_residuals for p in r["parts"]])
    spent = _spent(facts)
    if found.size < max(limits.FEW_PULLS, _SPARE * spent):
        return None
    return width(found) * float(np.sqrt(found.size / (found.size - spent)))


def width(values: NDArray[np.float64]) -> float:
    """Width of a distribution about 0, in standard deviations of a normal one, of which outliers have little say.

    Huber's proposal 2 (1981, Robust Statistics, section 6.4): beyond twice the width all numbers count alike.
    """
    usual = chi2.cdf(_CUT**2, 3) + _CUT**2 * chi2.sf(_CUT**2, 1)  # what the mean of the squares then is
    found = float(np.median(np.abs(values))) / norm.ppf(0.75) or 1.0
    for _ in range(_ROUNDS):
        found *= float(np.sqrt(np.mean(np.minimum((values / found) ** 2, _CUT**2)) / usual)) or 1.0
    return found


def _spent(facts: Facts) -> int:
    """How many numbers alignment has taken from the stars that groups share."""
    if facts.aligned_by != "tweakreg" or facts.config("alignment") in ("from_run", "none"):
        return 0
    groups = {name for residual in facts.group_residuals for name in (residual["first"], residual["second"])}
    return _UNKNOWNS.get(str(facts.parameter("tweakreg", "fitgeometry")), 3) * max(len(groups) - 1, 0)


def unlike_errors(value: float | None) -> str | None:
    """What it means when pulls are not as wide as they should be."""
    low, high = limits.PULLS
    if value is None or low <= value <= high:
        return None
    if value < low:
        return f"Offsets are {value:.2f} times as wide as their errors: the errors are too large."
    return (
        f"Offsets are {value:.1f} times as wide as their errors: alignment, or the distortion of the detectors, is not "
        "as good as the stars allow."
    )


def against_known(facts: Facts) -> list[dict[str, Any]]:
    """How groups agree with catalogues, and with the run that is followed: for the record."""
    found = []
    for known in facts.known_positions:
        compared = [g for g in known["groups"] if g["offset"] is not None]
        offsets = np.array([g["offset"] for g in compared]).reshape(-1, 2)
        scaled = np.array([np.array(g["offset"]) / max(g["error"], 1e-9) for g in compared])
        found.append(
            {
                "name": known["name"],
                "kind": known["kind"],
                "reason": known["reason"],
                "n_groups": len(known["groups"]),
                "n_compared": len(compared),
                "offset": np.median(offsets, axis=0).tolist() if compared else None,
                "worst": float(np.hypot(*offsets.T).max()) if compared else None,
                "pulls": width(scaled) if scaled.size >= limits.FEW_PULLS else None,
            }
        )
    return found


def off_the_known(facts: Facts) -> str | None:
    """Groups that are not where a catalogue, or the run that is followed, has their stars."""
    said = []
    for known in facts.known_positions:
        far = {g["group"]: float(np.hypot(*g["offset"])) for g in known["groups"] if _is_off(g, facts.least_offset)}
        far |= {g["group"]: float(np.hypot(*g["displacement"])) for g in known["groups"] if g["displacement"]}
        if far:
            worst = max(far, key=lambda name: far[name])
            said.append(
                f"{len(far)} of {len(known['groups'])} groups are not where {_word(known)} has their stars, {worst} by "
                f"{facts.in_words(far[worst])}."
            )
    return " ".join(said) or None


def _is_off(group: Mapping[str, Any], least: float) -> bool:
    return group["offset"] is not None and excess(group) > least


def _word(known: Mapping[str, Any]) -> str:
    return f"the {'catalogue' if known['kind'] == 'catalogue' else 'run that is followed,'} {known['name']}"


def on_sky(facts: Facts) -> set[str]:
    """Groups that agree with a catalogue."""
    catalogues = [known for known in facts.known_positions if known["kind"] == "catalogue"]
    least = facts.least_offset
    return {
        g["group"]
        for known in catalogues
        for g in known["groups"]
        if g["n_stars"] >= limits.FEW_ON_SKY and not _is_off(g, least)
    }


def not_compared(facts: Facts) -> str | None:
    """Lists of positions with which nothing could be compared."""
    names = [known["name"] for known in facts.known_positions if not any(g["n_stars"] for g in known["groups"])]
    return f"It could not be compared with {listed(names)}." if names else None
