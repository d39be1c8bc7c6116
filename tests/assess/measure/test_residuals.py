"""What an exposure has and a mosaic has not; another exposure of the same sky stands for the mosaic."""

import numpy as np
import pytest
from astropy.io import fits

from app.assess.measure.residuals import SIDE
from app.assess.measure.residuals import residual_map as map_of
from app.assess.measure.sky_image import sky_image
from app.simulation import Faults, Scene, simulate_observation


@pytest.fixture
def pair(tmp_path):
    """Two exposures of emission and stars, and by how much the second's sky is brighter than the first's."""
    scene = Scene(emission_peak=5.0, faults=Faults(pointing_error=0.0, sky_offset=0.4, n_cosmic_rays=30))
    truth = simulate_observation(tmp_path, n_dithers=2, window=(192, 128), scene=scene)
    first, second = (exposure.sky_offset for exposure in truth.exposures)
    return truth.files[0], truth.files[1], second - first


def residual_map(mosaic, exposure):
    with sky_image(mosaic) as whole, sky_image(exposure) as part:
        return map_of(whole, part)


def edit(path, change):
    with fits.open(path, mode="update") as file:
        change(file)


def test_levels_are_seen_whatever_shines(pair):
    mosaic, exposure, offset = pair
    found = residual_map(mosaic, exposure)
    assert found.shape == (round(SIDE * 128 / 192), SIDE)
    assert np.isfinite(found).mean() > 0.4
    assert np.nanmedian(found) == pytest.approx(offset, abs=0.01)
    assert np.nanquantile(np.abs(found - offset), 0.5) < 0.02


def test_a_level_that_resampling_takes_out_is_no_residual(pair):
    mosaic, exposure, offset = pair
    edit(exposure, lambda file: file["SCI"].header.update(BKGLEVEL=offset, BKGSUB=False))
    assert abs(np.nanmedian(residual_map(mosaic, exposure))) < 0.01


def test_slopes_and_masked_parts_stay_where_they_are(pair):
    mosaic, exposure, offset = pair

    def change(file):
        file["SCI"].data += 0.01 * np.arange(192, dtype=np.float32)
        file["DQ"].data[:40] |= 1

    edit(exposure, change)
    found = residual_map(mosaic, exposure) - offset
    assert np.isnan(found[:5]).all()
    known = np.isfinite(found).any(axis=0)
    slope = np.polyfit(np.flatnonzero(known), np.nanmedian(found[:, known], axis=0), 1)[0] / (192 / SIDE)
    assert slope == pytest.approx(0.01, rel=0.05)


def test_nothing_in_common(pair, tmp_path):
    _, exposure, _ = pair
    other = simulate_observation(tmp_path / "far", n_dithers=1, n_background=1, window=(96, 96)).files[1]
    assert np.isnan(residual_map(other, exposure)).all()
