"""Caveats about the image: sky levels, outliers, sources; each function gives a sentence, or None where all is well."""

from app.assess.findings import limits
from app.assess.findings.facts import Facts
from app.runtime.words import listed

__all__ = ["adds_nothing", "many_flagged", "no_catalogue", "sky_steps", "star_cores_flagged"]


def sky_steps(facts: Facts) -> str | None:
    """Overlapping exposures whose levels differ in the mosaic.

    The noise is what the mosaic states; where it states none, the scatter, which structure of the sky adds to.
    """
    mosaic, overlaps = facts.record["measurements"]["mosaic"], facts.all_overlaps
    noise = mosaic and (mosaic.get("noise") or mosaic["depth"])
    if not noise:
        return None
    steps = [
        (abs(o["sky"]), o["first"], o["second"])
        for o in overlaps
        if abs(o["sky"]) > max(limits.STEP * noise, limits.STEP_SIGNIFICANCE * o["sky_error"])
    ]
    if not steps:
        return None
    size, first, second = max(steps)
    return (
        f"{len(steps)} of {len(overlaps)} overlaps keep a step of more than the noise ({noise:.3g} "
        f"{mosaic['unit']}); {first} and {second} differ by {size:.3g} {mosaic['unit']}."
    )


def adds_nothing(facts: Facts) -> str | None:
    """Exposures that are not in the mosaic, or without weight."""
    names = facts.without_contribution
    if not names:
        return None
    return f"{len(names)} of {len(facts.exposures)} exposures add nothing to the mosaic: {listed(names)}."


def many_flagged(facts: Facts) -> str | None:
    """Exposures in which outlier detection flagged more pixels than cosmic rays can explain."""
    many = [e for e in facts.exposures if (e["flagged"] or 0) > limits.MANY_FLAGGED]
    if not many:
        return None
    names = listed(f"{e['file']} ({e['flagged']:.1%})" for e in many)
    count = f"{len(many)} of {len(facts.exposures)} exposures"
    return f"{count} have more than {limits.MANY_FLAGGED:.0%} outliers: {names}."


def star_cores_flagged(facts: Facts) -> str | None:
    """Exposures in which outlier detection took stars for cosmic rays."""
    enough = [e for e in facts.exposures if e["n_matches"] >= limits.FEW_MATCHES]
    flagged = [e for e in enough if (e["flagged_in_cores"] or 0) > limits.most_in_cores(e["flagged"])]
    if not flagged:
        return None
    names = listed(f"{e['file']} ({e['flagged_in_cores']:.0%})" for e in flagged)
    return f"{len(flagged)} exposures have outliers in the cores of stars, far more than elsewhere: {names}."


def no_catalogue(facts: Facts) -> str | None:
    """A mosaic without sources."""
    catalogue, mosaic = facts.record["measurements"]["catalogue"], facts.record["measurements"]["mosaic"]
    if not mosaic or facts.parameter("source_catalog", "skip"):
        return None
    if catalogue is None:
        return "There is no source catalogue of the mosaic."
    return None if catalogue["n_sources"] else "The source catalogue of the mosaic is empty."
