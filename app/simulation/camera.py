"""A detector in use: its window and band, and the images that it takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from stdatamodels.jwst.datamodels import dqflags

from app.bands import Band, find_bands
from app.errors import ConfigError
from app.simulation.detectors import Detector, Window, detector
from app.simulation.faults import (
    CosmicRays,
    Faults,
    draw_bad_pixels,
    draw_cosmic_rays,
    draw_offset,
    random_stream,
    reference_pixels,
)
from app.simulation.level2 import Pixels, write_exposure
from app.simulation.plan import PlannedExposure
from app.simulation.pointing import Attitude, exposure_wcs
from app.simulation.render import render, window_area
from app.simulation.scene import Scene
from app.simulation.sky import Sky
from app.simulation.truth import ExposureTruth

__all__ = ["Camera", "make_camera", "take_image"]


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
    """Set up a detector.

    Raises
    ------
    ConfigError
        No such detector, band or window, or the band is not one of the detector's.
    """
    facts = detector(name)
    part = facts.window(window)
    own = draw_offset(random_stream(seed, "detector offset", name), faults.detector_error)
    module = draw_offset(random_stream(seed, "module offset", str(facts.module)), faults.module_error)
    dead = draw_bad_pixels(random_stream(seed, "bad pixels", name), facts, part, faults.bad_pixel_fraction)
    dq = np.zeros(part.shape, dtype=np.uint32)
    dq[dead] |= np.uint32(dqflags.pixel["DEAD"] | dqflags.pixel["DO_NOT_USE"])
    dq[reference_pixels(facts, part)] |= np.uint32(dqflags.pixel["REFERENCE_PIXEL"] | dqflags.pixel["DO_NOT_USE"])
    return Camera(
        facts, part, _band_of(band, facts), window_area(facts, part), dq, (own[0] + module[0], own[1] + module[1])
    )


def _band_of(band: str, facts: Detector) -> Band:
    """Return the band as this detector's channel has it."""
    channel = "_".join(filter(None, (facts.instrument, facts.channel))).lower()
    for found in find_bands(band):
        if found.channel == channel:
            return found
    raise ConfigError(f"detectors={facts.name}: {band} is not a band of {channel}, to which this detector belongs")


def take_image(
    folder: Path, exposure: PlannedExposure, camera: Camera, attitude: Attitude, sky: Sky, scene: Scene, seed: int
) -> ExposureTruth:
    """Simulate one image, write its file and return the truth about it.

    Parameters
    ----------
    folder : Path
    exposure : PlannedExposure
    camera : Camera
    attitude : Attitude
        Where the telescope believes that it points.
    sky : Sky
    scene : Scene
    seed : int
    """
    faults = scene.faults
    believed = attitude.at(camera.detector.v2_ref, camera.detector.v3_ref)
    jitter = random_stream(seed, "pointing", exposure.name)
    error = tuple(a + b for a, b in zip(draw_offset(jitter, faults.pointing_error), camera.offset, strict=True))
    true = believed.shifted(*error, jitter.uniform(-1, 1) * faults.roll_error)
    sky_offset = random_stream(seed, "sky", exposure.name).uniform(-1, 1) * faults.sky_offset
    true_wcs = exposure_wcs(camera.detector, camera.window, true)
    light = render(sky, true_wcs, camera.detector, camera.area, camera.band.fwhm) + scene.sky_level + sky_offset
    hits = random_stream(seed, "cosmic rays", exposure.name, camera.detector.name)
    rays = draw_cosmic_rays(hits, light.shape, faults.n_cosmic_rays, scene.noise)
    pixels = _read_out(light, rays, camera, scene, random_stream(seed, "noise", exposure.name, camera.detector.name))
    wcs = exposure_wcs(camera.detector, camera.window, believed)
    path = write_exposure(folder, exposure, camera.detector, camera.window, camera.band, wcs, believed, pixels)
    return ExposureTruth(
        path.name, exposure.name, camera.detector.name, exposure.is_background, error, sky_offset, true, rays
    )


def _read_out(
    light: NDArray[np.float64], rays: CosmicRays, camera: Camera, scene: Scene, rng: np.random.Generator
) -> Pixels:
    """Add noise and cosmic rays; pixels that are of no use are NaN, as in the files of the JWST pipeline."""
    var_poisson = scene.photon_variance * np.clip(light, 0, None)
    var_rnoise = np.full(light.shape, scene.read_noise**2)
    data = light + rng.standard_normal(light.shape) * np.sqrt(var_poisson + var_rnoise)
    data[rays.y, rays.x] += rays.amplitude
    useless = (camera.dq & dqflags.pixel["DO_NOT_USE"]) > 0
    for array in (data, var_poisson, var_rnoise):
        array[useless] = np.nan
    return Pixels(
        data.astype(np.float32),
        camera.dq.copy(),
        camera.area.astype(np.float32),
        var_poisson.astype(np.float32),
        var_rnoise.astype(np.float32),
    )
