"""All that we use of astropy beyond what it declares public: how it writes the arrays of FITS files.

tests/observation/test_fits_internals.py fails when a release changes it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np
from astropy.io import fits
from astropy.io.fits import file as writing

from app.runtime.patched import patched

__all__ = ["careful_writes"]

_writeto = fits.HDUList.writeto


@contextmanager
def careful_writes() -> Iterator[None]:
    """Context in which FITS files have all their arrays, or there is an `OSError`; lists of HDUs are empty after that.

    astropy writes arrays by `numpy.ndarray.tofile`, through a buffer of the C library: an error of the device in the
    last of it is lost when that is closed, and the file, of the right size, has zeros there.

    stdatamodels 6.0 leaves the list that it wrote in a cycle of references: its arrays, 100 MB of a NIRCam exposure,
    would stay until Python next looks for such cycles.
    """
    with patched(writing, "_array_to_file", _write), patched(fits.HDUList, "writeto", _write_and_let_go):
        yield


def _write_and_let_go(hdus: fits.HDUList, *args: Any, **kwargs: Any) -> None:
    """Write a list of HDUs, and let go of them."""
    _writeto(hdus, *args, **kwargs)
    hdus.clear()


def _write(array: np.ndarray, file: BinaryIO) -> None:
    """Write the bytes of an array as they are, by Python's own calls."""
    file.write(np.ascontiguousarray(array).data)
