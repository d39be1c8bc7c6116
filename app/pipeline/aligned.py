"""Exposures whose positions and sky levels an earlier run has found: taken from its products, not found again.

Products have the aligned WCS, the sky level and what the steps say of themselves; their pixels are not used, for
outliers are flagged in them. What was subtracted from pixels is in the record.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import asdf
import numpy as np
from astropy.io import fits

from app.observation.names import CRF, exposure_product
from app.pipeline.divided.exposure_files import Light, Pattern, Plane
from app.pipeline.divided.library import ExposureLibrary
from app.record.standing import FOUND_BEFORE
from app.runtime.pool import run_all

__all__ = ["Aligned", "as_recorded", "from_record", "take_over"]

#: What the steps change in the metadata, beside what they say of themselves.
_PARTS = ("wcs", "wcsinfo", "background")


@dataclass(frozen=True, slots=True)
class Aligned:
    """What an earlier run has found.

    Parameters
    ----------
    folder : Path
        Where its exposures are.
    groups : mapping
        ``{step: {group id: [file name, ...]}}``, as its steps saw them.
    subtracted : mapping
        What skymatch subtracted from pixels, by file name (see `as_recorded`).
    """

    folder: Path
    groups: Mapping[str, dict[str, list[str]]]
    subtracted: Mapping[str, list[dict[str, Any]]]


def take_over(library: ExposureLibrary, aligned: Aligned, procs: int) -> list[str]:
    """Put exposures into the state in which an earlier run handed them to outlier detection.

    Parameters
    ----------
    library : ExposureLibrary
        As it was read: what is done before the first step has been done.
    aligned : Aligned
    procs : int

    Returns
    -------
    list of str
        What the earlier run's steps said.
    """
    paths = [aligned.folder / exposure_product(name, CRF) for name in library.member_names]
    found = list(run_all(_read, paths, procs))
    with library:
        for index, (name, (meta, _)) in enumerate(zip(library.member_names, found, strict=True)):
            model = library.borrow(index)
            own = model.instance["meta"]
            own.update({part: meta[part] for part in _PARTS if part in meta})
            own["cal_step"].update({k: value for k, value in meta["cal_step"].items() if k in FOUND_BEFORE})
            library.subtract(index, from_record(aligned.subtracted[name]))
            library.shelve(model, index)
    return found[0][1]


def _read(path: Path) -> tuple[dict[str, Any], list[str]]:
    """Metadata of a product, and the log in it; by its ASDF extension, for headers round numbers."""
    with fits.open(path) as file:
        content = BytesIO(file["ASDF"].data["ASDF_METADATA"].tobytes())
    with asdf.open(content) as opened:
        meta = {name: opened["meta"].get(name, {}) for name in (*_PARTS, "cal_step")}
        return meta, list(opened.tree.get("cal_logs", {}).get("calwebb_image3", []))


def as_recorded(lights: Iterable[Light]) -> list[dict[str, Any]]:
    """Levels and planes as the record has them, to the bit.

    numpy subtracts a number of its own in double precision, and any other in that of the pixels.
    """
    return [_entry(light) for light in lights]


def _entry(light: Light) -> dict[str, Any]:
    if isinstance(light, Plane):
        return {"plane": [light.constant, light.per_column, light.per_row]}
    assert not isinstance(light, Pattern)  # those are subtracted before the first step
    return {"level": float(light), "precision": "double" if isinstance(light, np.float64) else "single"}


def from_record(entries: Iterable[Mapping[str, Any]]) -> Iterator[Light]:
    """What `as_recorded` wrote."""
    for entry in entries:
        if "plane" in entry:
            yield Plane(*entry["plane"])
        else:
            yield np.float64(entry["level"]) if entry["precision"] == "double" else entry["level"]
