"""An absolute catalogue in a file, whose columns and units are checked: stcal.tweakreg takes them as they are."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.plan.catalogue import ERRORS, Catalogue
from app.plan.parameters import Parameters
from app.runtime.errors import InputError, in_one_line

if TYPE_CHECKING:
    from astropy.table import Table

__all__ = ["as_catalogue", "catalogue_file", "read_catalogue"]

#: Columns of proper motion, the first multiplied by the cosine of the declination, and of the epoch [yr] of positions,
#: under the names of Gaia's archive.
_MOTIONS, _EPOCH = ("pmra", "pmdec"), "ref_epoch"
#: Standard errors of proper motions on the sky, an axis.
_MOTION_ERRORS = ("pmra_error", "pmdec_error")
_MAS_PER_YEAR = "mas / yr"
_UNITS = {
    **dict.fromkeys(("ra", "dec"), "deg"),
    **dict.fromkeys(ERRORS, "mas"),
    **dict.fromkeys((*_MOTIONS, *_MOTION_ERRORS), _MAS_PER_YEAR),
    _EPOCH: "yr",
}
_POLE = 90.0  # [deg]


def catalogue_file(parameters: Parameters) -> Path | None:
    """The file that exposures are aligned to; None where there is none, or where it is an online catalogue."""
    from stcal.tweakreg.tweakreg import SINGLE_GROUP_REFCAT

    name = (parameters.of("tweakreg", "abs_refcat") or "").strip()
    return Path(name) if name and name.upper() not in SINGLE_GROUP_REFCAT else None


def read_catalogue(path: Path) -> Catalogue:
    """Read an absolute catalogue in any form that astropy reads, as jwst does.

    It has columns RA and DEC [deg], in upper or lower case, or sky_centroid, as jwst's own catalogues have it. With
    pmra, pmdec [mas/yr] and ref_epoch [yr], positions can be moved to another epoch; ra_error, dec_error [mas],
    pmra_error and pmdec_error [mas/yr] say how well they are known.

    Raises
    ------
    InputError
        It cannot be read, or its columns or their units are not what is needed.
    """
    from astropy.table import Table

    try:
        table = Table.read(path)
    except Exception as error:  # astropy's readers raise what they like
        raise InputError(f"{_where(path)}: cannot be read as a table ({in_one_line(error)})") from error
    return as_catalogue(table, path)


def as_catalogue(table: "Table", path: Path) -> Catalogue:
    """A table as a catalogue; its columns are those that `read_catalogue` reads, and so are the errors."""
    if problem := _naming_problem(table.colnames):
        raise InputError(f"{_where(path)}: {problem}")
    columns = {name.lower(): table[name] for name in table.colnames}
    if "ra" not in columns or "dec" not in columns:
        if not hasattr(columns["sky_centroid"], "icrs"):
            raise InputError(
                f"{_where(path)}: column sky_centroid holds no positions: ECSV keeps them, or give RA and DEC"
            )
        columns |= {axis: getattr(columns["sky_centroid"].icrs, axis).deg for axis in ("ra", "dec")}
    if problems := [f"{_where(path)}: {problem}" for problem in _column_problems(columns)]:
        raise InputError(problems)
    return _catalogue(path, columns)


def _where(path: Path) -> str:
    return f"jwst_parameters.tweakreg.abs_refcat={path}"


def _unit() -> Any:
    from astropy import units

    return units.Unit(_MAS_PER_YEAR)


def _naming_problem(columns: list[str]) -> str:
    """Why the columns of positions cannot be identified; empty where they can."""
    names = [name.upper() for name in columns]
    if "SKY_CENTROID" not in names and not {"RA", "DEC"} <= set(names):
        return f"has neither columns RA and DEC nor sky_centroid; there are {', '.join(columns)}"
    if max(names.count("RA"), names.count("DEC"), names.count("SKY_CENTROID")) > 1:
        return "has more than one column RA, DEC or sky_centroid (upper or lower case)"
    return ""


def _column_problems(columns: dict[str, Any]) -> Iterator[str]:
    """What is wrong with positions, proper motions and their errors."""
    for name, unit in _UNITS.items():
        column = columns.get(name, ())
        if not len(column):
            continue
        if np.asarray(column).dtype.kind not in "fiu":
            yield f"column {name} holds {str(column[0])!r}: numbers are needed [{unit}], not sexagesimal or other texts"
        elif getattr(column, "unit", None) not in (None, unit, _unit() if unit == _MAS_PER_YEAR else None):
            yield f"column {name} is in {column.unit}: write it in {unit}"
    if not len(columns["dec"]):
        yield "holds no row"


def _catalogue(path: Path, columns: dict[str, Any]) -> Catalogue:
    ra, dec = _numbers(columns["ra"]), _numbers(columns["dec"])
    valid = np.isfinite(ra) & np.isfinite(dec)
    if wrong := int((np.abs(dec[valid]) > _POLE).sum()):
        raise InputError(f"{_where(path)}: {wrong} of {len(dec)} rows have a declination beyond 90 degrees")
    epochs, weights = (_numbers(columns[n])[valid] if n in columns else None for n in (_EPOCH, "weight"))
    motions, errors, motion_errors = (_pairs(columns, names, valid) for names in (_MOTIONS, ERRORS, _MOTION_ERRORS))
    return Catalogue(path, np.stack([ra, dec], axis=1)[valid], motions, epochs, weights, errors, motion_errors)


def _pairs(columns: dict[str, Any], names: tuple[str, str], valid: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    """Two columns as an array of shape (n, 2); None where one is lacking."""
    if not set(names) <= set(columns):
        return None
    return np.stack([_numbers(columns[name]) for name in names], axis=1)[valid]


def _numbers(column: Iterable[Any]) -> NDArray[np.float64]:
    """A column as numbers, NaN where it is masked."""
    return np.ma.filled(np.ma.asarray(column, dtype=float), np.nan)
