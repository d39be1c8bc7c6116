"""The table of caveats from measurements: code, the function that finds it, what to do about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.assess.findings import (
    alignment,
    displaced,
    group_residuals,
    hints,
    image,
    poor,
    sky_levels,
    solution,
    turned,
    verdict,
)
from app.assess.findings.facts import Facts
from app.record.caveats import UNUSABLE, Caveat

__all__ = ["FINDINGS", "Finding", "find_caveats"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A row of the table.

    Parameters
    ----------
    code : str
    find : callable
        Takes the facts of a run and gives a sentence, or None.
    hint : str or callable
        What to do; where that depends on the cause, it takes the facts and gives the words.
    """

    code: str
    find: Callable[[Facts], str | None]
    hint: str | Callable[[Facts], str]

    def caveat(self, facts: Facts) -> Caveat | None:
        """The caveat that follows from these facts, or None."""
        if not (message := self.find(facts)):
            return None
        return Caveat(self.code, message, self.hint if isinstance(self.hint, str) else self.hint(facts))


FINDINGS = (
    Finding("not_aligned", alignment.not_aligned, hints.not_aligned),
    Finding("not_verified", verdict.unconnected, hints.not_verified),
    Finding(
        "untied",
        solution.untied,
        "More stars help: a lower jwst_parameters.tweakreg.snr_threshold, larger groups (tweakreg_grouping=[visit]), a "
        "catalogue (abs_refcat), or another band of the same visits (alignment=from_run).",
    ),
    Finding(
        "displaced_groups",
        solution.displaced_groups,
        "A visit on a wrong guide star. Look at the mosaic there; search_displaced=0 leaves such groups in place.",
    ),
    Finding(
        "turned_groups",
        solution.turned_groups,
        "A roll angle that is off, or too few stars: look at the mosaic there; "
        "jwst_parameters.tweakreg.fitgeometry=shift allows no rotation.",
    ),
    Finding(
        "shifted_only",
        solution.shifted_only,
        "Choose a simpler jwst_parameters.tweakreg.fitgeometry, or larger groups (tweakreg_grouping=[visit]).",
    ),
    Finding(
        "groups_disagree",
        solution.groups_disagree,
        "Try smaller groups (tweakreg_grouping=[detector]), or a more general jwst_parameters.tweakreg.fitgeometry.",
    ),
    Finding("few_matches", alignment.few_matches, hints.few_matches),
    Finding(
        "large_shift",
        alignment.large_shift,
        "Exclude an exposure whose guide star failed; where the shift is right, raise "
        "jwst_parameters.tweakreg.searchrad: beyond twice searchrad + tolerance jwst discards all alignment.",
    ),
    Finding("modules_disagree", alignment.modules_disagree, hints.modules_disagree),
    Finding("chips_disagree", alignment.chips_disagree, hints.chips_disagree),
    Finding("offsets_left", alignment.offsets_left, hints.offsets_left),
    Finding(
        "parts_disagree",
        verdict.parts_disagree,
        "A rotation or distortion that was not fitted: try jwst_parameters.tweakreg.fitgeometry=general, or smaller "
        "groups (tweakreg_grouping=[detector]).",
    ),
    Finding(
        "off_the_known",
        group_residuals.off_the_known,
        "alignment=solution ties every group to the catalogue for itself; with alignment=from_run, was the run that is "
        "followed verified?",
    ),
    Finding(
        "no_shared_stars",
        displaced.no_shared_stars,
        "Did a visit take a wrong guide star? Leave it out with exclude, or move its WCS by that distance "
        "first. If these are no stars, nothing ties the exposures together.",
    ),
    Finding(
        "turned_alone",
        turned.turned_alone,
        "Its fit rests on few stars: jwst_parameters.tweakreg.fitgeometry=shift allows no rotation; larger groups "
        "(tweakreg_grouping=[group_dithers]) have more stars.",
    ),
    Finding(
        "adds_nothing",
        image.adds_nothing,
        "Look at its weights: VAR_RNOISE of zero, or everything flagged (jwst_parameters.resample.weight_type=exptime "
        "does without VAR_RNOISE); is it outside of the mosaic that was asked for?",
    ),
    Finding("sky_steps", image.sky_steps, hints.sky_steps),
    Finding(
        "sky_made_worse",
        sky_levels.sky_made_worse,
        "Choose sky=solution: it compares exposures at the same places of the sky, so that what shines there, and "
        "masked parts, cannot be taken for a level.",
    ),
    Finding(
        "sky_apart",
        sky_levels.sky_apart,
        "Add exposures that fill the gap, follow a mosaic that covers it (sky_anchor=FILE), or make a mosaic of each.",
    ),
    Finding(
        "sky_untied",
        sky_levels.sky_untied,
        "Exclude them, or put them into larger groups (skymatch_grouping=[group_dithers]).",
    ),
    Finding(
        "sky_not_anchored",
        sky_levels.sky_not_anchored,
        "Choose a mosaic that covers them; is the one in sky_anchor of this field?",
    ),
    Finding(
        "sky_constant",
        sky_levels.sky_constant,
        "Use larger groups (skymatch_grouping=[group_dithers]), or sky_order=0 for all.",
    ),
    Finding("many_flagged", image.many_flagged, hints.many_flagged),
    Finding(
        "star_cores_flagged",
        image.star_cores_flagged,
        "Look at alignment first; then raise jwst_parameters.outlier_detection.scale, or snr.",
    ),
    Finding(
        "no_catalogue",
        image.no_catalogue,
        "See source_catalog in lv3_run.log; lower jwst_parameters.source_catalog.snr_threshold.",
    ),
    Finding(
        UNUSABLE,
        poor.unusable,
        "The other caveats say what went wrong first: alignment before sky levels, sky levels before outliers.",
    ),
)


def find_caveats(record: Mapping[str, Any]) -> list[Caveat]:
    """Every caveat that follows from the measurements and parameters in a record."""
    facts = Facts(record)
    return [caveat for finding in FINDINGS if (caveat := finding.caveat(facts))]
