"""Alignment to an absolute catalogue in a file, whose stars were elsewhere at its own epoch."""

import logging

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import Table
from stdatamodels.jwst import datamodels

from app.observation.exposure_headers import read_exposures
from app.plan.catalogue import mean_epoch
from app.simulation import simulate_observation
from tests.runs import run

#: Proper motion of all stars, east and north [mas/yr], and the epoch of the catalogue.
MOTION, EPOCH = (60.0, -40.0), 2016.0


def test_positions_are_those_of_the_exposures_epoch_and_the_record_says_so(tmp_path, crds, caplog):
    truth = simulate_observation(tmp_path / "in", n_dithers=3, window=(256, 256))
    years = mean_epoch(read_exposures(truth.files)) - EPOCH
    stars = truth.sky.stars
    ra = stars.ra - MOTION[0] * years / 3.6e6 / np.cos(np.radians(stars.dec))
    catalogue = tmp_path / "gaia.ecsv"
    columns = {"ra": ra, "dec": stars.dec - MOTION[1] * years / 3.6e6, "ref_epoch": np.full(len(ra), EPOCH)}
    columns |= {name: np.full(len(ra), value) for name, value in zip(("pmra", "pmdec"), MOTION, strict=True)}
    Table(columns).write(catalogue)
    before = catalogue.read_bytes()
    parameters = {"tweakreg": {"abs_refcat": str(catalogue), "abs_minobj": 6}}
    caplog.set_level(logging.INFO, "app")
    record = run(truth, tmp_path / "out", crds, jwst_parameters=parameters)

    assert abs(years) > 3
    found = record["catalogue"]
    assert found["file"] == str(catalogue)
    assert found["epoch"] == pytest.approx(EPOCH + years)
    assert 6 <= found["n_inside"] <= found["n_rows"]
    assert record["parameters"]["steps"]["tweakreg"]["abs_refcat"] == str(catalogue), "not the copy, which is gone"
    assert "positions are moved to epoch" in caplog.text
    assert catalogue.read_bytes() == before
    for exposure in truth.exposures:
        with datamodels.open(tmp_path / "out" / exposure.file.replace("_cal", "_crf")) as model:
            place = SkyCoord(*model.meta.wcs(128, 128), unit="deg")
        assert SkyCoord(*exposure.wcs()(128, 128), unit="deg").separation(place).mas < 20
