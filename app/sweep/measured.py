"""What a job's record says of the quality of its mosaic, in numbers that jobs can be compared by."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["measured"]


def measured(record: Mapping[str, Any]) -> dict[str, float | int | str | None]:
    """Numbers of one job; None for what was not measured.

    Parameters
    ----------
    record : mapping
        Content of lv3_run.json.

    Returns
    -------
    dict
        ``alignment_rms_mas``: exposures' offsets from each other after alignment [milliarcsec]; ``sky_rms``: steps of
        level between overlapping exposures; ``noise``: of a pixel of the mosaic, as its ERR states it, or where
        it has none its scatter; ``unit`` of both; ``fwhm_arcsec`` of the stars; ``sources`` in the catalogue;
        ``flagged_percent``: pixels of an exposure that are outliers, in the mean of the exposures.
    """
    found = record.get("measurements") or {}
    exposures, overlaps = found.get("exposures", ()), found.get("overlaps", ())
    mosaic, catalogue = found.get("mosaic") or {}, found.get("catalogue") or {}
    flagged = _known(entry.get("flagged") for entry in exposures)
    return {
        "alignment_rms_mas": _rms([1000 * x for x in _known(entry["offset"] for entry in exposures)], 1),
        "sky_rms": _rms(_known(entry.get("sky") for entry in overlaps), 6),
        "noise": _rounded(mosaic.get("noise") or mosaic.get("depth"), 6),
        "unit": mosaic.get("unit"),
        "fwhm_arcsec": _rounded(mosaic.get("fwhm"), 4),
        "sources": catalogue.get("n_sources"),
        "flagged_percent": round(100 * sum(flagged) / len(flagged), 3) if flagged else None,
    }


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _rms(values: list[float], digits: int) -> float | None:
    return round(math.sqrt(sum(x * x for x in values) / len(values)), digits) if values else None


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
