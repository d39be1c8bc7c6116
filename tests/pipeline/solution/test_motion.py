import numpy as np
import pytest
from stdatamodels.jwst import datamodels
from tweakwcs.correctors import JWSTWCSCorrector

from app.pipeline.solution.motion import Motion, correct, mean_motion, motion_between, motion_of


@pytest.fixture
def model(miri):
    with datamodels.open(miri.files[0]) as opened:
        yield opened


def corrector(wcs, model):
    info = model.meta.wcsinfo
    return JWSTWCSCorrector(wcs, {"roll_ref": info.roll_ref, "v2_ref": info.v2_ref, "v3_ref": info.v3_ref})


VALUES = (0.3, -0.2, 8e-4, 1e-4, -5e-5, 3e-5)


def distance(first, second):
    """Largest distance of places on the sky [arcsec]."""
    (ra, dec), (other_ra, other_dec) = first, second
    return np.max(np.hypot((ra - other_ra) * np.cos(np.radians(dec)), dec - other_dec)) * 3600


@pytest.mark.parametrize("values", [VALUES, (9.3, 0.0, 8.7e-4, 0.0, 0.0, 0.0)])
def test_a_corrected_wcs_moves_as_it_was_told(model, values):
    wcs = model.meta.wcs
    moves = Motion(*map(float, wcs(128, 100)), values)
    fixed = corrector(wcs, model)
    correct(fixed, moves, model.shape)
    x, y = np.meshgrid([0.0, 128, 255], [0.0, 128, 255])
    assert distance(fixed.wcs(x, y), moves(*wcs(x, y))) < 1e-5
    again = corrector(fixed.wcs, model)  # a WCS that was corrected before
    correct(again, moves, model.shape)
    assert distance(again.wcs(x, y), moves(*moves(*wcs(x, y)))) < 1e-5


def test_a_motion_is_read_back_from_the_wcs(model):
    wcs = model.meta.wcs
    fixed = corrector(wcs, model)
    moves = Motion(*map(float, wcs(127.5, 127.5)), VALUES)
    correct(fixed, moves, model.shape)
    found = motion_between(wcs, fixed.wcs, model.shape)
    np.testing.assert_allclose(found.values, VALUES, atol=2e-6)
    np.testing.assert_allclose((found.ra, found.dec), (moves.ra, moves.dec), atol=1e-9)


def test_a_motion_can_be_told_about_another_place():
    moves = Motion(24.0, 60.0, VALUES)
    other = motion_of(moves, 24.02, 60.01)
    ra, dec = np.array([24.0, 24.03]), np.array([60.0, 60.02])
    assert distance(other(ra, dec), moves(ra, dec)) < 1e-4
    assert abs(other.values[0] - VALUES[0]) > 0.01


def test_the_mean_of_motions_is_weighted():
    first, second = Motion(24.0, 10.0, (0.1, 0, 0, 0, 0, 0)), Motion(24.0, 10.0, (0.4, 0, 0, 0, 0, 0))
    assert mean_motion([first, second], [2, 1], 24.0, 10.0).values[0] == pytest.approx(0.2)
