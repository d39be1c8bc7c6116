"""Groups that alignment turned, and not the others on the same guide star."""

from typing import Any

import numpy as np

from app.assess.findings import limits
from app.assess.findings.facts import Facts

__all__ = ["turned_alone"]


def turned_alone(facts: Facts) -> str | None:
    """Groups that were turned although the others of their visit, on the same guide star, were not.

    A few stars make a turn that is none. One that the stars of an overlap with the others confirm is right.
    """
    turned = []
    for exposure in facts.exposures:
        mates = [e for e in facts.exposures if _visit(e) == _visit(exposure) and e["group"] != exposure["group"]]
        usual = float(np.median([e["rotation"] for e in mates])) if mates else 0.0
        if not mates or abs(exposure["rotation"]) <= abs(usual):
            continue
        turn = exposure["rotation"] - usual
        moves = float(np.radians(abs(turn))) * facts.reach(exposure)  # [arcsec] at the farthest corner
        if moves > facts.least_offset and not _confirmed(facts, exposure, {e["file"] for e in mates}, moves):
            turned.append((abs(turn), turn, exposure["file"], moves))
    if not turned:
        return None
    _, turn, name, moves = max(turned)
    return (
        f"{len(turned)} exposures were turned against the others of their visit, and no stars confirm it: {name} by "
        f"{turn:+.3f} deg, {facts.in_words(moves)} at its corners."
    )


def _visit(exposure: dict[str, Any]) -> str:
    return exposure["file"].split("_")[0]


def _confirmed(facts: Facts, exposure: dict[str, Any], mates: set[str], moves: float) -> bool:
    """Whether an overlap with one of the others leaves no room for a turn that is wrong."""
    pairs = [o for o in facts.overlaps if exposure["file"] in (o["first"], o["second"]) and o.get("corner") is not None]
    shared = [o for o in pairs if {o["first"], o["second"]} & mates]
    return any(o["corner"] + limits.CORNER_SIGNIFICANCE * o["corner_error"] < moves for o in shared)
