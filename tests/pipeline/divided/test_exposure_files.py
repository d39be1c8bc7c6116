"""Exposures as they are sent and kept."""

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from app.pipeline.divided.exposure_files import ExposureFile, model_without_pixels, new_model


@pytest.fixture
def exposure():
    model = model_without_pixels({"meta": {"filename": "x_cal.fits"}}, (4, 4))
    return replace(ExposureFile.of(Path("x_cal.fits"), model).subtract([1.5]), noise_factor=2.0)


def test_an_exposure_is_the_same_when_it_was_sent(exposure):
    back = pickle.loads(pickle.dumps(exposure))
    assert back == exposure
    assert (back.path, back.shape, back.subtracted, back.noise_factor) == (Path("x_cal.fits"), (4, 4), (1.5,), 2.0)
    assert back.without_pixels().meta.filename == "x_cal.fits"
    assert back.without_pixels().shape == (4, 4)
    assert back.subtract([2.0]).tree == exposure.tree


def test_whoever_changes_metadata_changes_nothing_of_the_exposure(exposure):
    exposure.without_pixels().meta.filename = "other.fits"
    tree = exposure.tree
    tree["meta"]["filename"] = "other.fits"
    assert exposure.without_pixels().meta.filename == "x_cal.fits"
    assert exposure.with_tree(tree).without_pixels().meta.filename == "other.fits"


def test_models_share_one_merged_schema():
    assert new_model().schema is new_model().schema
    assert new_model().schema["properties"]["data"]["fits_hdu"] == "SCI"
