"""The table of caveats that measurements can give rise to: code, what finds it, what to do about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.assess.findings import alignment, displaced, image, poor, sky, turned
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
    hint : str
        What to do.
    """

    code: str
    find: Callable[[Facts], str | None]
    hint: str


FINDINGS = (
    Finding(
        "not_aligned",
        alignment.not_aligned,
        "See tweakreg in lv3_run.log; more stars (jwst_parameters.tweakreg.snr_threshold, minobj), a larger "
        "searchrad, or larger groups (tweakreg_grouping=[group_dithers]) help.",
    ),
    Finding(
        "few_matches",
        alignment.few_matches,
        "A lower jwst_parameters.tweakreg.snr_threshold finds more stars; tweakreg_grouping=[group_dithers] puts those "
        "of several exposures together.",
    ),
    Finding(
        "large_shift",
        alignment.large_shift,
        "Exclude an exposure whose guide star failed; where the shift is right, raise "
        "jwst_parameters.tweakreg.searchrad: beyond twice searchrad + tolerance jwst discards all alignment.",
    ),
    Finding(
        "modules_disagree",
        alignment.modules_disagree,
        "Try tweakreg_grouping=[degroup_modules]: each module is aligned for itself.",
    ),
    Finding(
        "chips_disagree",
        alignment.chips_disagree,
        "Try tweakreg_grouping=[degroup_short_chips]: each detector is aligned for itself.",
    ),
    Finding(
        "offsets_left",
        alignment.offsets_left,
        "Try other groups (tweakreg_grouping), or jwst_parameters.tweakreg.fitgeometry=general.",
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
        "Its fit rests on few stars: jwst_parameters.tweakreg.fitgeometry=shift turns nothing; larger groups "
        "(tweakreg_grouping=[group_dithers]) have more stars.",
    ),
    Finding(
        "adds_nothing",
        image.adds_nothing,
        "Look at its weights: VAR_RNOISE of zero, or everything flagged (jwst_parameters.resample.weight_type=exptime "
        "does without VAR_RNOISE); is it outside of the mosaic that was asked for?",
    ),
    Finding(
        "sky_steps",
        image.sky_steps,
        "Try sky=solution: levels from differences at the same places of the sky; or "
        "skymatch_grouping=[degroup_dithers], where detectors of one exposure differ.",
    ),
    Finding(
        "sky_made_worse",
        sky.sky_made_worse,
        "Choose sky=solution: it compares exposures at the same places of the sky, so that what shines there, and "
        "masked parts, cannot be taken for a level.",
    ),
    Finding(
        "sky_apart",
        sky.sky_apart,
        "Add exposures that fill the gap, follow a mosaic that covers it (sky_anchor=FILE), or make a mosaic of each.",
    ),
    Finding(
        "sky_untied",
        sky.sky_untied,
        "Exclude them, or put them into larger groups (skymatch_grouping=[group_dithers]).",
    ),
    Finding(
        "sky_constant",
        sky.sky_constant,
        "Use larger groups (skymatch_grouping=[group_dithers]), or sky_order=0 for all.",
    ),
    Finding(
        "many_flagged",
        image.many_flagged,
        "Look at alignment and sky levels first; then raise jwst_parameters.outlier_detection.snr.",
    ),
    Finding(
        "stars_eaten",
        image.stars_eaten,
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
    """Every caveat that the measurements and parameters in a record give rise to."""
    facts = Facts(record)
    found = ((finding, finding.find(facts)) for finding in FINDINGS)
    return [Caveat(finding.code, message, finding.hint) for finding, message in found if message]
