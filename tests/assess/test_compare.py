"""Numbers in which two runs differ."""

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import QTable
from astropy.wcs import WCS

from app.assess.compare import compare_catalogues, compare_exposures, compare_mosaics

SHAPE = (600, 70)  # more rows than are read at a time


def write_mosaic(path, data, shift=0.0):
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval, wcs.wcs.crpix, wcs.wcs.cdelt = [24, 15], [35 + shift, 300], [-3e-5, 3e-5]
    header = wcs.to_header()
    images = [fits.ImageHDU(data.astype("f4"), header, "SCI"), fits.ImageHDU(np.full(SHAPE, 0.1, "f4"), header, "ERR")]
    fits.HDUList([fits.PrimaryHDU(), *images]).writeto(path)
    return path


@pytest.fixture
def image():
    return np.random.default_rng(1).normal(1, 0.1, SHAPE)


def numbers(found):
    return {item.what: item.value for item in found}


def test_a_mosaic_does_not_differ_from_itself(image, tmp_path):
    image[:, :10] = np.nan
    first, second = (write_mosaic(tmp_path / f"{name}.fits", image) for name in "ab")
    assert set(numbers(compare_mosaics(first, second)).values()) == {0.0}


def test_differences_are_in_units_of_the_error(image, tmp_path):
    other = image + 0.01
    other[599, 69] += 1.0
    other[0, :42] = np.nan
    found = numbers(compare_mosaics(write_mosaic(tmp_path / "a.fits", image), write_mosaic(tmp_path / "b.fits", other)))
    assert found["pixels with data in one mosaic only"] == pytest.approx(0.1)
    assert found["median difference of pixels"] == pytest.approx(0.1, rel=1e-3)
    assert found["99.9 % of the pixels differ by less than"] == pytest.approx(0.1, rel=1e-2)
    assert found["largest difference of a pixel"] == pytest.approx(10.1, rel=1e-3)


def test_other_grids_are_said_to_be_others(image, tmp_path):
    first, second = write_mosaic(tmp_path / "a.fits", image), write_mosaic(tmp_path / "b.fits", image, shift=0.5)
    (found,) = compare_mosaics(first, second)
    assert "grids differ" in found.what
    assert found.counts
    assert np.isnan(found.value)


def exposure(name, shift, level, flagged=0.01):
    return {"file": name, "shift": shift, "sky_level": level, "flagged": flagged}


def test_shifts_are_in_pixels_and_a_common_level_is_no_difference():
    first = {"pixel_scale": 0.1, "exposures": [exposure("a", [0, 0], 1.0), exposure("b", [0.1, 0], 2.0)]}
    second = {"exposures": [exposure("a", [0, 0.03], 1.5), exposure("b", [0.1, 0], 2.5), exposure("c", [0, 0], 0)]}
    found = numbers(compare_exposures(first, second))
    assert found["exposures in one run only"] == 1
    assert found["largest difference of an exposure's shift"] == pytest.approx(0.3)
    assert found["range of the sky levels' differences"] == pytest.approx(0)


def test_sources_are_matched(tmp_path):
    ra, flux = 24 + np.arange(5) / 3600, np.arange(1.0, 6)
    for name, n, move in (("a", 5, 0.0), ("b", 4, 0.05 / 3600)):
        table = QTable(
            {"sky_centroid": SkyCoord(ra[:n], 15 + move, unit="deg"), "isophotal_flux": flux[:n] * (1 + move * 720)}
        )
        table.write(tmp_path / f"{name}.ecsv")
    found = numbers(compare_catalogues(tmp_path / "a.ecsv", tmp_path / "b.ecsv", 0.1))
    assert found["sources in one catalogue only"] == pytest.approx(100 / 9)
    assert found["median distance of a source in both"] == pytest.approx(0.5, rel=1e-3)
    assert found["median change of a source's flux"] == pytest.approx(1.0, rel=1e-3)
