"""Headers of exposures, read once and cheaply.

A header read of one exposure takes some 5 ms; opening it as a datamodel takes a hundred times as long.
"""

import math
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from astropy.utils.exceptions import AstropyWarning

from app.observation.bands import IMAGING, Channel, Instrument
from app.observation.calibration import KEYWORDS, calibration
from app.observation.exposure import Exposure
from app.observation.fits_check import read_headers
from app.observation.packed import readable
from app.runtime.errors import InputError

__all__ = ["read_exposure", "read_exposures"]

# Keywords that identify an exposure; they become part of group ids, so only letters and digits are allowed.
_NAMES = {
    "program": "PROGRAM",
    "observation": "OBSERVTN",
    "visit": "VISIT",
    "visit_group": "VISITGRP",
    "sequence": "SEQ_ID",
    "activity": "ACT_ID",
    "exposure_number": "EXPOSURE",
}
_REQUIRED = _NAMES | {
    "detector": "DETECTOR",
    "filter": "FILTER",
    "s_region": "S_REGION",
    "unit": "BUNIT",
}
_OTHERS = (
    *("EXP_TYPE", "PUPIL", "TARGPROP", "BKGDTARG", "BKGLEVEL", "BKGSUB", "BKGMETH", "DATE-OBS"),
    *("TARGTYPE", "MT_RA", "MT_DEC", "EXPMID", "SUBSTRT1", "SUBSTRT2", "S_BKDSUB"),
    *KEYWORDS.values(),
)

# Detectors that make images (JWST keyword dictionary, DETECTOR).
_DETECTORS = {
    Instrument.NIRCAM: re.compile("NRC[AB]([1-4]|LONG)"),
    Instrument.MIRI: re.compile("MIRIMAGE"),
    Instrument.NIRISS: re.compile("NIS"),
}


def read_exposures(paths: list[Path], procs: int = 1) -> list[Exposure]:
    """Headers of several exposures, in the order given, `procs` at a time.

    Raises
    ------
    InputError
        Any of them is not a calibrated image; the error lists every such file.
    """
    with warnings.catch_warnings():  # around all threads, which share the filters
        warnings.simplefilter("ignore", AstropyWarning)
        with ThreadPoolExecutor(procs) as pool:
            results = list(pool.map(_read_or_problem, paths))
    problems = [r for r in results if isinstance(r, str)]
    exposures = [r for r in results if isinstance(r, Exposure)]
    problems += _mixed_units(exposures)
    if problems:
        raise InputError(problems)
    return exposures


def _mixed_units(exposures: list[Exposure]) -> list[str]:
    units = Counter(exposure.unit for exposure in exposures)
    common = [unit for unit, _ in units.most_common(1)]
    return [f"{e.path}: BUNIT is {e.unit!r}, that of others {common[0]!r}" for e in exposures if e.unit not in common]


def _read_or_problem(path: Path) -> Exposure | str:
    try:
        return read_exposure(path)
    except InputError as error:
        return str(error)


def read_exposure(path: Path) -> Exposure:
    """Header facts of one exposure.

    Raises
    ------
    InputError
        The file is not a whole, calibrated, two-dimensional JWST image with a WCS.
    """
    try:
        with readable(path) as plain:
            header, shape = read_headers(plain, [*_REQUIRED.values(), *_OTHERS])
            size = plain.stat().st_size
    except OSError as error:
        raise InputError(f"{path}: cannot be read as a calibrated exposure ({error})") from error
    if problems := list(_problems(header)):
        raise InputError(f"{path}: not a calibrated exposure that can be combined: {'; '.join(problems)}")
    return _exposure(path, header, shape, size)


def _problems(header: Mapping[str, Any]) -> Iterator[str]:
    texts = {key: str(header.get(key, "")).strip() for key in _REQUIRED.values()}
    yield from (f"keyword {key} is missing" for key, text in texts.items() if not text)
    for key in _NAMES.values():
        if not re.fullmatch("[A-Za-z0-9]*", texts[key]):
            yield f"{key} is {texts[key]!r}: letters and digits are needed"
    instrument = IMAGING.get(str(header.get("EXP_TYPE")))
    if instrument is None:
        yield f"EXP_TYPE is {header.get('EXP_TYPE')!r}, not one of {', '.join(IMAGING)}"
    elif texts["DETECTOR"] and not _DETECTORS[instrument].fullmatch(texts["DETECTOR"].upper()):
        yield f"DETECTOR is {texts['DETECTOR']!r}: no detector of {instrument} for images"
    if texts["S_REGION"] and not _is_polygon(texts["S_REGION"]):
        yield f"S_REGION is {texts['S_REGION'][:80]!r}: POLYGON ICRS and positions [deg] are needed"
    if not _is_number_or_none(header.get("BKGLEVEL")):
        yield f"BKGLEVEL is {header['BKGLEVEL']!r}: a number is needed"


def _is_polygon(s_region: str) -> bool:
    """Whether a footprint is a polygon on the sky with three corners or more (IVOA STC-S)."""
    shape, frame, *numbers = [*s_region.upper().split(), "", ""]
    try:
        values = [float(number) for number in numbers if number]
    except ValueError:
        return False
    if (shape, frame) != ("POLYGON", "ICRS") or len(values) < 6 or len(values) % 2:
        return False
    return all(abs(ra) <= 360 for ra in values[::2]) and all(abs(dec) <= 90 for dec in values[1::2])


def _is_number_or_none(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and math.isfinite(value))


def _exposure(path: Path, header: Mapping[str, Any], shape: tuple[int, int], size: int) -> Exposure:
    instrument = IMAGING[str(header["EXP_TYPE"])]
    detector = str(header["DETECTOR"]).upper()
    level, subtracted = header.get("BKGLEVEL"), header.get("BKGSUB")
    facts: dict[str, Any] = {name: str(header[keyword]).strip() for name, keyword in _REQUIRED.items()}
    facts |= {"detector": detector, "filter": facts["filter"].upper()}
    return Exposure(
        path=path.absolute(),
        instrument=instrument,
        channel=_channel(instrument, detector),
        pupil="" if instrument is Instrument.MIRI else str(header.get("PUPIL", "")).strip().upper(),
        target=str(header.get("TARGPROP", "")),
        shape=shape,
        background_level=None if level is None else float(level),
        background_subtracted=None if subtracted is None else bool(subtracted),
        background_method=str(header.get("BKGMETH", "")),
        date=str(header.get("DATE-OBS", "")),
        size=size,
        is_background_target=header.get("BKGDTARG") is True,
        calibration=calibration(header),
        is_moving=str(header.get("TARGTYPE", "")).strip().upper() == "MOVING",
        moving_target=_place(header.get("MT_RA"), header.get("MT_DEC")),
        mid_time=_time(header.get("EXPMID")),
        first_pixel=(int(header.get("SUBSTRT1", 1)), int(header.get("SUBSTRT2", 1))),
        is_background_subtracted=str(header.get("S_BKDSUB", "")).strip().upper() == "COMPLETE",
        **facts,
    )


def _place(ra: Any, dec: Any) -> tuple[float, float] | None:
    known = ra is not None and dec is not None and _is_number_or_none(ra) and _is_number_or_none(dec)
    return (float(ra), float(dec)) if known else None


def _time(mjd: Any) -> float | None:
    return float(mjd) if mjd is not None and _is_number_or_none(mjd) else None


def _channel(instrument: Instrument, detector: str) -> Channel:
    if instrument is Instrument.NIRCAM:
        return Channel.NIRCAM_LONG if detector.endswith("LONG") else Channel.NIRCAM_SHORT
    return Channel(instrument.value)
