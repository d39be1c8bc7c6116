"""All measurements of an observation whose truth is known: exposures are given their true WCS, levels and outliers."""

import numpy as np
import pytest
from stdatamodels.jwst import datamodels

from app.assess.measure import measure
from app.plan.plan import make_plan
from tests.runs import make_step


@pytest.fixture(scope="module")
def measured(miri, crds, tmp_path_factory):
    """Measurements of exposures that were aligned, matched and flagged without any error."""
    folder = tmp_path_factory.mktemp("perfect")
    science = [exposure for exposure in miri.exposures if not exposure.is_background]
    for exposure in science:
        with datamodels.open(miri.folder / exposure.file) as model:
            rays = exposure.cosmic_rays
            good = model.dq[rays.y, rays.x] == 0
            model.dq[rays.y[good], rays.x[good]] = 17
            model.meta.wcs = exposure.wcs()
            model.meta.background.level = exposure.sky_offset
            model.meta.background.subtracted = False
            model.meta.background.method = "truth"
            model.save(folder / exposure.file.replace("_cal", "_crf"))
    return science, measure(make_plan(make_step(miri, folder, crds).config), folder)


def test_shifts_are_the_pointing_errors(measured):
    science, found = measured
    shifts = [entry["shift"] for entry in found["exposures"]]
    np.testing.assert_allclose(shifts, [exposure.pointing_error for exposure in science], atol=2e-4)
    assert all(entry["moved"] for entry in found["exposures"])


def test_stars_agree_after_alignment_and_not_before(measured):
    for entry in measured[1]["exposures"]:
        assert entry["n_matches"] > 40
        assert entry["offset"] < 0.003 < 0.02 < entry["offset_before"]
        assert entry["scatter"] < 0.01


def test_steps_are_the_differences_of_levels_before_and_gone_after(measured):
    science, found = measured
    offsets = {exposure.file: exposure.sky_offset for exposure in science}
    assert len(found["overlaps"]) == 6
    for overlap in found["overlaps"]:
        step = offsets[overlap["first"]] - offsets[overlap["second"]]
        assert overlap["sky_before"] == pytest.approx(step, abs=0.005)
        assert abs(overlap["sky"]) < max(0.002, 5 * overlap["sky_error"])
    assert {entry["sky_method"] for entry in found["exposures"]} == {"truth"}


def test_what_is_left_over_the_whole_overlap_is_within_its_errors(measured):
    for overlap in measured[1]["overlaps"]:
        assert overlap["n_stars"] <= min(overlap["n_first"], overlap["n_second"])
        assert overlap["corner"] < 5 * overlap["corner_error"] < 0.02
        assert abs(overlap["turn"]) < 4 * overlap["turn_error"] < 0.05
        assert overlap["displacement"] is None


def test_outliers_are_the_cosmic_rays(measured):
    science, found = measured
    for exposure, entry in zip(science, found["exposures"], strict=True):
        assert entry["flagged"] == pytest.approx(len(exposure.cosmic_rays.x) / 256**2, rel=0.1)
        assert entry["flagged_in_cores"] < 0.03


def test_a_run_without_products_is_measured_as_far_as_it_came(miri, crds, tmp_path):
    found = measure(make_plan(make_step(miri, tmp_path, crds).config), tmp_path)
    assert (found["exposures"], found["overlaps"], found["mosaic"], found["catalogue"]) == ([], [], None, None)


def test_one_kind_that_fails_leaves_the_others(miri, crds, tmp_path, caplog):
    plan = make_plan(make_step(miri, tmp_path, crds).config)
    (tmp_path / plan.names.mosaic).write_text("no mosaic")
    (tmp_path / plan.names.catalogue).write_text("label is_extended\n1 True\n")
    found = measure(plan, tmp_path)
    assert list(found["failed"]) == ["mosaic"]
    assert found["mosaic"] is None
    assert found["catalogue"]["n_extended"] == 1
    assert "mosaic could not be measured" in caplog.text
