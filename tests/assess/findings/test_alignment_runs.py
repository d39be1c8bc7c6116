"""What is said of alignment after whole runs: inputs that were aligned before, a visit on a wrong guide star."""

import numpy as np
import pytest
from astropy.table import Table

from app.simulation import Faults, Scene, simulate_observation
from tests.runs import run

SCENE = Scene(random_stars=True)


def test_exposures_that_were_aligned_before_are_aligned(crds, tmp_path):
    """A run's own exposures as inputs: without flagged outliers the stars are the same, and the fit moves nothing."""
    truth = simulate_observation(tmp_path / "in", n_dithers=3, window=(256, 256), scene=SCENE)
    skipped = {step: {"skip": True} for step in ("outlier_detection", "source_catalog")}
    run(truth, tmp_path / "first", crds, jwst_parameters=skipped)
    options = {"in_dir": tmp_path / "first", "step_ext": "crf", "jwst_parameters": skipped}
    record = run(truth, tmp_path / "again", crds, **options)
    exposures = record["measurements"]["exposures"]
    assert max(np.hypot(*e["shift"]) for e in exposures) < 2e-6
    assert min(e["n_matches"] for e in exposures) > 50
    assert sum(e["moved"] for e in exposures) == 2
    assert "not_aligned" not in [caveat["code"] for caveat in record["caveats"]]


def test_a_displaced_visit_is_told_with_its_distance_also_with_a_catalogue(crds, tmp_path):
    """Few faults: what is said has to come from the stars of the two visits, which tweakreg cannot bring together."""
    truth = simulate_observation(
        tmp_path / "in", n_visits=2, n_dithers=2, window=(256, 256), wrong_guide_star=9.3,
        scene=Scene(random_stars=True, faults=Faults(pointing_error=0.02, n_cosmic_rays=20)),
    )  # fmt: skip
    stars = truth.sky.stars
    Table({"RA": stars.ra, "DEC": stars.dec}).write(tmp_path / "stars.ecsv")
    parameters = {"tweakreg": {"abs_refcat": str(tmp_path / "stars.ecsv")}, "source_catalog": {"skip": True}}
    record = run(truth, tmp_path / "out", crds, jwst_parameters=parameters)
    message = next(c["message"] for c in record["caveats"] if c["code"] == "no_shared_stars")
    found = [o["displacement"] for o in record["measurements"]["overlaps"] if o["displacement"]]
    assert len(found) == 4  # each exposure of one visit with each of the other
    # tweakreg moves what it takes for the same stars by up to its search radius of 2 arcsec.
    for east, north in found:
        assert np.hypot(east - 9.3, north) < 2.9
    distance = float(message.split(" arcsec apart")[0].split()[-1])
    assert distance == pytest.approx(9.3, abs=2.9)
    assert record["state"] == "poor"
