"""Exposures as they are sent and kept: a start that goes on does not pay for what it does not look at."""

import pickle
from pathlib import Path

import pytest

from app.pipeline.divided.exposure_files import ExposureFile, new_model


@pytest.fixture
def exposure():
    return ExposureFile(Path("x_cal.fits"), {"meta": {"filename": "x_cal.fits"}}, (4, 4), (1.5,), 2.0)


def test_metadata_are_unpacked_when_somebody_asks(exposure):
    back = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(exposure))))
    assert "tree" not in vars(back)
    assert (back.path, back.shape, back.subtracted, back.noise_factor) == (Path("x_cal.fits"), (4, 4), (1.5,), 2.0)
    assert "tree" not in vars(back)
    assert back == exposure
    assert back.subtract([2.0]).tree == exposure.tree
    assert back.without_pixels().meta.filename == "x_cal.fits"


def test_what_an_exposure_does_not_have_is_an_error(exposure):
    with pytest.raises(AttributeError, match="trees"):
        exposure.trees  # noqa: B018
    assert not hasattr(exposure, "checksum")


def test_models_share_one_merged_schema():
    assert new_model().schema is new_model().schema
    assert new_model().schema["properties"]["data"]["fits_hdu"] == "SCI"
