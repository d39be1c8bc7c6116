"""One image: light, faults and noise, from the shutter to the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from stdatamodels.jwst.datamodels import dqflags

from app.simulation.camera import Camera
from app.simulation.faults import CosmicRays, draw_cosmic_rays, draw_offset, random_stream
from app.simulation.level2 import Pixels, write_exposure
from app.simulation.plan import PlannedExposure
from app.simulation.pointing import Attitude, exposure_wcs
from app.simulation.render import on_nodes, render
from app.simulation.scene import Scene
from app.simulation.sky import Sky
from app.simulation.truth import ExposureTruth

__all__ = ["take_image"]


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
    facts, window, faults = camera.detector, camera.window, scene.faults
    image = exposure.name, facts.name
    # The pointing error is common to all detectors; the error of a detector's position is its own.
    jitter = random_stream(seed, "pointing", exposure.name)
    east, north = draw_offset(jitter, faults.pointing_error)
    roll = float(jitter.uniform(-1, 1) * faults.roll_error)
    east, north, roll = np.add((east, north, roll), exposure.error).tolist()
    true = attitude.shifted(east, north, roll).at(facts.v2_ref, facts.v3_ref).shifted(*camera.offset)
    sky_offset = float(random_stream(seed, "sky", exposure.name).uniform(-1, 1) * faults.sky_offset)
    light = _light(sky, exposure, camera, true)
    light += scene.sky_level + sky_offset
    rays = draw_cosmic_rays(random_stream(seed, "cosmic rays", *image), window.shape, faults.n_cosmic_rays, scene.noise)
    pixels = _read_out(light, rays, camera, scene, random_stream(seed, "noise", *image))
    path = write_exposure(folder, exposure, camera, attitude.at(facts.v2_ref, facts.v3_ref), pixels)
    return ExposureTruth(
        file=path.name,
        exposure=exposure.name,
        detector=facts.name,
        window=window,
        is_background=exposure.is_background,
        pointing_error=(east + camera.offset[0], north + camera.offset[1]),
        sky_offset=sky_offset,
        attitude=true,
        cosmic_rays=rays,
    )


def _light(sky: Sky, exposure: PlannedExposure, camera: Camera, true: Attitude) -> NDArray[np.float64]:
    """What the detector sees; of a moving target the smooth light moves along, and the stars stay behind."""
    facts, window, fwhm = camera.detector, camera.window, camera.band.fwhm
    wcs = exposure_wcs(facts, window, true)
    if exposure.motion is None:
        return render(sky, wcs, facts, camera.area, fwhm)
    east, north = exposure.motion
    at_rest = exposure_wcs(facts, window, true.shifted(-east, -north))
    target = on_nodes(lambda x, y: sky.diffuse(*at_rest(x, y, with_bounding_box=False)), camera.area.shape)
    return render(Sky(sky.stars), wcs, facts, camera.area, fwhm) + target


def _read_out(
    light: NDArray[np.float64], rays: CosmicRays, camera: Camera, scene: Scene, rng: np.random.Generator
) -> Pixels:
    """Add noise and cosmic rays; unusable pixels are NaN, as in the files of the JWST pipeline."""
    var_poisson = scene.photon_variance * np.clip(light, 0, None)
    var_rnoise = np.full(light.shape, scene.read_noise**2)
    data = light + rng.standard_normal(light.shape) * np.sqrt(var_poisson + var_rnoise)
    data[rays.y, rays.x] += rays.amplitude
    useless = (camera.dq & dqflags.pixel["DO_NOT_USE"]) > 0
    for array in (data, var_poisson, var_rnoise):
        array[useless] = np.nan
    return Pixels(data, camera.dq, var_poisson, var_rnoise)
