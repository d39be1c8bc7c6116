"""What alignment did to every exposure of a run, as a small table: lv3_alignment.ecsv.

Another band, another reduction or a later epoch of the same visits can follow it (`alignment=from_run`).
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.observation.exposure import Exposure
from app.observation.grouping import visit_id
from app.runtime.errors import InputError, in_one_line

__all__ = ["TABLE_NAME", "Correction", "follow_problems", "read_corrections", "write_corrections"]

TABLE_NAME = "lv3_alignment.ecsv"
_UNITS = {"east": "arcsec", "north": "arcsec", "rotation": "deg", "error": "arcsec", "ra": "deg", "dec": "deg"}
_DESCRIPTIONS = {
    "file": "input file",
    "visit": "program, observation and visit",
    "detector": "value of DETECTOR",
    "group": "what was moved as one; tweakreg_grouping",
    "ra": "centre of the exposure before alignment",
    "dec": "centre of the exposure before alignment",
    "east": "shift of the centre",
    "north": "shift of the centre",
    "rotation": "from east to north, about the centre",
    "scale": "enlargement; 0 is none",
    "stretch": "enlargement along east less that along north, halved",
    "shear": "shear of east and north",
    "error": "standard error of the shift, per axis; NaN where alignment gave none",
    "n_stars": "stars that tie the group to others; -1 where alignment did not say",
    "moved": "whether alignment changed the WCS",
}
#: How an exposure was moved; rotation is in radians but in the table.
_MOTION = ("east", "north", "rotation", "scale", "stretch", "shear")
#: An exposure that moved by less at its centre and a minute of arc beside it was not moved [arcsec].
_UNMOVED = 1e-6
_ARCMIN = 60.0


@dataclass(frozen=True, slots=True)
class Correction:
    """What alignment did to one exposure.

    Parameters
    ----------
    file, visit, detector, group : str
    ra, dec : float
        Centre of the exposure before alignment [deg].
    values : tuple of float
        Shift east and north [arcsec], rotation from east to north [rad], scale, stretch and shear about the centre.
    error : float
        Standard error of the shift, per axis [arcsec]; NaN where it is not known.
    n_stars : int
        Stars that tie the group to others; -1: not known.
    """

    file: str
    visit: str
    detector: str
    group: str
    ra: float
    dec: float
    values: tuple[float, ...]
    error: float = np.nan
    n_stars: int = -1

    @property
    def moved(self) -> bool:
        """Whether the exposure was moved at all."""
        shift, turn = self.values[:2], self.values[2:]
        return bool(max(math.hypot(*shift), _ARCMIN * max(map(abs, turn))) > _UNMOVED)


def write_corrections(corrections: Sequence[Correction], path: Path, **meta: str) -> None:
    """Write the table, one row per exposure; `meta` describes the run."""
    from astropy.table import Table

    rows = [
        (c.file, c.visit, c.detector, c.group, c.ra, c.dec, *_in_degrees(c.values), c.error, c.n_stars, c.moved)
        for c in corrections
    ]
    table = Table(rows=rows, names=list(_DESCRIPTIONS), meta=meta)
    for name, description in _DESCRIPTIONS.items():
        table[name].info.description = description
        table[name].unit = _UNITS.get(name)
    table.write(path, format="ascii.ecsv", overwrite=True)


def _in_degrees(values: Sequence[float]) -> Iterator[float]:
    for name, value in zip(_MOTION, values, strict=True):
        yield float(np.degrees(value)) if name == "rotation" else value


def read_corrections(place: Path) -> list[Correction]:
    """Read the table of a run.

    Parameters
    ----------
    place : Path
        The run's out_dir, its record, or the table itself.

    Returns
    -------
    list of Correction

    Raises
    ------
    InputError
        There is no such table, or it cannot be read.
    """
    from astropy.table import Table

    folder = place.parent if place.suffix == ".json" else place
    path = folder if folder.suffix == ".ecsv" else folder / TABLE_NAME
    try:
        table = Table.read(path, format="ascii.ecsv")
    except FileNotFoundError:
        what = f"is the out_dir, the record or {TABLE_NAME} of a run that aligned its exposures needed"
        raise InputError(f"align_from={place}: there is no {path}; {what}") from None
    except Exception as error:  # astropy's readers raise what they like
        raise InputError(f"align_from={place}: {path} cannot be read ({in_one_line(error)})") from error
    if lacking := [name for name in _DESCRIPTIONS if name not in table.colnames]:
        raise InputError(f"align_from={place}: {path} has no column {', '.join(lacking)}: it is no {TABLE_NAME}")
    return [_correction(row) for row in table]


def _correction(row: Any) -> Correction:
    file, visit, detector, group = (str(row[name]) for name in ("file", "visit", "detector", "group"))
    values = tuple(float(np.radians(row[name]) if name == "rotation" else row[name]) for name in _MOTION)
    numbers = float(row["ra"]), float(row["dec"]), values, float(row["error"]), int(row["n_stars"])
    return Correction(file, visit, detector, group, *numbers)


def follow_problems(corrections: Iterable[Correction], exposures: Iterable[Exposure], place: str) -> list[str]:
    """Why exposures cannot follow these corrections: none is of their visit, or none moved it.

    Parameters
    ----------
    corrections : iterable of Correction
    exposures : iterable of Exposure
    place : str
        What the user gave for `align_from`.
    """
    corrections = list(corrections)
    known = {correction.visit for correction in corrections}
    moved = {correction.visit for correction in corrections if correction.moved}
    wanted = {visit_id(exposure) for exposure in exposures}
    what = "leave these exposures out with exclude, or choose alignment=solution"
    problems = []
    if missing := sorted(wanted - known):
        is_other = not {visit[:7] for visit in missing} & {visit[:7] for visit in known}
        programs = ", of another program" if is_other else ""
        problems.append(
            f"align_from={place}: holds other visits{programs}: it has none of {', '.join(missing)}; there are "
            f"{', '.join(sorted(known))}; {what}"
        )
    if unmoved := sorted(wanted & (known - moved)):
        problems.append(f"align_from={place}: that run did not align {', '.join(unmoved)}; {what}")
    return problems
