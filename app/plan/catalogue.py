"""An absolute catalogue: move positions to another epoch, count the rows in the footprints.

stcal.tweakreg takes positions as they are: right ascension and declination in degrees, at whatever epoch. Here they are
moved, with their errors, by proper motion to the epoch of the exposures.
"""

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.observation.exposure import Exposure
from app.observation.regions import common_plane, polygon

__all__ = ["ERRORS", "Catalogue", "mean_epoch"]

#: Columns of the standard errors of positions on the sky, an axis [mas].
ERRORS = ("ra_error", "dec_error")


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
        from astropy import units
        from astropy.coordinates import SkyCoord
        from astropy.time import Time
        from erfa import ErfaWarning

        known = np.isfinite(self.motions).all(axis=1) & np.isfinite(self.epochs)
        (ra, dec), (east, north) = self.positions[known].T, self.motions[known].T
        speed = units.mas / units.yr
        stars = SkyCoord(
            ra, dec, unit="deg", pm_ra_cosdec=east * speed, pm_dec=north * speed,
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
        columns |= {} if self.errors is None else dict(zip(ERRORS, self.errors.T, strict=True))
        path = folder / f"{self.path.stem}_moved.ecsv"
        Table(columns).write(path, overwrite=True)
        return path


def mean_epoch(exposures: list[Exposure]) -> float | None:
    """Julian epoch midway between the first and the last exposure [yr]; None where none has a date."""
    epochs = [e.epoch for e in exposures if e.epoch is not None]
    return (min(epochs) + max(epochs)) / 2 if epochs else None
