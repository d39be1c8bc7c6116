"""A release in SAOImage DS9 itself: its images, each with its own WCS, compressed ones too, and its footprints."""

import os
import shutil
import subprocess
import time

import pytest
from astropy.io import fits
from astropy.wcs import WCS

from app.cli.release import release
from tests.cli.release.made import make_config, make_run

PROGRAMS = ("ds9", "xvfb-run", "xpaget", "xpaset")
TITLE = "lv3"


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ds9")
    run = make_run(folder / "out")
    whole = release(make_config(run.folder, folder / "whole"))
    split = release(make_config(run.folder, folder / "split", split=True, compress=True))
    return {path.name.split("_")[-1]: path for path in (*split.iterdir(), *whole.iterdir())}


@pytest.fixture(scope="module")
def ds9(released, tmp_path_factory):
    """What asks a DS9 without a screen, which has loaded SCI and ERR of the mosaic, SCI compressed, and the regions."""
    if missing := [name for name in PROGRAMS if not shutil.which(name)]:
        assert not {"CI", "LV3_CI"} & os.environ.keys(), missing
        pytest.skip(f"{', '.join(missing)} not found: apt-get install saods9 xvfb xauth xpa-tools")
    environment = os.environ | {"XPA_METHOD": "local", "HOME": str(tmp_path_factory.mktemp("home"))}
    mosaic = released["i2d.fits"]
    frames = [f"{mosaic}[ERR]", f"{released['sci.fits.fz']}[SCI]", f"{mosaic}[SCI]"]
    loads = [word for image in frames for word in ("-frame", "new", "-fits", image)]
    regions = ["-regions", "load", str(released["footprints.reg"])]
    window = subprocess.Popen(["xvfb-run", "-a", "ds9", "-title", TITLE, *loads, *regions], env=environment)

    def ask(*words, program="xpaget"):
        return subprocess.run(
            [program, *(["-p"] if program == "xpaset" else []), TITLE, *words],
            env=environment, capture_output=True, text=True, check=False,
        ).stdout.strip()  # fmt: skip

    deadline = time.monotonic() + 60
    while "polygon" not in ask("regions") and time.monotonic() < deadline:  # the last that is loaded
        time.sleep(0.2)
    yield ask
    ask("exit", program="xpaset")
    window.wait(20)


def values(ds9, frame, x, y):
    """Value and place [deg] that DS9 has for a pixel, counted from 1, of a frame."""
    ds9("frame", str(frame), program="xpaset")
    ds9("crosshair", str(x), str(y), "image", program="xpaset")
    place = [float(word) for word in ds9("crosshair", "wcs", "icrs", "degrees").split()]
    return float(ds9("data", "image", str(x), str(y), "1", "1", "yes")), place


@pytest.mark.parametrize(
    ("number", "kind", "extension"), [(1, "i2d.fits", "ERR"), (2, "sci.fits.fz", 1), (3, "i2d.fits", "SCI")]
)
def test_pixels_and_places_are_those_of_astropy(ds9, released, number, kind, extension):
    frames = ds9("frame", "all").split()
    with fits.open(released[kind]) as hdus:
        value, place = (
            hdus[extension].data[21, 24],
            WCS(hdus[extension].header, fix=False).wcs_pix2world([[25, 22]], 1)[0],
        )
    found = values(ds9, frames[number - 4], 25, 22)
    assert found[0] == pytest.approx(value, rel=1e-5)
    assert found[1] == pytest.approx(place.tolist(), abs=1e-7)


def test_every_footprint_is_a_polygon_of_its_group(ds9, released):
    lines = [line for line in ds9("regions", "-format", "ds9", "-system", "wcs").splitlines() if "polygon" in line]
    written = [line for line in released["footprints.reg"].read_text().splitlines() if "polygon" in line]
    assert len(lines) == len(written) > 0
    assert all("tag={g" in line for line in lines)
