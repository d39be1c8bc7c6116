"""Exposures that are elsewhere than they say: what overlaps them does not see their stars, or sees them far away."""

from typing import Any

import numpy as np

from app.assess.findings import limits
from app.assess.findings.facts import Facts

__all__ = ["no_shared_stars", "shares_none"]


def no_shared_stars(facts: Facts) -> str | None:
    """Exposures that overlap and have stars there, and none in common: one of them is elsewhere than it says."""
    alone = [o for o in facts.all_overlaps if shares_none(o)]
    if not alone:
        return None
    count = f"{len(alone)} of {len(facts.all_overlaps)} overlaps share no star, though both exposures have some there"
    apart = [(float(np.hypot(*o["displacement"])), o["first"], o["second"]) for o in alone if o["displacement"]]
    if not apart:
        return f"{count}: {alone[0]['first']} and {alone[0]['second']}; no shift brings their stars together."
    length, first, second = max(apart)
    return f"{count}: {first} and {second} see the same stars {length:.2f} arcsec apart."


def shares_none(overlap: dict[str, Any]) -> bool:
    """Whether two exposures should have stars in common and have none."""
    enough = min(overlap.get("n_first", 0), overlap.get("n_second", 0)) >= limits.FEW_MATCHES
    return overlap["offset"] is None and enough
