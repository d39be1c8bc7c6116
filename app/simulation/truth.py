"""The true values that the pipeline has to recover, saved beside the exposures."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from gwcs.wcs import WCS

from app.simulation.detectors import Window, detector
from app.simulation.emission import Emission
from app.simulation.faults import CosmicRays
from app.simulation.pointing import Attitude, exposure_wcs
from app.simulation.sky import Blob, Sky, Stars

__all__ = ["FILE_NAME", "ExposureTruth", "Truth"]

FILE_NAME = "truth.json"


@dataclass(frozen=True)
class ExposureTruth:
    """The truth about one file.

    Parameters
    ----------
    file : str
        Name of the file, without a folder.
    exposure : str
        Name of the exposure, which all detectors share.
    detector : str
    window : Window
    is_background : bool
    pointing_error : (float, float)
        East and north [arcsec]: the true place of the detector is that of the file's WCS plus this.
    sky_offset : float
        Deviation from the common sky level [MJy/sr].
    attitude : Attitude
        The true one, at the detector's reference point.
    cosmic_rays : CosmicRays
    """

    file: str
    exposure: str
    detector: str
    window: Window
    is_background: bool
    pointing_error: tuple[float, float]
    sky_offset: float
    attitude: Attitude
    cosmic_rays: CosmicRays

    def wcs(self) -> WCS:
        """Return the true WCS, in the form of the file's own."""
        return exposure_wcs(detector(self.detector), self.window, self.attitude)


@dataclass(frozen=True)
class Truth:
    """The truth about an observation.

    Parameters
    ----------
    folder : Path
        Where the exposures are.
    band : str
    fwhm : float
        Width of the PSF [pixel].
    sky_level : float
        Common sky level [MJy/sr].
    sky : Sky
    exposures : tuple of ExposureTruth
        One a file, in time order.
    """

    folder: Path
    band: str
    fwhm: float
    sky_level: float
    sky: Sky
    exposures: tuple[ExposureTruth, ...]

    @property
    def files(self) -> list[Path]:
        """Paths of the exposures."""
        return [self.folder / exposure.file for exposure in self.exposures]

    def write(self) -> None:
        """Write ``truth.json`` into the folder."""
        content = asdict(self)
        del content["folder"]
        (self.folder / FILE_NAME).write_text(json.dumps(content, default=_plain) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path | str) -> Truth:
        """Read the truth about the exposures in a folder."""
        content = json.loads((Path(folder) / FILE_NAME).read_text(encoding="utf-8"))
        stars = Stars(**{key: np.array(values) for key, values in content["sky"]["stars"].items()})
        emission = content["sky"].get("emission")
        blobs = tuple(Blob(**blob) for blob in content["sky"]["blobs"])
        content["sky"] = Sky(stars, blobs, emission and Emission(**emission))
        content["exposures"] = tuple(_exposure(facts) for facts in content["exposures"])
        return cls(folder=Path(folder), **content)


def _exposure(facts: dict[str, Any]) -> ExposureTruth:
    hits = facts["cosmic_rays"]
    rays = CosmicRays(
        np.array(hits["x"], dtype=np.int64), np.array(hits["y"], dtype=np.int64), np.array(hits["amplitude"])
    )
    converted = {
        "pointing_error": tuple(facts["pointing_error"]),
        "window": Window(**facts["window"]),
        "attitude": Attitude(**facts["attitude"]),
        "cosmic_rays": rays,
    }
    return ExposureTruth(**(facts | converted))


def _plain(value: Any) -> Any:
    """Convert types that JSON lacks to types that it has."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
