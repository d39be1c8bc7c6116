"""Files that are grown and filled by rows, against those that jwst writes of arrays in memory."""

import re

import numpy as np
import pytest
from astropy.io import fits
from jwst.datamodels import ImageModel
from stdatamodels.fits_support import fits_hash
from stdatamodels.jwst import datamodels

from app.pipeline.divided.grown_fits import grow

SHAPE = (37, 41)


@pytest.fixture
def arrays():
    random = np.random.default_rng(5)
    image = random.normal(size=SHAPE).astype(np.float32)
    image[10:20] = np.nan
    weight = np.where(np.isnan(image), 0, 1).astype(np.float32)
    context = random.integers(0, 2**31, (2, *SHAPE)).astype(np.int32)
    context[1, 5:30] = 0
    return {"data": image, "err": abs(image), "wht": weight, "con": context}


def save(arrays, path):
    with ImageModel(None) as model:
        for name, array in arrays.items():
            setattr(model, name, array)
        model.instance["more"] = [np.arange(5.0), np.arange(7)]  # arrays that stay in the tree
        model.save(path)
    return path


def test_a_grown_file_is_to_the_byte_the_one_of_arrays_in_memory(arrays, tmp_path):
    (tmp_path / "whole").mkdir()
    whole = save(arrays, tmp_path / "whole/a.fits")
    (tmp_path / "small").mkdir()
    small = save({name: array[..., :2, :2] for name, array in arrays.items()}, tmp_path / "small/a.fits")
    names = {"SCI": "data", "ERR": "err", "WHT": "wht", "CON": "con"}
    planes = grow(small, {hdu: arrays[name].shape for hdu, name in names.items()}, tmp_path / "a.fits")
    for hdu, name in names.items():
        for first in range(0, SHAPE[0], 8):
            planes[hdu].fill(first, arrays[name][..., first : first + 8, :])
    check(tmp_path / "a.fits", whole)


def test_unsigned_integers_are_written_as_jwst_does(tmp_path):
    labels = np.random.default_rng(5).integers(0, 2**32, SHAPE).astype(np.uint32)
    for folder, array in (("whole", labels), ("small", labels[:2, :2])):
        (tmp_path / folder).mkdir()
        with datamodels.SegmentationMapModel(array) as model:
            model.save(tmp_path / folder / "a.fits")
    planes = grow(tmp_path / "small/a.fits", {"SCI": SHAPE}, tmp_path / "a.fits")["SCI"]
    planes.fill(0, labels[:30])
    planes.fill(30, labels[30:])
    check(tmp_path / "a.fits", tmp_path / "whole/a.fits")


def check(grown, whole):
    """Check that files are the same but for the time, and that each knows its own headers by their hash."""
    contents = []
    for path in (grown, whole):
        with fits.open(path) as hdus:
            own = fits_hash(hdus).encode()
        content = path.read_bytes()
        assert content.count(own) == 1
        contents.append(re.sub(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?", b"", content.replace(own, b"")))
    assert contents[0] == contents[1]
