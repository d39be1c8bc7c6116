"""All that we use of astropy beyond what it declares public: how it writes the arrays of FITS files.

tests/observation/test_fits_internals.py fails when a release changes it.
"""

from contextlib import AbstractContextManager
from typing import BinaryIO

import numpy as np
from astropy.io.fits import file as writing

from app.runtime.patched import patched

__all__ = ["whole_arrays"]


def whole_arrays() -> AbstractContextManager[None]:
    """Context in which FITS files have all their arrays, or there is an `OSError`.

    astropy writes arrays by `numpy.ndarray.tofile`, through a buffer of the C library: an error of the device in the
    last of it is lost when that is closed, and the file, of the right size, has zeros there.
    """
    return patched(writing, "_array_to_file", _write)


def _write(array: np.ndarray, file: BinaryIO) -> None:
    """Write the bytes of an array as they are, by Python's own calls."""
    file.write(np.ascontiguousarray(array).data)
