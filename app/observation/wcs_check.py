"""Whether jwst can open an exposure, and its WCS can be believed: it gives numbers that agree with the footprint."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from astropy.coordinates import angular_separation

from app.runtime.errors import InputError, in_one_line

__all__ = ["check_wcs", "opened_by_jwst", "wcs_problem"]

#: Where the WCS is asked, in parts of the image; its borders may lie outside of the WCS's domain.
_PLACES = np.array([0.25, 0.5, 0.75])
#: Distance between the image's centre and that of the footprint above which one of them is wrong [deg]. An alignment
#: before this run moves an exposure by arcseconds and leaves the footprint.
_FAR = 0.05


@contextmanager
def opened_by_jwst(path: Path) -> Iterator[None]:
    """Context in which jwst opens a file; whatever it and asdf raise at a spoiled one becomes an error that names it.

    Raises
    ------
    InputError
    """
    try:
        yield
    except (InputError, MemoryError):
        raise
    except Exception as error:
        raise InputError(f"{path}: jwst cannot read it ({in_one_line(error)})") from error


def check_wcs(model: Any, path: Path) -> None:
    """Refuse an exposure whose WCS cannot be believed.

    Raises
    ------
    InputError
        It names the file, and says what `wcs_problem` says.
    """
    if problem := wcs_problem(model):
        raise InputError(f"{path}: {problem}")


def wcs_problem(model: Any) -> str | None:
    """What is wrong with the WCS of an exposure; None where nothing is.

    Parameters
    ----------
    model : ImageModel
        Its pixels are not looked at.
    """
    wcs = model.meta.wcs
    if wcs is None:
        return "there is no WCS (meta.wcs): it has not been through assign_wcs"
    if not callable(wcs):
        return "its WCS is nothing that the installed gwcs and asdf can read"
    rows, columns = model.shape
    y, x = np.meshgrid(_PLACES * rows, _PLACES * columns, indexing="ij")
    try:
        ra, dec = np.asarray(wcs(x, y), dtype=float)
    except Exception as error:  # noqa: BLE001 - whatever a spoiled transform raises
        return f"the WCS does not work ({in_one_line(error)})"
    if not np.isfinite([ra, dec]).all():
        return "the WCS gives NaN inside the image"
    return _off_footprint(float(ra[1, 1]), float(dec[1, 1]), model.meta.wcsinfo.s_region)


def _off_footprint(ra: float, dec: float, s_region: str) -> str | None:
    lon, lat = np.radians(np.array(s_region.split()[2:], dtype=float).reshape(-1, 2)).T
    x, y, z = (np.cos(lat) * np.cos(lon)).sum(), (np.cos(lat) * np.sin(lon)).sum(), np.sin(lat).sum()
    middle = np.arctan2(y, x), np.arctan2(z, np.hypot(x, y))
    distance = np.degrees(angular_separation(np.radians(ra), np.radians(dec), *middle))
    if distance < _FAR:
        return None
    return f"the WCS puts the image's centre at {ra:.5f} {dec:.5f} deg, {distance:.3f} deg from its footprint S_REGION"
