"""A first look at files of any kind: what the primary header says that tells which observation they belong to.

A download holds other bands, spectra and target acquisitions. They are told apart here, at a millisecond a file; only
what belongs to the mosaic is looked at closely (`exposure`).
"""

import gzip
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from app.observation.bands import IMAGING, OPEN_PUPILS, Band, Channel, Instrument

__all__ = ["Head", "read_heads"]

_BLOCK, _CARD = 2880, 80  # [byte] (FITS standard 4.0, section 3.1 and 4.1)
_MOST_BLOCKS = 100
_VISIT = ("PROGRAM", "OBSERVTN", "VISIT")
_EXPOSURE = ("VISITGRP", "SEQ_ID", "ACT_ID", "EXPOSURE")
_KEYWORDS = ("EXP_TYPE", "INSTRUME", "DETECTOR", "FILTER", "PUPIL", "TARGPROP", "BKGDTARG", *_VISIT, *_EXPOSURE)


@dataclass(frozen=True, slots=True)
class Head:
    """What a primary header says; texts are as in the header, upper case but for the target's name.

    Parameters
    ----------
    path : Path
    exposure_type, instrument, detector, filter, pupil : str
        Empty where the header lacks them.
    target : str
        The proposer's name.
    visit_id, exposure_id : str
        What identifies the visit, and the exposure of all detectors.
    is_background_target : bool
        Its proposer declared its target to be background.
    """

    path: Path
    exposure_type: str = ""
    instrument: str = ""
    detector: str = ""
    filter: str = ""
    pupil: str = ""
    target: str = ""
    visit_id: str = ""
    exposure_id: str = ""
    is_background_target: bool = False

    @property
    def is_image(self) -> bool:
        """Whether it was taken in a mode that this program combines."""
        return self.exposure_type in IMAGING

    @property
    def is_known(self) -> bool:
        """Whether it can be told what it is; else the close look says what is wrong."""
        return bool(self.exposure_type) and (not self.is_image or bool(self.filter and self.detector))

    @property
    def band_name(self) -> str:
        """The name of its band: that of the pupil wheel, where that holds more than a hole."""
        return self.filter if self.pupil in OPEN_PUPILS else self.pupil

    @property
    def kind(self) -> str:
        """Instrument with band, or with its mode where that makes no images: ``NIRCAM F200W``, ``MIRI MIR_MRS``."""
        return f"{self.instrument} {self.band_name if self.is_image else self.exposure_type}".strip()

    def is_in(self, band: Band) -> bool:
        """Whether it is an image in a band."""
        channel = self.instrument.lower()
        if channel == Instrument.NIRCAM:
            channel = Channel.NIRCAM_LONG if self.detector.endswith("LONG") else Channel.NIRCAM_SHORT
        return self.is_image and (channel, self.band_name) == (band.channel, band.name)


def read_heads(paths: Iterable[Path], procs: int = 1) -> list[Head]:
    """First looks at files, in the order given; of what is no FITS file nothing is known.

    Parameters
    ----------
    paths : iterable of Path
    procs : int
        So many at a time.
    """
    with ThreadPoolExecutor(max(procs, 4)) as pool:  # most of the time is waiting for a disk, often a distant one
        return list(pool.map(_read_head, paths))


def _read_head(path: Path) -> Head:
    try:
        status = path.stat()
        return _remembered(path, status.st_size, status.st_mtime_ns) if path.is_file() else Head(path)
    except OSError:
        return Head(path)


@lru_cache(maxsize=50_000)
def _remembered(path: Path, _size: int, _mtime_ns: int) -> Head:
    """The head of a file as it is now: each job of a sweep looks at the whole download."""
    cards = _cards(path)
    values = {key: cards.get(key, "").strip() for key in _KEYWORDS}
    kind = values["EXP_TYPE"].upper()
    instrument = str(IMAGING.get(kind, values["INSTRUME"])).upper()
    return Head(
        path=path,
        exposure_type=kind,
        instrument=instrument,
        detector=values["DETECTOR"].upper(),
        filter=values["FILTER"].upper(),
        pupil="" if instrument == Instrument.MIRI.upper() else values["PUPIL"].upper(),
        target=values["TARGPROP"],
        visit_id="".join(values[key] for key in _VISIT),
        exposure_id="_".join(values[key] for key in _VISIT + _EXPOSURE),
        is_background_target=values["BKGDTARG"] == "T",
    )


def _cards(path: Path) -> dict[str, str]:
    """Values of the keywords that are looked for; texts without quotes."""
    found: dict[str, str] = {}
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        try:
            if not (block := file.read(_BLOCK)).startswith(b"SIMPLE  ="):
                return {}
            for _ in range(_MOST_BLOCKS):
                for start in range(0, len(block), _CARD):
                    card = block[start : start + _CARD].decode("latin-1")
                    if card.startswith("END     "):
                        return found
                    if card[8:10] == "= " and (key := card[:8].rstrip()) in _KEYWORDS:
                        found.setdefault(key, _value(card[10:]))
                if not (block := file.read(_BLOCK)):
                    break
        except (OSError, EOFError):
            return {}
    return found


def _value(text: str) -> str:
    """The value of a card: between quotes, in which a quote is doubled, or up to the comment."""
    text = text.strip()
    if not text.startswith("'"):
        return text.partition("/")[0]
    return text[1:].replace("''", "\0").partition("'")[0].replace("\0", "'")
