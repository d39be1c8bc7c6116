"""Errors of a mosaic against the scatter of 200 mosaics of the same exposures, each with noise of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion

from app.assess.measure.correlated_noise import measure_correlation
from app.pipeline.divided.cuts import Grid, map_pixels
from app.pipeline.divided.exposure_files import ExposureFile
from app.pipeline.divided.library import ExposureLibrary
from app.pipeline.divided.parts import Total, drizzle
from app.simulation import Faults, Scene, simulate_observation

N, SIDE = 200, 72
PARAMETERS = {
    "output": "all", "weight_type": "ivm", "pixfrac": 1.0, "kernel": "square", "fillval": "NAN",
    "good_bits": "~DO_NOT_USE+NON_SCIENCE", "enable_ctx": False, "enable_var": True, "report_var": False,
    "compute_err": "from_var", "blendheaders": False, "pixmap_stepsize": 1, "pixmap_order": 1,
}  # fmt: skip


@dataclass
class Mosaics:
    images: NDArray[np.float32]
    error: NDArray[np.float32]
    inside: NDArray[np.bool_]


def make_mosaics(folder: Path, scale: float, monkeypatch: pytest.MonkeyPatch) -> Mosaics:
    """Mosaics of three dithers, whose data are noise of the variance that they state."""
    faults = Faults(pointing_error=0.0, sky_offset=0.0, n_cosmic_rays=0, bad_pixel_fraction=0.0)
    scene = Scene(star_peaks=(1e-9, 2e-9), diffuse_peak=0.0, sky_level=0.0, photon_variance=0.0, faults=faults)
    truth = simulate_observation(folder, n_dithers=3, dither_size=0.5, window=(SIDE, SIDE), scene=scene)
    members = [{"expname": str(path), "exptype": "science"} for path in truth.files]
    exposures = ExposureLibrary({"products": [{"name": "all", "members": members}]}, 1).exposures()
    library = ExposureLibrary({"products": [{"name": "all", "members": members}]}, 1)
    only_grid = {"enable_var": False, "compute_err": None, "wcs_pars": {"pixel_scale_ratio": scale}}
    grid = Grid.chosen(library, PARAMETERS | only_grid)
    maps = [map_pixels(grid, (e, folder / f"{i}.npy")) for i, e in enumerate(exposures)]
    rng, models = np.random.default_rng(1), {exposure.path: exposure.open() for exposure in exposures}

    def with_noise(exposure: ExposureFile, *_: str):
        model = models[exposure.path]
        noise = rng.standard_normal(exposure.shape) * np.sqrt(model.var_rnoise)
        model.data = np.where(model.dq & 1, np.nan, noise).astype(np.float32)
        return model

    monkeypatch.setattr(ExposureFile, "open", with_noise)
    made = list(drizzle_all(exposures, maps, grid))
    weight = made[0]["wht"]
    inside = binary_erosion(weight > 0.9 * np.nanmax(weight), iterations=int(3 / scale))
    return Mosaics(np.array([m["data"] for m in made]), made[0]["err"], inside)


def drizzle_all(exposures, maps, grid) -> Iterator[dict[str, NDArray]]:
    for _ in range(N):
        total = Total(grid, grid.box, len(exposures), PARAMETERS)
        for index, pair in enumerate(zip(exposures, maps, strict=True)):
            total.add(index, drizzle(grid, PARAMETERS, pair))
        yield total.finish()


def apertures(inside: NDArray[np.bool_], side: int) -> list[tuple[slice, slice]]:
    """Square apertures that lie inside whole."""
    ny, nx = inside.shape
    step = max(side // 2, 1)
    places = ((y, x) for y in range(0, ny - side, step) for x in range(0, nx - side, step))
    cuts = [(slice(y, y + side), slice(x, x + side)) for y, x in places]
    return [cut for cut in cuts if inside[cut].all()]


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_the_record_says_how_noisy_pixels_and_apertures_are(scale, tmp_path, monkeypatch):
    mosaics = make_mosaics(tmp_path, scale, monkeypatch)
    variance = mosaics.images.var(axis=0)
    true_ratio = np.sqrt(np.mean((variance / mosaics.error**2)[mosaics.inside]))
    images = [np.where(mosaics.inside, image, np.nan) for image in mosaics.images[:40]]
    measured = [measure_correlation(image, mosaics.error, scale) for image in images]
    assert np.mean([m.scatter_ratio for m in measured]) == pytest.approx(true_ratio, rel=0.05)
    for side in (2, 4, 8):
        cuts = apertures(mosaics.inside, side)
        pairs = [(mosaics.images[:, *cut].sum(axis=(1, 2)).var(), variance[cut].sum()) for cut in cuts]
        true = np.sqrt(np.mean([of_sum / of_pixels for of_sum, of_pixels in pairs]))
        assert np.mean([m.aperture_factors[str(side)] for m in measured]) == pytest.approx(true, rel=0.05)


def test_sources_and_gradients_are_no_noise():
    """White noise that is stated as it is: all factors are one, with stars and a slope beneath."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:384, :384]
    image = rng.normal(0, 0.1, (384, 384)) + 0.0002 * x
    for star_y, star_x in rng.uniform(0, 384, (60, 2)):
        image += 50 * np.exp(-((x - star_x) ** 2 + (y - star_y) ** 2) / 4)
    found = measure_correlation(image.astype(np.float32), np.full_like(image, 0.1), 1.0)
    assert found.scatter_ratio == pytest.approx(1, rel=0.05)
    assert list(found.aperture_factors.values()) == pytest.approx([1] * 5, rel=0.07)


def test_a_mosaic_without_empty_sky_has_no_factors():
    nothing = np.full((64, 64), np.nan)
    assert measure_correlation(nothing, nothing, 1.0) is None
