"""Exposures have their distortion in common where it is equal to the last bit, and only there."""

import pickle

import numpy as np
import pytest
from jwst.datamodels import ImageModel

from app.pipeline.divided.distortion import common, pack, unpack
from app.pipeline.divided.exposure_files import without_arrays


def first(tree):
    return tree["meta"]["wcs"].pipeline[0].transform


def positions(tree):
    return np.array(tree["meta"]["wcs"](*np.mgrid[:250:50, :250:50]))


def read(path):
    with ImageModel(path) as model:
        return without_arrays(model.instance)


@pytest.fixture
def trees(miri):
    """What is known of three exposures of a detector, each read by itself."""
    return [read(path) for path in miri.files[:3]]


def test_what_is_unpacked_is_what_was_packed(trees):
    for tree in trees:
        found = unpack(*pack(tree))
        np.testing.assert_array_equal(positions(found), positions(tree))
        assert found["meta"]["wcs"].bounding_box == tree["meta"]["wcs"].bounding_box
        assert {name: value for name, value in found["meta"].items() if name != "wcs"} == {
            name: value for name, value in tree["meta"].items() if name != "wcs"
        }


def test_exposures_of_a_detector_have_one_distortion(trees):
    packed = [pack(tree) for tree in trees]
    assert len({distortion for _, distortion in packed}) == 1
    assert all(len(rest) < len(distortion) / 2 for rest, distortion in packed)
    one, other = (unpack(*pair) for pair in packed[:2])
    assert first(one).left is first(other).left
    assert not np.array_equal(positions(one), positions(other))
    assert [pack(tree)[1] for tree in (one, other)] == [packed[0][1]] * 2


def test_each_has_a_bounding_box_of_its_own(trees):
    one, other = (unpack(*pack(tree)) for tree in trees[:2])
    before = other["meta"]["wcs"].bounding_box
    one["meta"]["wcs"].bounding_box = ((1, 5), (2, 7))
    assert other["meta"]["wcs"].bounding_box == before
    changed = unpack(*pack(one))["meta"]["wcs"].bounding_box
    assert changed == one["meta"]["wcs"].bounding_box
    assert changed != before
    assert unpack(*pack(other))["meta"]["wcs"].bounding_box == before


def test_one_bit_of_a_coefficient_makes_another_distortion(trees):
    one, other = trees[:2]
    leaf = next(
        model for model in first(other).traverse_postorder() if model.n_submodels == 1 and model.parameters.size
    )
    name = leaf.param_names[0]
    setattr(leaf, name, np.nextafter(getattr(leaf, name).value, np.inf))
    assert pack(one)[1] != pack(other)[1]
    np.testing.assert_array_equal(positions(unpack(*pack(other))), positions(other))


def test_the_bytes_of_another_process_are_those_of_this_one(trees):
    here = pack(trees[0])[1]
    there = pickle.dumps([[], first(read_again := unpack(*pack(trees[1])))][1])
    assert common(there) == here
    assert common(here) == here
    assert read_again["meta"]["filename"] == trees[1]["meta"]["filename"]


def test_without_a_wcs_there_is_none():
    tree = {"meta": {"filename": "x_cal.fits"}}
    rest, distortion = pack(tree)
    assert distortion == common(distortion) == b""
    assert unpack(rest, distortion) == tree
