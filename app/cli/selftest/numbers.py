"""The numbers by which a mosaic is known: checksums, and means over blocks of it."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

__all__ = ["TOLERANCE", "different", "measure", "unequal"]

EXTENSIONS = ("SCI", "ERR", "WHT")
#: Blocks along each axis over which means are taken.
N_BLOCKS = 8
#: Largest difference of a block's mean, relative to the brightest block. Single precision rounds at 1e-7: a
#: processor that sums in another order stays far below this.
TOLERANCE = 1e-5


def measure(mosaic: Path) -> dict[str, dict[str, Any]]:
    """Measure the arrays of a mosaic.

    Parameters
    ----------
    mosaic : pathlib.Path
        An ``*_i2d.fits`` file.

    Returns
    -------
    dict
        By extension: ``sha256`` of the array as little-endian numbers with one kind of NaN, ``shape``, number of
        ``finite`` pixels, and ``means`` of the finite pixels of each block (None where it has none).
    """
    with fits.open(mosaic) as hdus:
        return {name: _measure_array(hdus[name].data) for name in EXTENSIONS}


def _measure_array(data: np.ndarray) -> dict[str, Any]:
    array = np.where(np.isnan(data), np.float32(np.nan), data).astype("<f4")
    blocks = [block for band in np.array_split(array, N_BLOCKS) for block in np.array_split(band, N_BLOCKS, axis=1)]
    return {
        "sha256": hashlib.sha256(array.tobytes()).hexdigest(),
        "shape": list(array.shape),
        "finite": int(np.isfinite(array).sum()),
        "means": [_mean(block) for block in blocks],
    }


def _mean(block: np.ndarray) -> float | None:
    finite = block[np.isfinite(block)]
    return float(finite.mean(dtype="f8")) if finite.size else None


def different(measured: dict[str, dict[str, Any]], expected: dict[str, dict[str, Any]]) -> list[str]:
    """Where a mosaic is not the expected one, within `TOLERANCE`; one sentence an extension."""
    return [problem for name in expected if (problem := _difference(name, measured[name], expected[name]))]


def _difference(name: str, measured: dict[str, Any], expected: dict[str, Any]) -> str | None:
    for key in ("shape", "finite"):
        if measured[key] != expected[key]:
            return f"{name}: {key} is {measured[key]}, expected {expected[key]}"
    found, wanted = (np.array(numbers["means"], dtype="f8") for numbers in (measured, expected))
    if not np.array_equal(np.isnan(found), np.isnan(wanted)):
        return f"{name}: other parts of the mosaic are empty than expected"
    difference = float(np.nanmax(np.abs(found - wanted)) / np.nanmax(np.abs(wanted)))
    return f"{name}: differs by {difference:.1e}, allowed is {TOLERANCE:.0e}" if difference > TOLERANCE else None


def unequal(measured: dict[str, dict[str, Any]], expected: dict[str, dict[str, Any]]) -> list[str]:
    """Extensions that are not equal to the bit."""
    return [name for name in expected if measured[name]["sha256"] != expected[name]["sha256"]]
