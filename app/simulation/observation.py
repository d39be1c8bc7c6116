"""Simulated observations: from a plan to exposures on disk and the truth about them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from app.simulation.camera import Camera, make_camera
from app.simulation.detectors import Window, detector
from app.simulation.emission import Emission
from app.simulation.faults import random_stream
from app.simulation.image import take_image
from app.simulation.plan import TARGET, PlannedExposure, plan_grid, plan_observation
from app.simulation.pointing import Attitude, field_centre, window_to_v2v3
from app.simulation.render import ARCSEC2_TO_SR, FWHM_PER_SIGMA
from app.simulation.scene import Scene
from app.simulation.sky import Sky, Stars, draw_blobs, draw_stars
from app.simulation.truth import Truth

__all__ = ["simulate_exposures", "simulate_grid", "simulate_observation"]

#: How far the field of stars extends beyond the detectors [arcsec]: pointing errors and the wings of stars.
MARGIN = 5.0


def simulate_observation(
    out_dir: Path | str,
    *,
    band: str = "F770W",
    detectors: Sequence[str] = ("MIRIMAGE",),
    window: str | tuple[int, int] | Window | None = (512, 512),
    target: str = "ngc0628",
    scene: Scene | None = None,
    seed: int = 1,
    **plan: Any,
) -> Truth:
    """Simulate the level-2 exposures of one target in one band.

    Parameters
    ----------
    out_dir : Path or str
        Folder for the exposures and ``truth.json``; made if it is missing.
    band : str
        ``F770W``; with the instrument behind it where two share the name, ``F200W_niriss``.
    detectors : sequence of str
        Values of the keyword DETECTOR, all of the band's instrument and channel.
    window : str, (int, int), Window or None
        Name of a subarray, (columns, rows) around the reference pixel, or None for the full frame.
    target : str
    scene : Scene, optional
        Brightness, noise and faults.
    seed : int
        The same seed gives the same files to the bit.
    **plan
        How many visits, dithers, backgrounds: keywords of `plan_observation`.

    Returns
    -------
    Truth

    Raises
    ------
    ConfigError
        No such detector, band or window.
    """
    exposures = plan_observation(target=target, **plan)
    return simulate_exposures(out_dir, exposures, band=band, detectors=detectors, window=window, scene=scene, seed=seed)


def simulate_grid(
    out_dir: Path | str,
    *,
    n_pointings: int,
    n_dithers: int = 2,
    overlap: float = 0.2,
    detectors: Sequence[str] = ("MIRIMAGE",),
    window: str | tuple[int, int] | Window | None = (512, 512),
    target: str = "ngc0628",
    **options: Any,
) -> Truth:
    """Simulate a mosaic: a square grid of pointings whose neighbours share ``overlap`` of a window's side.

    The other parameters are those of `simulate_observation`.
    """
    first = detector(detectors[0])
    step = (1 - overlap) * min(first.window(window).shape) * float(np.sqrt(first.pixel_area))
    exposures = plan_grid(target=target, n_pointings=n_pointings, step=step, n_dithers=n_dithers)
    return simulate_exposures(out_dir, exposures, detectors=detectors, window=window, **options)


def simulate_exposures(
    out_dir: Path | str,
    exposures: Sequence[PlannedExposure],
    *,
    band: str = "F770W",
    detectors: Sequence[str] = ("MIRIMAGE",),
    window: str | tuple[int, int] | Window | None = (512, 512),
    scene: Scene | None = None,
    sky: Sky | None = None,
    seed: int = 1,
) -> Truth:
    """Simulate planned exposures; ``sky`` is what those of science see, in all bands alike, instead of a drawn field.

    The other parameters are those of `simulate_observation`.
    """
    scene = scene or Scene()
    cameras = [make_camera(name, band, window, scene.faults, seed) for name in detectors]
    centre = field_centre([camera.detector for camera in cameras])
    attitudes = [
        Attitude(*centre, *TARGET, planned.roll).following(planned.motion).shifted(planned.east, planned.north)
        for planned in exposures
    ]
    skies = {
        is_background: sky
        if sky and not is_background
        else _draw_sky(
            [a for e, a in zip(exposures, attitudes, strict=True) if e.is_background is is_background],
            cameras, scene, seed, is_background,
        )
        for is_background in {planned.is_background for planned in exposures}
    }  # fmt: skip
    folder = Path(out_dir)
    folder.mkdir(parents=True, exist_ok=True)
    truths = [
        take_image(folder, planned, camera, attitude, skies[planned.is_background], scene, seed)
        for planned, attitude in zip(exposures, attitudes, strict=True)
        for camera in cameras
    ]
    used = cameras[0].band
    truth = Truth(folder, used.name, used.fwhm, scene.sky_level, _joined(skies), tuple(truths))
    truth.write()
    return truth


def _draw_sky(
    attitudes: Sequence[Attitude], cameras: Sequence[Camera], scene: Scene, seed: int, is_background: bool
) -> Sky:
    """Draw the field that these exposures see; a background field has stars alone."""
    camera = cameras[0]
    name = "background" if is_background else "science"
    pixel_area = camera.detector.pixel_area
    spacing = float(np.sqrt(camera.area.size * pixel_area / scene.n_stars))
    # The integral of a Gaussian is 2 pi sigma^2 of its peak; 1 MJy = 1e12 uJy.
    sigma = camera.band.fwhm / FWHM_PER_SIGMA
    peak_to_flux = 2 * np.pi * sigma**2 * pixel_area * ARCSEC2_TO_SR * 1e12
    low, high = (peak * peak_to_flux for peak in scene.star_peaks)
    limits = _limits(attitudes, cameras)
    stars = draw_stars(random_stream(seed, "stars", name), limits, spacing, (low, high), scene.random_stars)
    if is_background:
        return Sky(stars)
    rng = random_stream(seed, "diffuse")
    blobs = draw_blobs(rng, limits, scene.diffuse_peak, scene.n_blobs, scene.blob_sizes)
    return Sky(stars, blobs, _emission(camera, scene, seed))


def _emission(camera: Camera, scene: Scene, seed: int) -> Emission | None:
    """Clouds from the width of the PSF, which blurs what is finer, to the size of the window."""
    if scene.emission_peak == 0:
        return None
    pixel_scale = float(np.sqrt(camera.detector.pixel_area))
    return Emission(
        *TARGET,
        peak=scene.emission_peak,
        contrast=scene.emission_contrast,
        shortest=2 * camera.band.fwhm * pixel_scale,
        longest=max(camera.area.shape) * pixel_scale,
        seed=seed,
    )


def _limits(attitudes: Sequence[Attitude], cameras: Sequence[Camera]) -> tuple[float, float, float, float]:
    """West, east, south and north ends [deg] of what all the detectors see in all the exposures."""
    corners = []
    for attitude in attitudes:
        for camera in cameras:
            ny, nx = camera.window.shape
            v2, v3 = window_to_v2v3(camera.detector, camera.window)(np.array([0, nx, nx, 0]), np.array([0, 0, ny, ny]))
            corners.append(attitude.to_sky()(v2, v3))
    ra, dec = np.concatenate(corners, axis=1)
    margin = MARGIN / 3600
    wide = margin / np.cos(np.radians(TARGET[1]))
    return ra.min() - wide, ra.max() + wide, dec.min() - margin, dec.max() + margin


def _joined(skies: dict[bool, Sky]) -> Sky:
    """All the fields as one."""
    stars = [sky.stars for sky in skies.values()]
    joined = Stars(*(np.concatenate([getattr(part, column) for part in stars]) for column in ("ra", "dec", "flux")))
    emission = next((sky.emission for sky in skies.values() if sky.emission), None)
    return Sky(joined, tuple(blob for sky in skies.values() for blob in sky.blobs), emission)
