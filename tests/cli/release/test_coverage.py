"""What a mosaic covers: outline, coverage map and footprints, each read back by a program of the field."""

import numpy as np
import pytest
import shapely
from astropy import units
from astropy.io import fits
from astropy.wcs import WCS
from mocpy import MOC
from regions import Regions

from app.cli.release import release
from app.cli.release.coverage import ORDER
from app.cli.release.outline import outline, s_region
from app.observation.regions import corners_of
from tests.cli.release.made import covered, header, make_config, make_run


def inside(parts, shape):
    """Pixels whose centre is in one of the polygons."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    return np.logical_or.reduce([shapely.contains_xy(shapely.Polygon(part), x, y) for part in parts])


def test_the_outline_is_that_of_the_pixels_with_weight():
    (part,) = parts = outline(covered())
    assert len(part) == 6
    assert np.array_equal(inside(parts, covered().shape), covered())


def test_the_outline_of_a_large_mosaic_is_true_to_a_few_pixels():
    y, x = np.mgrid[:3000, :2500]
    turned = (np.abs(x - y / 2 - 400) < 600) & (np.abs(y + x / 2 - 1700) < 900)
    parts = outline(turned)
    assert len(parts) == 1
    assert len(parts[0]) < 60
    assert (inside(parts, turned.shape) != turned).sum() < 6 * shapely.Polygon(parts[0]).length


def test_parts_far_apart_are_outlined_each_and_single_pixels_are_not():
    weight = np.zeros((200, 300))
    weight[10:100, 10:100] = weight[150:190, 200:290] = 1
    weight[120, 20] = 1
    parts = outline(weight)
    assert [len(part) for part in parts] == [4, 4]
    text = s_region(parts, header(30.0))
    assert text.count("POLYGON ICRS") == 2


def test_no_weight_has_no_outline():
    assert outline(np.zeros((50, 50))) == []


def test_s_region_is_the_outline_on_the_sky():
    parts = outline(covered())
    corners = corners_of(s_region(parts, header(30.0)))
    back = WCS(header(30.0), fix=False).wcs_world2pix(corners, 0)
    assert back == pytest.approx(np.array(parts[0]), abs=1e-4)


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    folder = tmp_path_factory.mktemp("coverage")
    run = make_run(folder / "out")
    return release(make_config(run.folder, folder / "release")), run


def test_the_coverage_map_has_every_pixel_with_weight_and_no_cell_without(released):
    folder, run = released
    (path,) = folder.glob("*_moc.fits")
    found = MOC.load(str(path), format="fits")
    assert found.max_order == ORDER
    wcs = WCS(fits.getheader(run.mosaic, "SCI"), fix=False)
    y, x = np.nonzero(covered())
    assert found.contains_skycoords(wcs.pixel_to_world(x, y)).all()
    # A cell is 8 pixels wide: what is farther from all covered pixels than its diagonal is in none.
    y, x = np.mgrid[-20:140, -20:120]
    near = shapely.Polygon(outline(covered())[0]).buffer(12)
    far = ~shapely.contains_xy(near, x, y)
    assert not found.contains_skycoords(wcs.pixel_to_world(x[far], y[far])).any()
    finer = MOC.from_lonlat(*wcs.wcs_pix2world(*np.nonzero(covered())[::-1], 0) * units.deg, max_norder=ORDER)
    assert found == finer


def test_footprints_are_read_by_group(released):
    folder, run = released
    (path,) = folder.glob("*_footprints.reg")
    found = Regions.read(path, format="ds9")
    exposures = run.record["measurements"]["exposures"]
    assert [region.meta["text"] for region in found] == [e["file"] for e in exposures]
    assert [region.meta["tag"] for region in found] == [[e["group"]] for e in exposures]
    assert [region.visual["edgecolor"] for region in found] == ["cyan", "cyan", "yellow"]
    for region, exposure in zip(found, exposures, strict=True):
        corners = np.transpose([region.vertices.ra.deg, region.vertices.dec.deg])
        assert corners == pytest.approx(np.array(exposure["footprint"]), abs=1e-8)


def test_the_released_mosaic_says_its_true_outline(released):
    folder, run = released
    (path,) = folder.glob("*_i2d.fits")
    text = fits.getheader(path, "SCI")["S_REGION"]
    assert text == s_region(outline(fits.getdata(run.mosaic, "WHT")), fits.getheader(run.mosaic, "SCI"))
