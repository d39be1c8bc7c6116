"""Errors that are the scatter of the sky."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from numpy.typing import NDArray

from app.pipeline.divided.cuts import Grid, map_pixels
from app.pipeline.divided.library import ExposureLibrary
from app.pipeline.divided.parts import drizzle
from app.pipeline.divided.read_noise import noise_factor, rescale_read_noise
from app.simulation import Faults, Scene, simulate_observation


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.5])
def test_the_factor_is_found_among_sources_and_gradients(factor):
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:256, :256]
    image = 0.001 * x + rng.normal(0, np.sqrt(0.01 + factor * 0.04), (256, 256))
    for sx, sy in rng.uniform(0, 256, (60, 2)):
        image += 30 * np.exp(-((x - sx) ** 2 + (y - sy) ** 2) / 4)
    image[:, :40] = np.nan
    variances = np.full((2, 256, 256), [[[0.01]], [[0.04]]], np.float32)
    assert noise_factor(image.astype(np.float32), *variances) == pytest.approx(factor, rel=0.05)


@pytest.mark.parametrize("ratio", [0, 1, 15, 60])
def test_errors_that_are_right_stay_also_where_photons_make_the_noise(ratio):
    rng = np.random.default_rng(5)
    image = rng.normal(0, np.sqrt(1 + ratio), (1024, 1024)).astype(np.float32)
    variances = np.full((2, 1024, 1024), [[[ratio]], [[1]]], np.float32)
    assert noise_factor(image, *variances) == pytest.approx(1, abs=0.01)


def test_nothing_to_measure_changes_nothing():
    nothing = np.full((64, 64), np.nan, np.float32)
    assert noise_factor(nothing, nothing, nothing) == 1


def test_errors_and_weights_of_exposures_follow(tmp_path):
    """Level 2 said half of the read noise that there is."""
    scene = Scene(n_stars=10, diffuse_peak=0.0, faults=Faults(sky_offset=0.0, n_cosmic_rays=10))
    truth = simulate_observation(tmp_path, n_dithers=2, window=(160, 160), scene=scene)
    with fits.open(truth.files[0], mode="update") as file:
        file["VAR_RNOISE"].data /= 4
        file["ERR"].data = np.sqrt(file["VAR_RNOISE"].data + file["VAR_POISSON"].data)
    members = [{"expname": str(path), "exptype": "science"} for path in truth.files]
    library = ExposureLibrary({"products": [{"name": "all", "members": members}]}, 1)
    factors = rescale_read_noise(library, 1)
    assert list(factors.values()) == pytest.approx([4, 1], rel=0.1)
    wrong, right = library.exposures()
    for names in ((), ("err",), ("data", "err", "dq", "var_rnoise")):
        with wrong.open(*names) as first, right.open(*names) as second:
            assert np.nanmedian(first.err) == pytest.approx(np.nanmedian(second.err), rel=0.05)
            if names != ("err",):
                assert np.nanmedian(first.var_rnoise) == pytest.approx(np.nanmedian(second.var_rnoise), rel=0.1)
    with fits.open(truth.files[0]) as file:
        assert np.nanmedian(file["VAR_RNOISE"].data) == pytest.approx(scene.read_noise**2 / 4, rel=0.01)
    first, second = (np.median(weight[weight > 0]) for weight in weights_in_mosaic(library, tmp_path))
    assert first == pytest.approx(second, rel=0.1)


def weights_in_mosaic(library: ExposureLibrary, folder: Path) -> Iterator[NDArray[np.float32]]:
    """What each exposure weighs in the mosaic that is made of them."""
    parameters = {
        "output": "all", "weight_type": "ivm", "pixfrac": 1.0, "kernel": "square", "good_bits": 0, "enable_ctx": False,
        "enable_var": False, "compute_err": None, "blendheaders": False, "pixmap_stepsize": 1, "pixmap_order": 1,
    }  # fmt: skip
    grid = Grid.chosen(library, parameters)
    for number, exposure in enumerate(library.exposures()):
        pixels = map_pixels(grid, (exposure, folder / f"{number}.npy"))
        part = drizzle(grid, parameters, (exposure, pixels))
        with part.path.open("rb") as planes:
            yield [np.load(planes) for _ in range(2)][1]
