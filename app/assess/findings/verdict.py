"""The verdict on alignment: verified, failed, or could not be verified, from what stars say after it."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from app.assess.findings import group_residuals
from app.assess.findings.alignment import chips_disagree, modules_disagree, not_aligned, offsets_left
from app.assess.findings.displaced import no_shared_stars, shares_none
from app.assess.findings.facts import Facts
from app.runtime.words import listed

__all__ = ["Verdict", "alignment_verdict", "parts_disagree", "unconnected"]


class Verdict(StrEnum):
    """What is known of the alignment of a mosaic."""

    VERIFIED = "verified"
    FAILED = "failed"
    UNVERIFIED = "could not be verified"


def alignment_verdict(record: Mapping[str, Any]) -> dict[str, Any]:
    """Judge the alignment of a run by its measurements, however it was aligned.

    Every two exposures that overlap are compared by the stars that they share, at every corner of what both see, in a
    window wide enough for a displaced copy; every two groups also in 3 x 3 parts of that; and groups with a catalogue,
    or the mosaic of the run that is followed. It has failed where some disagree by more than a quarter of a pixel,
    significantly; it could not be verified where exposures are tied to the others by too few stars.

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
    tests = (offsets_left, no_shared_stars, group_residuals.apart, group_residuals.off_the_known)
    reasons = [reason for find in tests if (reason := find(facts))]
    verdict = Verdict.FAILED
    if not reasons and (reason := _unverified(facts)):
        verdict, reasons = Verdict.UNVERIFIED, [reason]
    elif not reasons:
        verdict, reasons = Verdict.VERIFIED, [_agreement(facts)]
    width = group_residuals.pulls(facts)
    said = (group_residuals.unlike_errors(width), group_residuals.not_compared(facts))
    lengths = [float(np.hypot(*o["offset"])) for o in facts.overlaps]
    return {
        "verdict": verdict,
        "reason": " ".join([*reasons, *filter(None, said)]),
        "is_relative": _is_relative(facts),
        "n_overlaps": len(facts.all_overlaps),
        "n_compared": len(lengths),
        "median_offset": float(np.median(lengths)) if lengths else None,
        "worst_corner": max((o.get("corner") or 0.0 for o in facts.overlaps), default=None),
        "pulls": width,
        "n_parts": sum(len(residual["parts"]) for residual in facts.group_residuals),
        "worst_part": group_residuals.worst_part(facts),
        "against": group_residuals.against_known(facts),
    }


def _is_relative(facts: Facts) -> bool:
    """Whether nothing ties the mosaic to the sky: no catalogue, or none that any group agrees with."""
    if not (facts.parameter("tweakreg", "abs_refcat") or "").strip():
        return True
    compared = [known for known in facts.known_positions if known["kind"] == "catalogue" and not known["reason"]]
    return bool(compared) and not group_residuals.on_sky(facts)


def _unverified(facts: Facts) -> str | None:
    if facts.follows_target:
        return "The target moves, and the stars stay behind: they say nothing of how well it is aligned."
    if len(facts.exposures) < 2 and not group_residuals.on_sky(facts):
        return "There is one exposure: nothing to compare it with."
    return _apart(facts, [e["file"] for e in facts.exposures])


def unconnected(facts: Facts) -> str | None:
    """Exposures that overlap others, and share too few stars with them to say whether they are in place."""
    if facts.follows_target:
        return None
    unsure = [o for o in facts.all_overlaps if o["offset"] is None and not shares_none(o)]  # the others are told apart
    return _apart(facts, {o[which] for o in unsure for which in ("first", "second")})


def parts_disagree(facts: Facts) -> str | None:
    """Groups that are apart in some part of what both see, where no other caveat says so."""
    told = (not_aligned, offsets_left, chips_disagree, modules_disagree, no_shared_stars)
    return None if any(find(facts) for find in told) else group_residuals.apart(facts)


def _apart(facts: Facts, judged: Collection[str]) -> str | None:
    """Of some exposures, those that nothing ties to the largest part: shared stars, a common group, or the sky."""
    names = [e["file"] for e in facts.exposures]
    place = {name: i for i, name in enumerate(names)}
    first_of = {e["group"]: i for i, e in reversed(list(enumerate(facts.exposures)))}
    ties = [(place[o["first"]], place[o["second"]]) for o in facts.overlaps]
    ties += [(i, first_of[e["group"]]) for i, e in enumerate(facts.exposures)]
    on_sky = sorted(first_of[group] for group in group_residuals.on_sky(facts))
    pairs = np.array([*ties, *((on_sky[0], i) for i in on_sky)]).reshape(-1, 2)
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(names), len(names)))
    labels = connected_components(graph, directed=False)[1]
    main = np.bincount(labels, minlength=1).argmax()
    apart = [name for name, label in zip(names, labels, strict=True) if label != main and name in judged]
    if not apart:
        return None
    main_names = {name for name, label in zip(names, labels, strict=True) if label == main}
    touching = {frozenset((o["first"], o["second"])) for o in facts.all_overlaps}
    reached = any(pair & main_names and pair & set(apart) for pair in touching)
    if reached:
        return f"{len(apart)} of {len(names)} exposures share too few stars with the others: {listed(apart)}."
    return (
        f"{len(apart)} of {len(names)} exposures overlap none of the others{_modules(facts, apart)}: {listed(apart)}."
    )


def _modules(facts: Facts, apart: Collection[str]) -> str:
    """Why NIRCam's modules are not compared, where that is all."""
    modules = {facts.by_name[name]["module"] for name in apart}
    others = {e["module"] for e in facts.exposures if e["file"] not in apart}
    if len(modules) != 1 or not modules <= {"a", "b"} or others != {"a", "b"} - modules:
        return ""
    return (
        f" (NIRCam's module {modules.pop().upper()}: no dither bridges the gap between the modules; a catalogue, "
        "abs_refcat, would compare both with the sky)"
    )


def _agreement(facts: Facts) -> str:
    if not facts.overlaps:
        return "All groups agree with the catalogue."
    worst = max(o.get("corner") or 0.0 for o in facts.overlaps)
    said = f"{len(facts.overlaps)} overlaps agree, to {facts.in_words(worst)} at the worst corner"
    if part := group_residuals.worst_part(facts):
        said += f", and to {facts.in_words(part['length'])} in the worst part of what two groups share"
    return f"{said}."
