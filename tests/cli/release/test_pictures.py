"""Pictures: north is up, stars are where the metadata say, bands have their colours, nothing is where no data are."""

import json

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS
from PIL import Image
from pyavm import AVM

from app.cli.release import release
from app.cli.release.outline import outline
from app.cli.release.previews import Grid, north_up, upright
from app.runtime.files import sha256
from tests.cli.release.made import covered, header, make_config, make_run

SECOND = 1 / 3600  # [deg]


def place_of(turn, x, y):
    return SkyCoord.from_pixel(x, y, WCS(header(turn), fix=False))


@pytest.mark.parametrize("turn", [0.0, 30.0, 137.0, -90.0])
@pytest.mark.parametrize("side", [4096, 60, 25])
def test_a_star_is_found_where_the_frame_puts_its_place(turn, side):
    image = np.where(covered(), 0.0, np.nan)
    y, x = np.mgrid[:120, :100]
    image += 100 * np.exp(-((x - 25.4) ** 2 + (y - 80.2) ** 2) / 18)
    grid = Grid.of(header(turn))
    frame = upright(grid, outline(covered()), side)
    assert max(frame.shape) <= side
    shown = np.nan_to_num(north_up(image, grid, frame))
    rows, columns = np.mgrid[: frame.shape[0], : frame.shape[1]]
    found = np.array([(shown * columns).sum(), (shown * rows).sum()]) / shown.sum()
    star = place_of(turn, 25.4, 80.2)
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = ("RA---TAN", "DEC--TAN"), frame.place, frame.pixel
    wcs.wcs.cdelt = (-frame.scale, frame.scale)
    assert found == pytest.approx(np.array(star.to_pixel(wcs)), abs=0.1)


def test_the_frame_is_no_larger_than_what_is_covered():
    frame = upright(Grid.of(header(0.0)), outline(covered()), 4096)
    assert frame.shape == pytest.approx((100, 80), abs=1)


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """The release of three bands of one target, and the run of the middle one."""
    folder = tmp_path_factory.mktemp("pictures")
    runs = [make_run(folder / "out" / band, band=band) for band in ("F300M", "F770W", "F2100W")]
    return release(make_config(folder / "out", folder / "release")), runs[1]


@pytest.mark.parametrize("extension", ["png", "jpg"])
@pytest.mark.parametrize("kind", ["preview-1024", "rgb-256"])
def test_metadata_say_where_a_picture_is(released, kind, extension):
    (path, *_) = released[0].glob(f"*_{kind}.{extension}")
    avm = AVM.from_image(str(path))
    picture = Image.open(path)
    assert tuple(avm.Spatial.ReferenceDimension) == picture.size
    assert (list(avm.Facility), list(avm.Contact.Name)) == (["JWST"], ["A. Nobody"])
    # The star of the mosaic, which is the brightest there is.
    grey = np.asarray(picture.convert("L"), dtype=float)[::-1]
    rows, columns = np.nonzero(grey > 0.8 * grey.max())
    place = avm.to_wcs().pixel_to_world(columns.mean(), rows.mean())
    assert place.separation(place_of(30.0, 21, 21)).deg < 0.05 * SECOND


def test_nothing_is_shown_where_there_are_no_data(released):
    (path,) = released[0].glob("*f770w*_preview-1024.png")
    alpha = np.asarray(Image.open(path))[..., -1]
    assert set(np.unique(alpha)) == {0, 255}
    # A north-up frame around an L that is turned: the share of it that is covered.
    assert (alpha == 255).sum() == pytest.approx(covered().sum(), rel=0.03)
    grey = np.asarray(Image.open(path.with_suffix(".jpg")))
    assert grey.ndim == 2
    assert grey[alpha == 0].mean() < 3


def test_red_is_the_longest_wavelength(tmp_path):
    for band in ("F2100W", "F300M", "F770W"):
        run = make_run(tmp_path / "out" / band, band=band)
        if band == "F2100W":  # a second star, which no other band has
            with fits.open(run.mosaic, mode="update") as hdus:
                hdus["SCI"].data[90:95, 20:25] = 300
            _seal(run)
    folder = release(make_config(tmp_path / "out", tmp_path / "release"))
    (path,) = folder.glob("*_rgb-1024.png")
    red, green, blue, alpha = np.asarray(Image.open(path), dtype=float).transpose(2, 0, 1)
    only_red = (red > 150) & (green < 90) & (blue < 90) & (alpha > 0)
    assert 10 < only_red.sum() < 60
    assert path.name == "hlsp_my-survey_jwst_nircam-miri_ngc0628_f300m-f770w-f2100w_v1_rgb-1024.png"


def test_bands_with_other_grids_make_no_picture_together(tmp_path):
    for band, turn in (("F300M", 30.0), ("F770W", 30.0), ("F2100W", 31.0)):
        make_run(tmp_path / "out" / band, band=band, turn=turn)
    folder = release(make_config(tmp_path / "out", tmp_path / "release"))
    assert list(folder.glob("*_rgb-*")) == []


def _seal(run):
    """Let the record have the checksum of the mosaic as it is now."""
    path = run.folder / "lv3_run.json"
    record = json.loads(path.read_text())
    for product in record["products"]:
        product["sha256"] = sha256(run.folder / product["file"])
    path.write_text(json.dumps(record))
