"""An exposure: what its headers say."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.observation import names
from app.observation.bands import OPEN_PUPILS, Band, Channel, Instrument
from app.observation.calibration import Calibration
from app.observation.regions import corners_of

__all__ = ["Exposure"]

#: Day of the Julian epoch 2000, which is at its noon.
_J2000 = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Exposure:
    """Header facts of one calibrated exposure.

    Parameters
    ----------
    path : Path
        Absolute path of the file.
    instrument : Instrument
    channel : Channel
    detector, filter, pupil : str
        As in the header, upper case; `pupil` is empty for MIRI.
    program, observation, visit, visit_group, sequence, activity, exposure_number : str
        What identifies an exposure of JWST, as in the header.
    target : str
        The proposer's name of the target; may be empty.
    s_region : str
        Footprint on the sky, STC-S.
    unit : str
        Unit of the science array, ``MJy/sr``.
    shape : tuple of int
        ``(rows, columns)`` of the science array.
    background_level : float or None
        Level that an earlier skymatch found [`unit`].
    background_subtracted : bool or None
        Whether that level was subtracted.
    background_method : str
        How it was found; empty where skymatch did not run before.
    date : str
        Date of the observation, ISO.
    size : int
        Size of the file, unpacked [byte].
    is_background_target : bool
        Whether its proposer declared its target to be background (BKGDTARG).
    calibration : Calibration
        What it was calibrated with.
    is_moving : bool
        The target moves against the stars, and the telescope followed it.
    moving_target : (float, float) or None
        Where it was, right ascension and declination [deg]; None where the header does not say.
    mid_time : float or None
        Middle of the exposure, MJD [d]; None where the header does not say.
    first_pixel : (int, int)
        Column and row of the detector at which the image begins, from 1.
    is_background_subtracted : bool
        Whether level 2 has subtracted background exposures (S_BKDSUB).
    packed : Path or None
        The user's file, where that is packed; `path` is then where it is unpacked while a run needs it.
    """

    path: Path
    instrument: Instrument
    channel: Channel
    detector: str
    filter: str
    pupil: str
    program: str
    observation: str
    visit: str
    visit_group: str
    sequence: str
    activity: str
    exposure_number: str
    target: str
    s_region: str
    unit: str
    shape: tuple[int, int]
    background_level: float | None
    background_subtracted: bool | None
    background_method: str
    date: str
    size: int
    is_background_target: bool
    calibration: Calibration
    is_moving: bool = False
    moving_target: tuple[float, float] | None = None
    mid_time: float | None = None
    first_pixel: tuple[int, int] = (1, 1)
    is_background_subtracted: bool = False
    packed: Path | None = None

    @property
    def file(self) -> Path:
        """The user's file."""
        return self.packed or self.path

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.path.name

    @property
    def base_name(self) -> str:
        """Name of the exposure and its detector, without the suffix of the file."""
        return names.base_name(self.name)

    @property
    def n_pixels(self) -> int:
        """Number of pixels."""
        return self.shape[0] * self.shape[1]

    @property
    def was_matched(self) -> bool:
        """Whether its headers say that its sky was matched before."""
        return self.background_level is not None or self.background_subtracted is not None

    @property
    def epoch(self) -> float | None:
        """Julian epoch of the middle of the day of observation [yr]; None where the header has no date."""
        try:
            days = (date.fromisoformat(self.date) - _J2000).days
        except ValueError:
            return None
        return 2000 + days / 365.25

    @property
    def corners(self) -> NDArray[np.float64]:
        """Corners of the footprint, right ascension and declination [deg], shape (n, 2)."""
        return corners_of(self.s_region)

    @property
    def module(self) -> str:
        """NIRCam module, ``a`` or ``b``; empty for the other instruments."""
        return self.detector[3].lower() if self.instrument is Instrument.NIRCAM else ""

    def is_in(self, band: Band) -> bool:
        """Whether the exposure was taken in `band`: its name is in the filter wheel or in the pupil wheel."""
        return band.channel is self.channel and band.name in self._band_names()

    def _band_names(self) -> set[str]:
        # A band in the pupil wheel is crossed with a wider filter that blocks the rest: the pupil names the band.
        return {self.filter} if self.pupil in OPEN_PUPILS else {self.pupil}
