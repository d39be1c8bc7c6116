"""The verdict on alignment: verified, failed, or could not be verified, from what stars say after it."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from app.assess.findings.alignment import offsets_left
from app.assess.findings.displaced import no_shared_stars, shares_none
from app.assess.findings.facts import Facts
from app.runtime.words import listed

__all__ = ["Verdict", "alignment_verdict", "unconnected"]


class Verdict(StrEnum):
    """What is known of the alignment of a mosaic."""

    VERIFIED = "verified"
    FAILED = "failed"
    UNVERIFIED = "could not be verified"


def alignment_verdict(record: Mapping[str, Any]) -> dict[str, Any]:
    """Judge the alignment of a run by its measurements, however it was aligned.

    Every two exposures that overlap are compared by the stars that they share, at every corner of what both see, in a
    window wide enough for a displaced copy. It has failed where some disagree by more than a quarter of a pixel,
    significantly; it could not be verified where exposures share too few stars with the others.

    Parameters
    ----------
    record : mapping
        ``measurements``, ``parameters`` and ``config`` of lv3_run.json.

    Returns
    -------
    dict
        ``verdict``, ``reason``, and numbers: see app/record/record.schema.json.
    """
    facts = Facts(record)
    reasons = [reason for find in (offsets_left, no_shared_stars) if (reason := find(facts))]
    verdict = Verdict.FAILED
    if not reasons and (reason := _unverified(facts)):
        verdict, reasons = Verdict.UNVERIFIED, [reason]
    elif not reasons:
        verdict, reasons = Verdict.VERIFIED, [_agreement(facts)]
    lengths = [float(np.hypot(*o["offset"])) for o in facts.overlaps]
    return {
        "verdict": verdict,
        "reason": " ".join(reasons),
        "is_relative": not (facts.parameter("tweakreg", "abs_refcat") or "").strip(),
        "n_overlaps": len(facts.all_overlaps),
        "n_compared": len(lengths),
        "median_offset": float(np.median(lengths)) if lengths else None,
        "worst_corner": max((o.get("corner") or 0.0 for o in facts.overlaps), default=None),
    }


def _unverified(facts: Facts) -> str | None:
    if len(facts.exposures) < 2:
        return "There is one exposure: nothing to compare it with."
    if facts.follows_target:
        return "The target moves, and the stars stay behind: they say nothing of how well it is aligned."
    return _apart(facts, [e["file"] for e in facts.exposures])


def unconnected(facts: Facts) -> str | None:
    """Exposures that overlap others, and share too few stars with them to say whether they are in place."""
    if facts.follows_target:
        return None
    unsure = [o for o in facts.all_overlaps if o["offset"] is None and not shares_none(o)]  # the others are told apart
    return _apart(facts, {o[which] for o in unsure for which in ("first", "second")})


def _apart(facts: Facts, judged: Collection[str]) -> str | None:
    """Of some exposures, those that no chain of shared stars, or of groups moved as one, links to the largest part."""
    names = [e["file"] for e in facts.exposures]
    place = {name: i for i, name in enumerate(names)}
    first_of = {e["group"]: i for i, e in reversed(list(enumerate(facts.exposures)))}
    ties = [(place[o["first"]], place[o["second"]]) for o in facts.overlaps]
    pairs = np.array([*ties, *((i, first_of[e["group"]]) for i, e in enumerate(facts.exposures))]).reshape(-1, 2)
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(names), len(names)))
    labels = connected_components(graph, directed=False)[1]
    main = np.bincount(labels, minlength=1).argmax()
    apart = [name for name, label in zip(names, labels, strict=True) if label != main and name in judged]
    if not apart:
        return None
    return f"{len(apart)} of {len(names)} exposures share too few stars with the others: {listed(apart)}."


def _agreement(facts: Facts) -> str:
    worst = max(o.get("corner") or 0.0 for o in facts.overlaps)
    return f"{len(facts.overlaps)} overlaps agree, to {facts.in_words(worst)} at the worst corner."
