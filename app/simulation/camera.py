"""A detector in use: its window, its band and its flaws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from stdatamodels.jwst.datamodels import dqflags

from app.observation.bands import Band, find_bands
from app.runtime.errors import ConfigError
from app.simulation.detectors import Detector, Window, detector
from app.simulation.faults import Faults, draw_bad_pixels, draw_offset, random_stream, reference_pixels
from app.simulation.render import window_area

__all__ = ["Camera", "make_camera"]


@dataclass(frozen=True)
class Camera:
    """A detector with all that is the same in each of its images.

    Parameters
    ----------
    detector : Detector
    window : Window
    band : Band
    area : ndarray
        Solid angle of the pixels, relative to the reference pixel's.
    dq : ndarray of uint32
        Flags of the reference pixels and of the dead ones.
    offset : (float, float)
        Error of the detector's place on the sky, east and north [arcsec].
    """

    detector: Detector
    window: Window
    band: Band
    area: NDArray[np.float64]
    dq: NDArray[np.uint32]
    offset: tuple[float, float]


def make_camera(
    name: str, band: str, window: str | tuple[int, int] | Window | None, faults: Faults, seed: int
) -> Camera:
    """Set up a detector; its flaws depend on its name and the seed alone.

    Raises
    ------
    ConfigError
        No such detector, band or window, or the band is not one of the detector's.
    """
    facts = detector(name)
    part = facts.window(window)
    own = draw_offset(random_stream(seed, "detector offset", name), faults.detector_error)
    module = draw_offset(random_stream(seed, "module offset", str(facts.module)), faults.module_error)
    return Camera(
        detector=facts,
        window=part,
        band=_band_of(band, facts),
        area=window_area(facts, part),
        dq=_flags(facts, part, faults, seed),
        offset=(own[0] + module[0], own[1] + module[1]),
    )


def _band_of(band: str, facts: Detector) -> Band:
    """Return the band as this detector's channel has it."""
    channel = "_".join(filter(None, (facts.instrument, facts.channel))).lower()
    for found in find_bands(band):
        if found.channel == channel:
            return found
    raise ConfigError(f"detectors={facts.name}: {band} is not a band of {channel}, to which this detector belongs")


def _flags(facts: Detector, window: Window, faults: Faults, seed: int) -> NDArray[np.uint32]:
    """Flag what the detector cannot measure."""
    dead = draw_bad_pixels(random_stream(seed, "bad pixels", facts.name), facts, window, faults.bad_pixel_fraction)
    dq = np.zeros(window.shape, dtype=np.uint32)
    dq[dead] |= np.uint32(dqflags.pixel["DEAD"] | dqflags.pixel["DO_NOT_USE"])
    ny, nx = window.shape
    for left, right, bottom, top in faults.masked_parts:
        part = np.s_[round(bottom * ny) : round(top * ny), round(left * nx) : round(right * nx)]
        dq[part] |= np.uint32(dqflags.pixel["NON_SCIENCE"] | dqflags.pixel["DO_NOT_USE"])
    dq[reference_pixels(facts, window)] |= np.uint32(dqflags.pixel["REFERENCE_PIXEL"] | dqflags.pixel["DO_NOT_USE"])
    return dq
