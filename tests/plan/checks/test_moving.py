"""Moving targets: what is refused, and what is foreseen in the target's frame."""

from dataclasses import replace

import numpy as np
import pytest

from app.observation.moving import in_target_frame
from app.runtime.errors import InputError
from tests.factories import make_exposure
from tests.plan.checks.conftest import codes, science, set_keywords


@pytest.fixture
def comet(folder):
    """Four exposures of a target that moves by 2 arcsec from one to the next; their footprints stay."""
    for i, path in enumerate(science(folder)):
        set_keywords(path, TARGTYPE="MOVING", MT_RA=24.1739 + i * 2 / 3600, MT_DEC=15.7836)
    return folder


def test_nothing_is_said_of_a_moving_target_that_is_all_there(comet, look):
    outlook = look(comet, tweakreg_group_dithers=["miri"])  # one group of a step that does not run
    assert (outlook.problems, outlook.caveats) == ([], [])


@pytest.mark.parametrize("keyword", ["MT_RA", "MT_DEC"])
def test_where_the_target_is_has_to_be_known(comet, look, keyword):
    path = science(comet)[1]
    set_keywords(path, **{keyword: None})
    (error,) = look(comet).errors
    assert isinstance(error, InputError)
    assert str(error).startswith(f"{path}: MT_RA or MT_DEC is missing")


def test_a_fixed_target_among_moving_ones(comet, look):
    path = science(comet)[2]
    set_keywords(path, TARGTYPE="FIXED")
    (problem,) = look(comet).problems
    assert problem.startswith(f"{path}: TARGTYPE is FIXED, that of 3 others MOVING")


def test_a_target_that_crosses_right_ascension_0(comet, look):
    set_keywords(science(comet)[0], MT_RA=359.9999)
    set_keywords(science(comet)[1], MT_RA=0.0001)
    assert "the target crosses 0" in look(comet).problems[0]


def test_the_step_may_be_left_out_and_that_is_said(comet, look):
    outlook = look(comet, jwst_parameters={"assign_mtwcs": {"skip": True}})
    assert (outlook.problems, codes(outlook.caveats)) == ([], ["moving_target"])


def test_footprints_are_those_in_the_targets_frame():
    name = "jw01234001001_02101_0000{}_mirimage_cal.fits"
    places = [(359.99, 1.0), (359.98, 1.5)]
    region = "POLYGON ICRS  359.999 1 359.999 2 359.9 2"
    comet = [
        make_exposure(name.format(i), is_moving=True, moving_target=place, s_region=region)
        for i, place in enumerate(places)
    ]
    first, second = in_target_frame(comet)
    np.testing.assert_allclose(first.corners, [[359.994, 1.25], [359.994, 2.25], [359.895, 2.25]], atol=1e-8)
    np.testing.assert_allclose(second.corners[0], [0.004, 0.75], atol=1e-8)
    lost = replace(comet[0], moving_target=None)
    assert in_target_frame([lost, comet[1]]) == [lost, comet[1]]
