"""A moving target, followed by the telescope: combined in its frame, and told so, in the step's own name."""

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from stdatamodels.jwst import datamodels

from app.plan.checks import look_ahead
from app.plan.plan import make_plan
from app.plan.text import as_table, describe
from app.simulation import Faults, Scene, simulate_observation
from app.simulation.plan import TARGET
from tests.runs import make_step, run

RATE = (60.0, -20.0)  # [arcsec/h]: two arcsec from one exposure to the next


@pytest.fixture(scope="module")
def made(tmp_path_factory, crds):
    """Four dithers of a comet, and what the main job made of them; procs 1."""
    folder = tmp_path_factory.mktemp("comet")
    scene = Scene(n_stars=12, faults=Faults(pointing_error=0.0))  # more, and outliers would be caveats, rightly
    truth = simulate_observation(folder / "in", n_dithers=4, window=(192, 192), rate=RATE, scene=scene)
    return truth, run(truth, folder / "out", crds, report=True), folder / "out"


def test_the_target_is_at_one_place_in_all_exposures(made):
    truth, _, folder = made
    models = [datamodels.open(folder / e.file.replace("_cal", "_crf")) for e in truth.exposures]
    mean = np.mean([[m.meta.wcsinfo.mt_ra, m.meta.wcsinfo.mt_dec] for m in models], axis=0)
    for model, exposure in zip(models, truth.exposures, strict=True):
        place = model.meta.wcsinfo.mt_ra, model.meta.wcsinfo.mt_dec
        x, y = exposure.wcs().invert(*place)  # the pixel in which the target is
        found = SkyCoord(*model.meta.wcs(x, y, with_bounding_box=False), unit="deg")
        assert found.separation(SkyCoord(*mean, unit="deg")).mas < 1
        model.close()
    east, north = SkyCoord(*TARGET, unit="deg").spherical_offsets_to(SkyCoord(*mean, unit="deg"))
    np.testing.assert_allclose([east.arcsec, north.arcsec], np.array(RATE) * 1.5 * 111 / 3600, atol=1e-3)


def test_the_record_names_the_step_and_no_other_is_said_to_align(made):
    _, record, _ = made
    assert record["steps"] == ["assign_mtwcs", "skymatch", "outlier_detection", "resample", "source_catalog"]
    assert [step for step in record["times"] if step in record["steps"]] == record["steps"]
    assert set(record["groups"]) == {"skymatch", "native"}
    assert "tweakreg" not in record["times"]


def test_nothing_is_said_of_guiding_stars_and_alignment(made):
    _, record, folder = made
    assert (record["state"], record["caveats"]) == ("success", [])
    page = (folder / "lv3_report.html").read_text()
    assert "Shifts into the frame of the moving target" in page
    assert "in which tweakreg moved them" not in page
    assert "put into the frame of the moving target by its ephemeris" in page


def test_the_plan_names_the_step(made, crds, tmp_path):
    step = make_step(made[0], tmp_path, crds)
    plan = make_plan(step.config)
    outlook = look_ahead(plan)
    table = as_table(describe(plan, outlook))
    assert "Steps: assign_mtwcs, skymatch, outlier_detection" in table
    assert "Groups of tweakreg" not in table
    assert outlook.cost.shape == tuple(made[1]["measurements"]["mosaic"]["shape"])
