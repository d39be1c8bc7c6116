"""One object for the distortion of a WCS and of its corrected copy: what they say is the same."""

import copy

import numpy as np
import pytest
from jwst.datamodels import ImageModel
from tweakwcs import wcsimage
from tweakwcs.correctors import JWSTWCSCorrector

from app.pipeline.tweakwcs_internals import shared_distortion


@pytest.fixture
def exposure(miri):
    with ImageModel(min(miri.folder.glob("*_cal.fits"))) as model:
        return model.meta.wcs, dict(model.meta.wcsinfo.instance)


#: A correction is corrected in another way than what has none.
CORRECTIONS = [(np.array([[1, 1e-5], [-1e-5, 1]]), shift) for shift in ([0.02, -0.01], [0.005, 0.001])]


def corrector_of(wcs, info):
    return JWSTWCSCorrector(wcs, {name: info[name] for name in ("roll_ref", "v2_ref", "v3_ref")})


def corrected(wcs, info):
    corrector = corrector_of(wcs, info)
    for correction in CORRECTIONS:
        corrector.set_correction(*correction)
    return corrector.wcs


def positions(wcs):
    return np.array(wcs(*np.mgrid[:200:50, :200:50]))


def test_the_distortion_is_shared_and_no_position_changes(exposure):
    wcs, info = exposure
    before, moved = positions(wcs), positions(corrected(wcs, info))
    with shared_distortion():
        made = corrected(wcs, info)
    assert made.pipeline[0].transform is wcs.pipeline[0].transform
    assert np.array_equal(positions(made), moved)
    assert np.array_equal(positions(wcs), before)
    assert not np.array_equal(moved, before)
    assert corrected(wcs, info).pipeline[0].transform is not wcs.pipeline[0].transform  # outside of the context


def test_the_copy_of_a_corrector_has_a_bounding_box_of_its_own(exposure):
    wcs, info = exposure
    corrector = corrector_of(wcs, info)
    box = corrector.wcs.bounding_box
    with shared_distortion():
        made = wcsimage.deepcopy(corrector)
    first, theirs = (c.wcs.pipeline[0].transform for c in (made, corrector))
    assert first is not theirs
    assert first.left is theirs.left
    assert first.right is theirs.right
    made.set_correction(np.eye(2), [0.02, -0.01])
    assert not np.array_equal(positions(made.wcs), positions(corrector.wcs))
    assert np.array_equal(positions(corrector.wcs), positions(wcs))
    made.wcs.bounding_box = None
    assert made.wcs.bounding_box is None
    assert corrector.wcs.bounding_box == box
    assert box is not None


def test_the_copy_of_a_corrector_stays_as_it_is_when_the_corrector_is_corrected_again(exposure):
    corrector = corrector_of(*exposure)
    places = np.array([[10.0, 30], [5, 60]])
    for correction in CORRECTIONS:
        with shared_distortion():
            made, theirs = wcsimage.deepcopy(corrector), copy.deepcopy(corrector)
        assert made._v23_to_det is corrector._v23_to_det
        corrector.set_correction(*correction)
        for name in ("det_to_world", "world_to_det", "det_to_tanp", "tanp_to_det", "world_to_tanp", "tanp_to_world"):
            one, other, moved = (getattr(c, name)(*_inside(name, c, places)) for c in (made, theirs, corrector))
            assert np.array_equal(one, other), name
            if "world" in name:
                assert not np.array_equal(one, moved), name


def _inside(name, corrector, pixels):
    """Places of pixels in what a function of a corrector takes."""
    kind = name.partition("_to_")[0]
    return pixels if kind == "det" else getattr(corrector, f"det_to_{kind}")(*pixels)
