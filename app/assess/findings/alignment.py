"""Caveats about alignment: each function gives a sentence, or None where all is well."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from app.assess.findings import limits
from app.assess.findings.facts import Facts
from app.runtime.words import listed

__all__ = ["chips_disagree", "few_matches", "large_shift", "modules_disagree", "not_aligned", "offsets_left"]


def not_aligned(facts: Facts) -> str | None:
    """Exposures whose WCS is what it was before alignment."""
    names = facts.unaligned
    if not names:
        return None
    count = f"{len(names)} of {len(facts.exposures)} exposures"
    said = [f"{count} were not aligned, their WCS is unchanged: {listed(names)}.", *_why_not(facts)]
    return " ".join(said)


def _why_not(facts: Facts) -> Iterator[str]:
    """What tweakreg had to work with, in numbers."""
    minobj, found = facts.parameter("tweakreg", "minobj"), facts.record.get("sources", {})
    if numbers := [found[name] for name in facts.unaligned if name in found]:
        stars = [facts.by_name[name]["n_stars"] for name in facts.unaligned]
        needed = "" if facts.is_solved else f", and needs {minobj} matches (minobj)"
        yield f"tweakreg found {_range(numbers)} sources in each (this program's own finder: {_range(stars)}){needed}."
    if far := len(facts.out_of_reach):
        yield f"{far} of them have no overlap, so no match, with the reference {listed(facts.reference)}."


def _range(numbers: list[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"


def few_matches(facts: Facts) -> str | None:
    """Exposures that were aligned by few stars only."""
    few = [e for e in facts.exposures if e["moved"] and e["n_matches"] < limits.FEW_MATCHES]
    if not few or len(facts.exposures) < 2 or facts.aligned_by != "tweakreg" or facts.follows_run:
        return None
    names = listed(f"{e['file']} ({e['n_matches']})" for e in few)
    return (
        f"{len(few)} exposures were aligned on fewer than {limits.FEW_MATCHES} stars that another one has too: {names}."
    )


def large_shift(facts: Facts) -> str | None:
    """Exposures that were moved by much of the search radius."""
    if facts.aligned_by != "tweakreg":
        return None
    radius = float(facts.parameter("tweakreg", "searchrad") or 2.0)
    if facts.parameter("tweakreg", "abs_refcat"):
        radius = max(radius, float(facts.parameter("tweakreg", "abs_searchrad") or 0))
    far = [(e["file"], float(np.hypot(*e["shift"]))) for e in facts.exposures]
    far = [(name, length) for name, length in far if length > limits.LARGE_SHIFT * radius]
    if not far:
        return None
    names = listed(f"{name} ({length:.2f} arcsec)" for name, length in far)
    limit = f"{limits.LARGE_SHIFT:g} of the search radius {radius:g} arcsec"
    return f"{len(far)} exposures were shifted by more than {limit}: {names}."


def modules_disagree(facts: Facts) -> str | None:
    """The modules of NIRCam see the same stars in different places."""
    offsets = facts.offsets_between(lambda e: e["module"]).get(("a", "b"))
    if offsets is None:
        return None
    length = float(np.hypot(*np.median(offsets, axis=0)))
    if length <= _limit(facts):
        return None
    return f"NIRCam's modules A and B disagree by {facts.in_words(length)} in {len(offsets)} overlaps."


def chips_disagree(facts: Facts) -> str | None:
    """Detectors of one module see the same stars in different places."""
    offsets = facts.offsets_between(lambda e: e["detector"])
    chips = {(a, b): values for (a, b), values in offsets.items() if a != b and a[:4] == b[:4]}
    lengths = {pair: float(np.hypot(*np.median(values, axis=0))) for pair, values in chips.items()}
    apart = {pair: length for pair, length in lengths.items() if length > _limit(facts)}
    if not apart:
        return None
    (a, b), worst = max(apart.items(), key=lambda item: item[1])
    return f"{len(apart)} of {len(chips)} pairs of detectors disagree, {a} and {b} by {facts.in_words(worst)}."


def offsets_left(facts: Facts) -> str | None:
    """Exposures of one detector that overlap and do not agree, though nothing says that they were not aligned."""
    same = [o for o in facts.overlaps if _detector(facts, o["first"]) == _detector(facts, o["second"])]
    aligned = [o for o in same if not {o["first"], o["second"]} & set(facts.unaligned)]
    far = [(_offset_within(o), o["first"], o["second"]) for o in aligned if _offset_surely(o) > facts.least_offset]
    if not far:
        return None
    length, first, second = max(far)
    where = "at the worst corner of what both see"
    return f"{len(far)} of {len(same)} overlaps disagree, {first} and {second} by {facts.in_words(length)} {where}."


def _offset_within(overlap: dict[str, Any]) -> float:
    """The longest offset anywhere in an overlap [arcsec]."""
    return max(float(np.hypot(*overlap["offset"])), overlap.get("corner") or 0.0)


def _offset_surely(overlap: dict[str, Any]) -> float:
    """The same, but at a corner only as much as its error leaves [arcsec]."""
    corner, error = overlap.get("corner") or 0.0, overlap.get("corner_error") or 0.0
    return max(float(np.hypot(*overlap["offset"])), corner - limits.CORNER_SIGNIFICANCE * error)


def _detector(facts: Facts, name: str) -> str:
    return facts.by_name[name]["detector"]


def _limit(facts: Facts) -> float:
    """Offset between parts of the instrument that says more than the scatter between exposures does [arcsec]."""
    offsets = facts.offsets_between(lambda e: e["detector"])
    same = [np.hypot(*values.T) for (a, b), values in offsets.items() if a == b]
    scatter = float(np.median(np.concatenate(same))) if same else 0.0
    return max(facts.least_offset, 2 * scatter)
