"""Real exposures to change, and what the preflight says about them."""

import shutil
from pathlib import Path

import pytest
from astropy.io import fits

from app.config.schema import Lv3Config
from app.plan.checks import Outlook, look_ahead
from app.plan.plan import make_plan
from app.record.caveats import Caveat
from app.simulation import Truth


@pytest.fixture
def folder(miri: Truth, tmp_path: Path) -> Path:
    """A copy of the four MIRI dithers and their two background exposures, to be changed."""
    return Path(shutil.copytree(miri.folder, tmp_path / "exposures"))


@pytest.fixture
def look(miri, crds):
    """What is known before a run of simulated exposures; options are those of the configuration."""

    def look(folder: Path | None = None, **options) -> Outlook:
        config = {"target": "ngc0628", "band": "F770W", "in_dir": str(folder or miri.folder), "crds": crds} | options
        return look_ahead(make_plan(Lv3Config(**config)))

    return look


def science(folder: Path) -> list[Path]:
    """The science exposures in a folder."""
    return sorted(folder.glob("*_02101_*_cal.fits"))


def set_keywords(path: Path, **keywords) -> None:
    """Change the primary header of a file; a keyword that is None is taken out."""
    with fits.open(path, mode="update") as hdus:
        for keyword, value in keywords.items():
            if value is None:
                hdus[0].header.remove(keyword)
            else:
                hdus[0].header[keyword] = value


def move(path: Path, east: float) -> None:
    """Move the footprint that a header states by so much in right ascension [deg]."""
    with fits.open(path, mode="update") as hdus:
        header = hdus["SCI"].header
        numbers = [float(word) for word in header["S_REGION"].split()[2:]]
        moved = [number + east if i % 2 == 0 else number for i, number in enumerate(numbers)]
        header["S_REGION"] = "POLYGON ICRS  " + " ".join(f"{number:.9f}" for number in moved)


def codes(caveats: list[Caveat]) -> list[str]:
    """Codes of caveats."""
    return [caveat.code for caveat in caveats]
