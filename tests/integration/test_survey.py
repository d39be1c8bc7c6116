"""The options of recipe=survey together: levels, stars and errors of one run."""

import json
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from jsonschema import Draft202012Validator

import app.record
from app.simulation import Faults, Scene, simulate_observation
from tests.runs import run

OPTIONS = {"sky_method": "solution", "outliers": "spare_stars", "errors": "rescaled", "mosaic_rotation": 0.0}
OUTLIER = 16  # JWST DQ flag


@pytest.fixture(scope="module")
def made(tmp_path_factory, crds):
    """Three dithers, and what a run made of them."""
    folder = tmp_path_factory.mktemp("survey")
    scene = Scene(n_stars=30, faults=Faults(n_cosmic_rays=30))
    truth = simulate_observation(folder / "exposures", n_dithers=3, window=(192, 192), scene=scene)
    return truth, folder / "out", run(truth, folder / "out", crds, report=True, **OPTIONS)


def test_the_record_is_one(made):
    _, _, record = made
    schema = json.loads((Path(app.record.__file__).parent / "record.schema.json").read_text())
    Draft202012Validator(schema).validate(record)
    assert set(record["noise_factors"]) == {e["file"] for e in record["measurements"]["exposures"]}
    assert all(0.8 < factor < 1.25 for factor in record["noise_factors"].values())
    assert record["caveats"] == []
    assert all(exposure["flagged"] < 0.01 for exposure in record["measurements"]["exposures"])


def test_rays_are_flagged_though_levels_are_still_in_the_pixels(made):
    truth, folder, _ = made
    hit = found = wrong = 0
    for exposure in truth.exposures:
        with fits.open(folder / exposure.file.replace("_cal", "_crf")) as file:
            flagged = (file["DQ"].data & OUTLIER) > 0
            assert file[0].header["BKGSUB"] is False
        rays = np.zeros(flagged.shape, bool)
        rays[exposure.cosmic_rays.y, exposure.cosmic_rays.x] = True
        hit, found, wrong = hit + rays.sum(), found + (rays & flagged).sum(), wrong + (flagged & ~rays).sum()
    assert found > 0.9 * hit
    assert wrong < 5e-5 * 3 * 192**2


def test_the_mosaic_is_flat_and_north_is_up(made):
    truth, folder, record = made
    assert max(abs(overlap["sky"]) for overlap in record["measurements"]["overlaps"]) < 0.005
    with fits.open(folder / "ngc0628_miri_lv3_f770w_i2d.fits") as file:
        header = file["SCI"].header
        assert header["PC2_2"] > 0.999
        lowest = min(exposure.sky_offset for exposure in truth.exposures)
        assert np.nanmedian(file["SCI"].data) == pytest.approx(truth.sky_level + lowest, abs=0.2)


def test_the_methods_say_it(made):
    _, folder, _ = made
    page = (folder / "lv3_report.html").read_text()
    for words in (
        "in one robust least-squares solution",
        "undersampled stars were spared",
        "Variances of the read noise",
    ):
        assert words in page
