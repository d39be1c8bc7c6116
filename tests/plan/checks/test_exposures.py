"""Exposures that do not belong together, and options that do nothing for them."""

import pytest

from app.observation.calibration import Calibration
from app.plan.checks.exposures import of_calibration
from tests.factories import make_exposure
from tests.plan.checks.conftest import codes, science, set_keywords


def test_background_that_the_chosen_test_leaves_in_the_mosaic(look, folder):
    set_keywords(science(folder)[0], BKGDTARG=True)
    (caveat,) = look(folder).caveats
    assert caveat.code == "background_in_mosaic"
    assert "1 of 4 science exposures (jw01234001001_02101_00001" in caveat.message
    assert "bgr_check_type=parallel_off" in caveat.message
    assert "background=header" in caveat.hint


@pytest.mark.parametrize(
    "options", [{"bgr_check_type": "header"}, {"is_bgr": True}, {"process_bgr_like_science": True}]
)
def test_background_that_is_left_out_or_wanted(look, folder, options):
    set_keywords(science(folder)[0], BKGDTARG=True)
    assert "background_in_mosaic" not in codes(look(folder, **options).caveats)


def test_versions_and_contexts_of_exposures(look, folder):
    for path in science(folder):
        set_keywords(path, CAL_VER="1.14.0", CRDS_CTX="jwst_1235.pmap", R_DISTOR="crds://a.asdf")
    set_keywords(science(folder)[2], CAL_VER="1.11.4", CRDS_CTX="jwst_1130.pmap", R_DISTOR="crds://b.asdf")
    found = look(folder).caveats
    assert codes(found) == ["mixed_calibration"] * 3
    version, context, distortion = (caveat.message for caveat in found)
    assert "several versions of jwst: 1.14.0 (3); 1.11.4 (1: jw01234001001_02101_00003_mirimage_cal.fits)" in version
    assert "several CRDS contexts: jwst_1235.pmap (3); jwst_1130.pmap (1:" in context
    assert "several distortion references for MIRIMAGE: a.asdf (3); b.asdf (1:" in distortion


def test_background_exposures_may_differ(look, folder):
    for path in folder.glob("*_02201_*_cal.fits"):
        set_keywords(path, CAL_VER="1.0.0", **{"DATE-OBS": "2028-01-01"})
    assert look(folder).caveats == []


def test_detectors_have_references_of_their_own():
    both = [
        make_exposure(
            f"jw01234001001_02101_00001_{d}_cal.fits", calibration=Calibration("1", "c", f"{d}.asdf", f"{d}.asdf")
        )
        for d in ("nrca1", "nrcb1")
    ]
    assert list(of_calibration(both)) == []


def test_epochs_far_apart(look, folder):
    set_keywords(science(folder)[3], **{"DATE-OBS": "2029-01-01"})
    (caveat,) = look(folder).caveats
    assert caveat.code == "epochs_apart"
    assert "to 2029-01-01 (jw01234001001_02101_00004_mirimage_cal.fits)" in caveat.message


@pytest.mark.parametrize("key", ["tweakreg_degroup_nircam_short_chips", "tweakreg_degroup_nircam_modules"])
def test_groupings_that_do_nothing_for_these_data_say_so(look, key):
    outlook = look(**{key: True})
    assert outlook.caveats == []
    (note,) = outlook.notes
    assert note.startswith(f"{key}=true does nothing for F770W")
