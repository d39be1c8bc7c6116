"""Results that no one can use: the state `poor` of a run, and the reasons."""

from collections.abc import Iterator

import numpy as np

from app.assess.findings import limits
from app.assess.findings.displaced import shares_none
from app.assess.findings.facts import Facts

__all__ = ["unusable"]


def unusable(facts: Facts) -> str | None:
    """All that makes a mosaic one that no one can use, beyond what is less than it could be."""
    reasons = [*_flagged(facts), *_doubled(facts), *_absent(facts)]
    return f"The mosaic is of no use: {'; '.join(reasons)}." if reasons else None


def _flagged(facts: Facts) -> Iterator[str]:
    shares = [e["flagged"] for e in facts.exposures if e["flagged"] is not None]
    if shares and (middle := float(np.median(shares))) > limits.POOR_FLAGGED:
        yield (
            f"outlier detection flagged {middle:.0%} of the usable pixels of an exposure (the median; "
            f"the limit is {limits.POOR_FLAGGED:.0%})"
        )


def _doubled(facts: Facts) -> Iterator[str]:
    """Overlaps in which each star is there twice, far apart; those without enough stars say nothing."""
    alone = [o for o in facts.all_overlaps if shares_none(o)]
    apart, telling = [o for o in alone if o["displacement"]], len(facts.overlaps) + len(alone)
    if len(apart) > limits.POOR_OVERLAPS * telling:
        yield (
            f"in {len(apart)} of {telling} overlaps with stars each is there twice, arcseconds apart "
            f"(the limit is {limits.POOR_OVERLAPS:.0%})"
        )


def _absent(facts: Facts) -> Iterator[str]:
    absent = facts.without_contribution
    if len(absent) > limits.POOR_EXPOSURES * len(facts.exposures):
        yield (
            f"{len(absent)} of {len(facts.exposures)} exposures add nothing to it "
            f"(the limit is {limits.POOR_EXPOSURES:.0%})"
        )
