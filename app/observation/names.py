"""Names of everything that a run makes, and of folders that are named after a user's text."""

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import PurePath

from app.observation.bands import Band
from app.observation.suffixes import SUFFIXES

__all__ = [
    "BLOTTED",
    "CRF",
    "DRIZZLED",
    "RECORD_NAME",
    "REPORT_FILES",
    "REPORT_NAME",
    "TILE",
    "TILES_INDEX",
    "ProductNames",
    "ascii_name",
    "base_name",
    "exposure_product",
    "is_of_catalogue",
    "safe_name",
]

RECORD_NAME, REPORT_NAME, REPORT_FILES = "lv3_run.json", "lv3_report.html", "lv3_report_files"
#: What tiles a mosaic was made in: for programs, as a table, as regions for DS9.
TILES_INDEX = ("tiles.json", "tiles.ecsv", "tiles.reg")
#: Name of a tile, by row and column.
TILE = re.compile(r"r\d{2,}c\d{2,}")
#: Ends of the names of what is made for every exposure: as it went into the mosaic, on the mosaic's grid, the mosaic
#: on its pixels.
CRF, DRIZZLED, BLOTTED = "crf", "i2d_single", "i2d_blot"

_LONGEST = 80
_SUFFIX = re.compile(rf"(?P<root>.+?)((?P<separator>[_-])({'|'.join(SUFFIXES)}))?")


@dataclass(frozen=True, slots=True)
class ProductNames:
    """File names of what a run makes for its target and band as a whole.

    Parameters
    ----------
    target : str
        Any printable text without ``/``.
    band : Band
    is_bgr : bool
        Background observations are processed: ``_bgr`` follows the band.
    tile : str
        Name of the tile, where the mosaic is made in tiles.
    """

    target: str
    band: Band
    is_bgr: bool = False
    tile: str = ""

    @property
    def root(self) -> str:
        """``<target>_<instrument>_lv3_<band>[_bgr][_<tile>]``, lower case."""
        tile = f"_{self.tile}" if self.tile else ""
        return f"{self.target}_{self.band.instrument}_lv3_{self.band.name}{self._end}{tile}".lower()

    def of_tile(self, name: str) -> "ProductNames":
        """The names of one tile's products."""
        return replace(self, tile=name)

    def are_of_tile(self, file: str) -> bool:
        """Whether a file has the name of a product of a tile, of whatever name."""
        found = TILE.search(file, len(self.root))
        names = self.of_tile(found[0]) if found else self
        return bool(found) and file in (names.mosaic, names.catalogue, names.segments)

    @property
    def mosaic(self) -> str:
        """The mosaic."""
        return f"{self.root}_i2d.fits"

    @property
    def catalogue(self) -> str:
        """The catalogue of its sources."""
        return f"{self.root}_cat.ecsv"

    @property
    def segments(self) -> str:
        """The segmentation map of the catalogue."""
        return f"{self.root}_segm.fits"

    @property
    def association(self) -> str:
        """The association."""
        return f"asn_lv3_{self.band.name.lower()}{self._end}.json"

    @property
    def _end(self) -> str:
        return "_bgr" if self.is_bgr else ""


def is_of_catalogue(file: str) -> bool:
    """Whether a file is a catalogue, or belongs to one."""
    return file.endswith(("_cat.ecsv", "_segm.fits"))


def exposure_product(exposure: str, suffix: str) -> str:
    """Name of what is made for one exposure, by jwst's own rule (jwst.lib.suffix): a suffix that it knows is replaced.

    Parameters
    ----------
    exposure : str
        File name of the input: ``x_cal.fits`` gives ``x_crf.fits``, ``x_new.fits`` gives ``x_new_crf.fits``.
    suffix : str
        `CRF`, `DRIZZLED` or `BLOTTED`.
    """
    root, separator = _split(exposure)
    return f"{root}{separator}{suffix}.fits"


def base_name(exposure: str) -> str:
    """Name of an exposure and its detector, without the suffix of its file: that of ``x_cal.fits`` is ``x``."""
    return _split(exposure)[0]


def _split(exposure: str) -> tuple[str, str]:
    """A file's name without a suffix that jwst knows, and what separates a suffix from it."""
    found = _SUFFIX.fullmatch(PurePath(exposure).stem)
    return (found["root"], found["separator"] or "_") if found else (PurePath(exposure).stem, "_")


def ascii_name(name: str) -> str:
    """A name as FITS headers can hold it: what is not ASCII becomes a hyphen."""
    return re.sub(r"[^\x20-\x7e]", "-", name)


def safe_name(text: str) -> str:
    """A text as part of a path: readable, and different for different texts.

    Parameters
    ----------
    text : str
        What is not a letter, a digit or one of ``_.+-`` becomes a hyphen, and a hash of the text is added.
    """
    name = re.sub(r"[^\w.+-]+", "-", text, flags=re.ASCII)[:_LONGEST].strip("-.")
    return name if name == text else f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:6]}".lstrip("-")
