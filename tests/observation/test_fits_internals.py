"""How astropy writes arrays; these tests fail when a release changes it."""

import gc
import weakref
from contextlib import nullcontext

import numpy as np
import pytest
from astropy.io import fits
from astropy.io.fits import file as writing
from jwst.datamodels import ImageModel

from app.observation.fits_internals import careful_writes


def hdus(rng):
    image = rng.normal(size=(37, 41)).astype(np.float32)
    table = np.zeros(5, dtype=[("data", "f8"), ("name", "S7"), ("many", "i2", (3,))])
    table["data"], table["name"] = rng.normal(size=5), b"m74"
    column = fits.Column("lists", "PJ()", array=np.array([[1, 2, 3], [4]], dtype=object))
    return fits.HDUList(
        [
            fits.PrimaryHDU(),
            fits.ImageHDU(image),
            fits.ImageHDU(image.astype(np.uint32)),
            fits.ImageHDU(image[::2, ::-3].T),
            fits.ImageHDU(np.broadcast_to(np.float64(np.nan), (6, 7))),
            fits.BinTableHDU(table),
            fits.BinTableHDU.from_columns([column]),
            fits.BinTableHDU(table[:0]),
        ]
    )


def test_the_bits_are_those_that_astropy_writes(tmp_path):
    hdus(np.random.default_rng(1)).writeto(tmp_path / "a.fits")
    with careful_writes():
        hdus(np.random.default_rng(1)).writeto(tmp_path / "b.fits")
    assert (tmp_path / "a.fits").read_bytes() == (tmp_path / "b.fits").read_bytes()


def test_an_error_of_the_device_is_one():
    array = np.arange(100, dtype=">f4")
    with open("/dev/full", "r+b", buffering=0) as full:  # noqa: PTH123
        writing._array_to_file(array, full)  # when astropy does not lose it any more, this is needed no longer
        with careful_writes(), pytest.raises(OSError, match="No space left"):
            writing._array_to_file(array, full)


@pytest.mark.parametrize(
    ("context", "is_kept"),
    [(nullcontext, True), (careful_writes, False)],  # when the first is not kept any more, emptying is needed no longer
)
def test_the_arrays_of_a_datamodel_that_was_saved_go_with_it(context, is_kept, tmp_path):
    model = ImageModel(data=np.zeros((5, 7), dtype=np.float32))
    array = weakref.ref(model.data)
    gc.disable()
    try:
        with context():
            model.save(tmp_path / "a_cal.fits")
        del model
        assert (array() is not None) is is_kept
    finally:
        gc.enable()
    assert fits.getdata(tmp_path / "a_cal.fits").shape == (5, 7)
