"""Whether a file is a whole, calibrated exposure: its headers, and a few of its pixels.

A file that was cut off, spoiled or mistaken is refused here, by name and cause, before hours are spent on the others.
"""

from collections import ChainMap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from app.runtime.errors import in_one_line

__all__ = ["read_headers"]

#: Arrays that a calibrated exposure has, and those that it may have; all of one shape.
_REQUIRED = ("SCI", "ERR", "DQ")
_OPTIONAL = ("AREA", "VAR_POISSON", "VAR_RNOISE", "VAR_FLAT")

#: BITPIX of floating-point and of integer arrays (FITS standard 4.0, section 4.4.1).
_FLOATS, _INTEGERS = (-32, -64), (8, 16, 32)

#: First card of a FITS file (FITS standard 4.0, section 3.3.1), and the first bytes of what files are packed with.
_MAGIC = b"SIMPLE  =                    T"
_PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"PK\x03\x04": "zip", b"\xfd7zXZ": "xz"}

_DO_NOT_USE = 1  # bit of DQ (jwst, data quality flags)
_ROWS_LOOKED_AT = 16


def read_headers(path: Path, keywords: Iterable[str]) -> tuple[dict[str, Any], tuple[int, int]]:
    """Values of keywords, in the header of SCI or in the primary one, and the shape ``(rows, columns)`` of SCI.

    Parameters
    ----------
    path : Path
    keywords : iterable of str
        Those that the file lacks are left out.

    Raises
    ------
    OSError
        The file cannot be read, or is no whole exposure; the message says what is wrong.
    """
    _check_start(path)
    try:
        with fits.open(path, memmap=True, do_not_scale_image_data=True) as hdus:
            extensions = _extensions(hdus, path.stat().st_size)
            if hdus[0].header.get("S_RESAMP") == "COMPLETE":  # first: a mosaic has other extensions
                raise OSError("it is combined already (S_RESAMP is COMPLETE)")
            _check(path, extensions)
            header = ChainMap(extensions["SCI"].header, hdus[0].header)
            return {key: header[key] for key in keywords if key in header}, extensions["SCI"].shape
    except OSError:
        raise
    except Exception as error:  # whatever a spoiled header makes astropy raise
        raise OSError(f"not readable as FITS: {in_one_line(error)}") from error


def _check_start(path: Path) -> None:
    if not path.is_file():  # a folder, a pipe or a loop of links would hang or confuse
        raise OSError("not a regular file")
    with path.open("rb") as file:
        start = file.read(len(_MAGIC))
    if not start:
        raise OSError("the file is empty")
    for mark, packer in _PACKED.items():
        if start.startswith(mark):
            raise OSError(f"compressed with {packer}: unpack it")
    if start != _MAGIC:
        raise OSError("not a FITS file")


def _extensions(hdus: fits.HDUList, size: int) -> dict[str, Any]:
    """The extensions by name, of several with one name the first; they lie one behind the other and end the file."""
    extensions: dict[str, Any] = {}
    end = 0
    for hdu in hdus:  # astropy reads them one by one, and for ever where one of a negative length leads back
        where = hdu.fileinfo()
        if where["hdrLoc"] < end or where["datSpan"] < 0:
            raise OSError(f"extension {hdu.name or 'PRIMARY'}: its header gives a negative size")
        end = where["datLoc"] + where["datSpan"]
        if size < end:
            raise OSError(f"truncated: {size} bytes, and the extension {hdu.name or 'PRIMARY'} ends at {end}")
        extensions.setdefault(hdu.name, hdu)
    return extensions


def _check(path: Path, extensions: dict[str, Any]) -> None:
    if missing := [name for name in (*_REQUIRED, "ASDF") if name not in extensions]:
        raise OSError(f"no extension {', '.join(missing)}: not a calibrated exposure with a WCS")
    if problems := _array_problems({n: extensions[n] for n in (*_REQUIRED, *_OPTIONAL) if n in extensions}):
        raise OSError("; ".join(problems))
    if not _has_valid_pixel(extensions["SCI"].data, extensions["DQ"].data):
        raise OSError("no pixel of it can be used: all are NaN or flagged DO_NOT_USE; leave it out, with exclude")
    with path.open("rb") as file:
        file.seek(extensions["ASDF"].fileinfo()["datLoc"])
        if file.read(5) != b"#ASDF":
            raise OSError("the extension ASDF holds no ASDF, so there is no WCS")


def _array_problems(arrays: dict[str, Any]) -> list[str]:
    shape = arrays["SCI"].shape
    if len(shape) != 2 or not all(shape):
        return [f"SCI has the shape {shape}; an image is needed"]
    problems = [f"{n} has the shape {hdu.shape}, SCI has {shape}" for n, hdu in arrays.items() if hdu.shape != shape]
    for name, hdu in arrays.items():
        allowed = _INTEGERS if name == "DQ" else _FLOATS
        if (bits := hdu.header["BITPIX"]) not in allowed:
            problems.append(f"{name} has BITPIX {bits}, not one of {', '.join(map(str, allowed))}")
    return problems


def _has_valid_pixel(data: np.ndarray, dq: np.ndarray) -> bool:
    """Whether any pixel is finite and not flagged; a few rows tell, mostly. FITS's offset of DQ leaves that bit."""
    step = max(1, len(data) // _ROWS_LOOKED_AT)
    return any(
        (np.isfinite(data[rows]) & ((dq[rows] & _DO_NOT_USE) == 0)).any()
        for rows in (slice(None, None, step), slice(None))
    )
