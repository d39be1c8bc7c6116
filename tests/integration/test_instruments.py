"""Every instrument and channel goes through the whole job."""

import numpy as np
import pytest
from astropy.io import fits

from app.simulation import simulate_observation
from tests.runs import run


@pytest.mark.parametrize(
    ("band", "detectors", "name"),
    [
        ("F200W", ("NRCA1", "NRCB3"), "nircam_lv3_f200w"),
        ("F405N", ("NRCALONG",), "nircam_lv3_f405n"),  # in the pupil wheel
        ("F200W_niriss", ("NIS",), "niriss_lv3_f200w"),
    ],
)
def test_mosaic(band, detectors, name, crds, tmp_path):
    truth = simulate_observation(tmp_path / "in", band=band, detectors=detectors, n_dithers=3, window=(192, 192))
    parameters = {"tweakreg": {"minobj": 4}, "source_catalog": {"skip": True}}
    record = run(truth, tmp_path / "out", crds, band=band, jwst_parameters=parameters, target="NGC0628")
    data = fits.getdata(tmp_path / "out" / f"ngc0628_{name}_i2d.fits")
    assert np.isfinite(data).sum() > 0.7 * 192 * 192 * len(detectors)
    assert len(record["groups"]["native"]) == 3
