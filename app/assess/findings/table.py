"""The table of caveats that measurements can give rise to: code, what finds it, what to do about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.assess.findings import alignment, hints, image
from app.assess.findings.facts import Facts
from app.record.caveats import Caveat

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
        """The caveat that these facts give rise to, if they do."""
        if not (message := self.find(facts)):
            return None
        return Caveat(self.code, message, self.hint if isinstance(self.hint, str) else self.hint(facts))


FINDINGS = (
    Finding("not_aligned", alignment.not_aligned, hints.not_aligned),
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
    Finding("sky_steps", image.sky_steps, hints.sky_steps),
    Finding("many_flagged", image.many_flagged, hints.many_flagged),
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
)


def find_caveats(record: Mapping[str, Any]) -> list[Caveat]:
    """Every caveat that the measurements and parameters in a record give rise to."""
    facts = Facts(record)
    return [caveat for finding in FINDINGS if (caveat := finding.caveat(facts))]
