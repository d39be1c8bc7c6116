"""An absolute catalogue in a file: read it, move positions to another epoch, count the rows in the footprints.

stcal.tweakreg takes such a file as it is: right ascension and declination in degrees, at whatever epoch. Here units are
checked, and positions, with their errors, are moved by proper motion to the epoch of the exposures.
"""

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.observation.exposure import Exposure
from app.observation.regions import common_plane, polygon
from app.plan.parameters import Parameters
from app.runtime.errors import InputError, in_one_line

if TYPE_CHECKING:
    from astropy.table import Table

__all__ = ["Catalogue", "as_catalogue", "catalogue_file", "mean_epoch", "read_catalogue"]

#: Columns of proper motion, the first multiplied by the cosine of the declination, and of the epoch [yr] of positions,
#: under the names of Gaia's archive.
_MOTIONS, _EPOCH = ("pmra", "pmdec"), "ref_epoch"
#: Standard errors on the sky, an axis: of positions [mas], and of proper motions.
_ERRORS, _MOTION_ERRORS = ("ra_error", "dec_error"), ("pmra_error", "pmdec_error")
_MAS_PER_YEAR = "mas / yr"
_UNITS = {
    **dict.fromkeys(("ra", "dec"), "deg"),
    **dict.fromkeys(_ERRORS, "mas"),
    **dict.fromkeys((*_MOTIONS, *_MOTION_ERRORS), _MAS_PER_YEAR),
    _EPOCH: "yr",
}
_POLE = 90.0  # [deg]


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Positions of an absolute catalogue.

    Parameters
    ----------
    path : Path
    positions : ndarray of shape (n, 2)
        Right ascension and declination [deg]; rows without a position are left out.
    motions : ndarray of shape (n, 2) or None
        Proper motions [mas/yr], the first multiplied by the cosine of the declination; NaN where there is none.
    epochs : ndarray of shape (n,) or None
        Julian epochs of the positions [yr].
    weights : ndarray of shape (n,) or None
        The column ``weight``, which tweakreg takes into account.
    errors : ndarray of shape (n, 2) or None
        Standard errors of the positions on the sky [mas], which ``alignment=solution`` takes into account.
    motion_errors : ndarray of shape (n, 2) or None
        Standard errors of the proper motions [mas/yr].
    """

    path: Path
    positions: NDArray[np.float64]
    motions: NDArray[np.float64] | None = None
    epochs: NDArray[np.float64] | None = None
    weights: NDArray[np.float64] | None = None
    errors: NDArray[np.float64] | None = None
    motion_errors: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def moves(self) -> bool:
        """Whether it says how its positions change with time."""
        return self.motions is not None and self.epochs is not None

    def at(self, epoch: float) -> "Catalogue":
        """Move the positions to another epoch, by astropy; their errors grow by those of the motions.

        Rows without a proper motion are left out, as stcal leaves them out of the online catalogues: where they were
        is not known.

        Parameters
        ----------
        epoch : float
            Julian epoch [yr].
        """
        if self.motions is None or self.epochs is None:
            return self
        from astropy.coordinates import SkyCoord
        from astropy.time import Time
        from erfa import ErfaWarning

        known = np.isfinite(self.motions).all(axis=1) & np.isfinite(self.epochs)
        (ra, dec), (east, north) = self.positions[known].T, self.motions[known].T
        stars = SkyCoord(
            ra, dec, unit="deg", pm_ra_cosdec=east * _unit(), pm_dec=north * _unit(),
            obstime=Time(self.epochs[known], format="jyear"),
        )  # fmt: skip
        with warnings.catch_warnings():  # that no distance is known; it matters to the nearest stars alone
            warnings.filterwarnings("ignore", "ERFA function .*distance overridden", ErfaWarning)
            moved = stars.apply_space_motion(new_obstime=Time(epoch, format="jyear"))
        weights = None if self.weights is None else self.weights[known]
        positions, errors = np.stack([moved.ra.deg, moved.dec.deg], axis=1), self._errors_at(epoch)
        return Catalogue(self.path, positions, weights=weights, errors=None if errors is None else errors[known])

    def _errors_at(self, epoch: float) -> NDArray[np.float64] | None:
        """Standard errors [mas] at another epoch; a motion without one counts as exact."""
        if self.errors is None or self.motion_errors is None or self.epochs is None:
            return self.errors
        grown = np.nan_to_num(self.motion_errors) * (epoch - self.epochs)[:, None]
        return np.hypot(self.errors, grown)

    def motion_until(self, epoch: float) -> float:
        """Median distance [mas] between the positions as they are and those at another epoch."""
        if self.motions is None or self.epochs is None:
            return 0.0
        distances = np.hypot(*self.motions.T) * np.abs(epoch - self.epochs)
        return float(np.median(distances[np.isfinite(distances)]))

    def inside(self, exposures: list[Exposure], margin: float = 0.0) -> NDArray[np.bool_]:
        """Which rows are in the footprint of any exposure.

        Parameters
        ----------
        exposures : list of Exposure
        margin : float
            Width of the border around each footprint that counts as well [arcsec].

        Returns
        -------
        ndarray of bool, shape (n,)
        """
        import shapely

        regions = [e.corners for e in exposures]
        plane = common_plane(regions)
        area = shapely.union_all([polygon(region, plane) for region in regions]).buffer(margin)
        return shapely.contains_xy(area, plane.from_sky(*self.positions.T))

    def write(self, folder: Path) -> Path:
        """Write positions, weights and errors in the form that ``tweakreg.abs_refcat`` takes, under its own name."""
        from astropy.table import Table

        columns = {"RA": self.positions[:, 0], "DEC": self.positions[:, 1]}
        columns |= {} if self.weights is None else {"weight": self.weights}
        columns |= {} if self.errors is None else dict(zip(_ERRORS, self.errors.T, strict=True))
        path = folder / f"{self.path.stem}_moved.ecsv"
        Table(columns).write(path, overwrite=True)
        return path


def catalogue_file(parameters: Parameters) -> Path | None:
    """The file that exposures are aligned to; None where there is none, or where it is an online catalogue."""
    from stcal.tweakreg.tweakreg import SINGLE_GROUP_REFCAT

    name = (parameters.of("tweakreg", "abs_refcat") or "").strip()
    return Path(name) if name and name.upper() not in SINGLE_GROUP_REFCAT else None


def mean_epoch(exposures: list[Exposure]) -> float | None:
    """Julian epoch midway between the first and the last exposure [yr]; None where none has a date."""
    epochs = [e.epoch for e in exposures if e.epoch is not None]
    return (min(epochs) + max(epochs)) / 2 if epochs else None


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
    motions, errors, motion_errors = (_pairs(columns, names, valid) for names in (_MOTIONS, _ERRORS, _MOTION_ERRORS))
    return Catalogue(path, np.stack([ra, dec], axis=1)[valid], motions, epochs, weights, errors, motion_errors)


def _pairs(columns: dict[str, Any], names: tuple[str, str], valid: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    """Two columns as an array of shape (n, 2); None where one is lacking."""
    if not set(names) <= set(columns):
        return None
    return np.stack([_numbers(columns[name]) for name in names], axis=1)[valid]


def _numbers(column: Iterable[Any]) -> NDArray[np.float64]:
    """A column as numbers, NaN where it is masked."""
    return np.ma.filled(np.ma.asarray(column, dtype=float), np.nan)
