"""What an exposure was calibrated with: exposures of one mosaic are best calibrated alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["KEYWORDS", "Calibration", "calibration"]

#: Keywords by field (JWST keyword dictionary).
KEYWORDS = {"version": "CAL_VER", "context": "CRDS_CTX", "distortion": "R_DISTOR", "filter_offset": "R_FILOFF"}


@dataclass(frozen=True, slots=True)
class Calibration:
    """Software and reference files that made an exposure, as its header has them; empty where it says nothing.

    Parameters
    ----------
    version : str
        Version of jwst.
    context : str
        CRDS context, ``jwst_1322.pmap``.
    distortion, filter_offset : str
        Reference files that its WCS is made of.
    """

    version: str = ""
    context: str = ""
    distortion: str = ""
    filter_offset: str = ""


def calibration(header: Mapping[str, Any]) -> Calibration:
    """What a header says; ``crds://`` before the names of files is left out, and ``N/A`` is nothing."""
    texts = {field: str(header.get(key, "")).strip().removeprefix("crds://") for field, key in KEYWORDS.items()}
    return Calibration(**{field: "" if text == "N/A" else text for field, text in texts.items()})
