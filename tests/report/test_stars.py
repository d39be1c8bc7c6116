"""Ten stars on the page: which they are, and what their profile says."""

import re

import numpy as np
import pytest
from astropy.io import fits

from app.report.page import write_report
from app.report.stars import cutouts, profile, read_stars

SIDE, SIGMA = 200, 1.5
COLUMNS = "label xcentroid ycentroid sky_centroid.ra sky_centroid.dec is_extended nn_dist isophotal_flux"
HEAD = f"# %ECSV 1.0\n# ---\n{COLUMNS}\n"


@pytest.fixture
def made(tmp_path):
    """A mosaic with stars at places that no one chose, and a catalogue: one has a neighbour, one is extended."""
    rng = np.random.default_rng(7)
    places = [(20 + 40 * (n % 5) + rng.uniform(-3, 3), 20 + 40 * (n // 5) + rng.uniform(-3, 3)) for n in range(15)]
    y, x = np.mgrid[:SIDE, :SIDE]
    image = rng.normal(2, 1e-4, (SIDE, SIDE))
    rows = []
    for n, (px, py) in enumerate(places):
        image += (1 + n) * np.exp(-((x - px) ** 2 + (y - py) ** 2) / 2 / SIGMA**2)
        rows.append(f"{n + 1} {px:.4f} {py:.4f} {24 + n / 100} 15.5 False 35.0 {n + 1.0}")
    rows[14] = rows[14].replace("False", "True")
    rows[13] = rows[13].replace("35.0", "5.0")
    rows.append("18 20.0 160.5 24 15 False 35.0 98.0")  # empty sky
    rows.append("16 3.0 100.0 24 15 False 35.0 99.0")
    rows.append("17 100.0 3.0 24 15 False 35.0 nan")
    image[round(places[12][1]), round(places[12][0])] = np.nan
    mosaic, catalogue = tmp_path / "ngc0628_miri_lv3_f770w_i2d.fits", tmp_path / "x_cat.ecsv"
    images = {"SCI": image.astype("f4"), "WHT": np.ones_like(image)}
    hdus = [fits.PrimaryHDU(), *(fits.ImageHDU(data, name=name) for name, data in images.items())]
    fits.HDUList(hdus).writeto(mosaic, overwrite=True)
    catalogue.write_text(HEAD + "\n".join(rows) + "\n")
    return mosaic, catalogue


def test_the_brightest_that_stand_alone_and_are_whole(made):
    stars = read_stars(*made)
    assert len(stars.images) == 10
    assert (stars.sky[:, 1] == 15.5).all()
    peaks = [image.max() - 2 for image in stars.images]
    assert peaks == sorted(peaks, reverse=True)
    assert max(peaks) < 12.5, "neither the close, nor the extended, nor the one with a hole"
    for image, (x, y) in zip(stars.images, stars.places, strict=True):
        assert np.hypot(*(np.array(np.unravel_index(image.argmax(), image.shape))[::-1] - (x, y))) < 1


def test_the_profile_of_a_star_as_wide_as_the_band_is_that_of_the_band(made):
    svg = str(profile(read_stars(*made), SIGMA * np.sqrt(8 * np.log(2))))
    assert "Gaussian of the band" in svg
    assert cutouts(read_stars(*made)).startswith("data:image/png;base64,")


def test_no_star_no_figure(made):
    mosaic, catalogue = made
    catalogue.write_text(catalogue.read_text().replace("False", "True"))
    assert read_stars(mosaic, catalogue) is None


def test_the_page_has_them_and_links_to_every_product(finished, made, tmp_path):
    text = write_report(finished, tmp_path).read_text()
    assert 'aria-label="Profile of the stars' in text
    assert len(re.findall('<img src="data:image/(?:jpeg|png);base64', text)) == 3
    assert 'href="ngc0628_miri_lv3_f770w_i2d.fits"' in text
