"""Exposures made from a file name, for tests of rules that look at headers alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from app.observation.bands import Channel, Instrument
from app.observation.calibration import Calibration
from app.observation.exposure import Exposure

_INSTRUMENTS = {"nrc": Instrument.NIRCAM, "mir": Instrument.MIRI, "nis": Instrument.NIRISS}


def make_exposure(name: str, **facts: Any) -> Exposure:
    """The exposure of a JWST file name, ``jw01234001001_02101_00001_nrca1_cal.fits``."""
    visit, activity, number, detector = name.split("_")[:4]
    instrument = _INSTRUMENTS[detector[:3]]
    channel = Channel(str(instrument)) if instrument is not Instrument.NIRCAM else Channel.NIRCAM_SHORT
    if detector.endswith("long"):
        channel = Channel.NIRCAM_LONG
    made = Exposure(
        path=Path("/data") / name,
        instrument=instrument,
        channel=channel,
        detector=detector.upper(),
        filter={"nrc": "F200W", "mir": "F770W", "nis": "CLEAR"}[detector[:3]],
        pupil={"nrc": "CLEAR", "mir": "", "nis": "F200W"}[detector[:3]],
        program=visit[2:7],
        observation=visit[7:10],
        visit=visit[10:13],
        visit_group=activity[:2],
        sequence=activity[2],
        activity=activity[3:],
        exposure_number=number,
        target="NGC-628",
        s_region="POLYGON ICRS 1 1 1 2 2 2 2 1",
        unit="MJy/sr",
        shape=(2048, 2048),
        background_level=None,
        background_subtracted=None,
        background_method="",
        date="2023-01-01",
        size=1,
        is_background_target=False,
        calibration=Calibration(),
    )
    return replace(made, **facts)
