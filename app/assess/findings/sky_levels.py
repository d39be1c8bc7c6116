"""Caveats about how sky levels were found: each function gives a sentence, or None where all is well."""

from typing import Any

import numpy as np

from app.assess.findings import limits
from app.assess.findings.facts import Facts
from app.runtime.words import listed

__all__ = ["sky_apart", "sky_constant", "sky_made_worse", "sky_not_anchored", "sky_untied"]


def sky_made_worse(facts: Facts) -> str | None:
    """Overlaps that differ by more after matching than before."""
    measured = facts.record["measurements"]
    overlaps, mosaic = measured["overlaps"], measured["mosaic"]
    if not overlaps or facts.parameter("skymatch", "skip"):
        return None
    before, after = (float(np.median([abs(o[key]) for o in overlaps])) for key in ("sky_before", "sky"))
    # A median of n values, each with an error of its own.
    error = 1.2533 * float(np.median([o["sky_error"] for o in overlaps])) / len(overlaps) ** 0.5
    if after - before <= limits.STEP_SIGNIFICANCE * error:
        return None
    unit = mosaic["unit"] if mosaic else "in the unit of the data"
    return (
        f"Matching made overlaps worse: their levels differ by {after:.3g} {unit} in the median, and differed by "
        f"{before:.3g} before (error {error:.1g})."
    )


def sky_apart(facts: Facts) -> str | None:
    """Parts of the field between which levels cannot be compared."""
    parts = [group["part"] for group in _groups(facts) if group["error"] is not None]
    if (n := len(set(parts))) < 2:
        return None
    return f"The field falls into {n} parts that do not overlap: each has its own sky level, and they can differ."


def sky_untied(facts: Facts) -> str | None:
    """Groups that share too little with any other."""
    groups = _groups(facts)
    untied = [group["group"] for group in groups if group["error"] is None]
    if not untied or len(groups) < 2:
        return None
    return (
        f"{len(untied)} of {len(groups)} groups have no sky level: they share fewer than 30 samples with each other "
        f"exposure, or all of them are masked: {listed(untied)}."
    )


def sky_not_anchored(facts: Facts) -> str | None:
    """Groups that were to follow a mosaic and share too little with it, directly or through others."""
    groups = _groups(facts)
    adrift = [group["group"] for group in groups if group.get("anchored") is False]
    if not adrift:
        return None
    anchor = facts.record["sky_solution"]["anchor"]
    return (
        f"{len(adrift)} of {len(groups)} groups do not follow {anchor}: they share fewer than 30 samples with it, "
        f"directly or through others, and have a zero point of their own (lowest): {listed(adrift)}."
    )


def sky_constant(facts: Facts) -> str | None:
    """Groups that got a level where a plane was asked for."""
    solution = facts.record.get("sky_solution")
    if not solution or solution["order"] == 0:
        return None
    groups = [group for group in solution["groups"] if group["error"] is not None]
    constant = [group["group"] for group in groups if group["slope"] is None]
    if not constant:
        return None
    count = f"{len(constant)} of {len(groups)} groups"
    return f"{count} got a constant sky instead of a plane, because their overlaps are too narrow: {listed(constant)}."


def _groups(facts: Facts) -> list[dict[str, Any]]:
    solution = facts.record.get("sky_solution")
    return solution["groups"] if solution else []
