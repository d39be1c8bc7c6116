"""Caveats about one solution for all groups: groups without shared stars, far away, or that do not fit."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from app.assess.findings import limits
from app.assess.findings.facts import Facts
from app.runtime.words import listed

__all__ = ["displaced_groups", "groups_disagree", "shifted_only", "turned_groups", "untied"]


def untied(facts: Facts) -> str | None:
    """Groups that share no stars with others: they stay where they were."""
    groups = _groups(facts)
    names = [g["group"] for g in groups if not g["tied"]]
    if not names:
        return None
    return f"{len(names)} of {len(groups)} groups share no stars with others and stay where they were: {listed(names)}."


def displaced_groups(facts: Facts) -> str | None:
    """Groups that were found far from where they should have been, and corrected."""
    far = [(g["group"], float(np.hypot(*g["displaced"]))) for g in _groups(facts) if g["displaced"]]
    if not far:
        return None
    names = listed(f"{name} ({length:.2f} arcsec)" for name, length in far)
    return f"{len(far)} groups were far from where their headers say, and were put right: {names}."


def turned_groups(facts: Facts) -> str | None:
    """Groups that were found turned against the others by more than headers are off, and corrected."""
    turned = [g for g in _groups(facts) if "rotation" in g["values"] and not g["shifted_only"]]
    usual = float(np.median([g["values"]["rotation"] for g in turned])) if turned else 0.0
    far = []
    for group in turned:
        turn, error = group["values"]["rotation"] - usual, group["errors"]["rotation"]
        if abs(turn) - limits.CORNER_SIGNIFICANCE * error > limits.ROLL:
            far.append(f"{group['group']} ({turn:+.3f} deg)")
    return f"{len(far)} groups were turned against the others, and were put right: {listed(far)}." if far else None


def shifted_only(facts: Facts) -> str | None:
    """Groups with too few stars for the geometry that was asked for."""
    names = [f"{g['group']} ({g['n_stars']})" for g in _groups(facts) if g["tied"] and g["shifted_only"]]
    if not names:
        return None
    geometry = facts.record["alignment"]["geometry"]
    return f"{len(names)} groups have too few stars for fitgeometry={geometry} and were only shifted: {listed(names)}."


def groups_disagree(facts: Facts) -> str | None:
    """Pairs of groups whose stars are apart although all were solved for together."""
    pairs = facts.record.get("alignment", {}).get("outlying", [])
    if not pairs:
        return None
    names = listed(f"{p['first']} and {p['second']} ({facts.in_words(float(np.hypot(*p['offset'])))})" for p in pairs)
    return f"{len(pairs)} pairs of groups do not fit the solution: {names}."


def _groups(facts: Facts) -> list[Mapping[str, Any]]:
    return facts.record.get("alignment", {}).get("groups", [])
