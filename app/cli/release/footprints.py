"""Footprints of the exposures of a run as regions, by the group in which they were aligned."""

from collections.abc import Iterator, Mapping
from itertools import cycle
from typing import Any

__all__ = ["regions"]

#: DS9's own names of colours that can be told apart on a dark image.
_COLOURS = ("cyan", "yellow", "magenta", "green", "orange", "red", "white", "pink")


def regions(record: Mapping[str, Any]) -> str:
    """Outlines of the exposures after alignment, in the format of SAOImage DS9's region files.

    Parameters
    ----------
    record : mapping
        Content of lv3_run.json.
    """
    return "\n".join(["# Region file format: DS9 version 4.1", "icrs", *_polygons(record)]) + "\n"


def _polygons(record: Mapping[str, Any]) -> Iterator[str]:
    exposures = (record.get("measurements") or {}).get("exposures", [])
    colours = dict(zip(dict.fromkeys(e["group"] for e in exposures), cycle(_COLOURS), strict=False))
    for exposure in exposures:
        corners = ",".join(f"{value:.8f}" for corner in exposure["footprint"] for value in corner)
        group = exposure["group"]
        yield f"polygon({corners}) # color={colours[group]} text={{{exposure['file']}}} tag={{{group}}}"
