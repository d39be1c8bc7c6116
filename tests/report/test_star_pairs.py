"""Stars before and after alignment: where the input places them, and that they are drawn upright."""

import base64
import io

import numpy as np
import pytest
from astropy.io import fits
from PIL import Image

from app.assess.measure.alignment import motion as measured_motion
from app.assess.measure.frames import footprint, open_fits, read_wcs
from app.assess.measure.sky_image import sky_image
from app.report.exposures import look
from app.report.star_pairs import draw_pairs, stamps, star_pairs
from app.simulation import Faults, Scene, simulate_observation

SCALE = 0.11


@pytest.fixture
def observed(tmp_path):
    """Two exposures, the WCS of one stands for a wrong one of the other; a star's pixel."""
    scene = Scene(n_blobs=0, faults=Faults(pointing_error=0.0, sky_offset=0.0, n_cosmic_rays=0))
    wrong, right = simulate_observation(tmp_path / "in", n_dithers=2, window=(128, 96), scene=scene).files
    with fits.open(right) as hdus:
        inner = hdus["SCI"].data[30:-30, 30:-30]
        row, column = np.unravel_index(np.nanargmax(inner), inner.shape)
    return wrong, right, np.array([column + 30.0, row + 30.0])


def place(path, pixel):
    with open_fits(path) as hdus:
        return np.array(read_wcs(hdus)(*pixel, with_bounding_box=False))


def motion(wrong, right):
    """How the wrong WCS became the right one, as it is measured."""
    with open_fits(wrong) as before, open_fits(right) as after:
        found = measured_motion(read_wcs(before), read_wcs(after), (96, 128))
        corners = footprint(read_wcs(after), (96, 128)).tolist()
    return {"moved": True, "shift": [found.east, found.north], "rotation": found.rotation, "scale": found.scale,
            "footprint": corners}  # fmt: skip


def peak(image):
    return np.unravel_index(np.nanargmax(image), image.shape)


def test_a_star_is_where_the_input_places_it_and_in_the_middle_afterwards(observed):
    wrong, right, pixel = observed
    true, stated = place(right, pixel), place(wrong, pixel)
    together = (true - stated) * [np.cos(np.radians(true[1])), 1]
    aside = np.array([0.33, 0.22]) / 3600  # three pixels east and two north of what all are moved by
    with sky_image(right) as exposure:
        found = stamps(exposure, motion(wrong, right), places=true[None], together=together + aside, scale=SCALE)
    before, after = found[:, 0]
    assert peak(after) == (12, 12)
    assert peak(before) == (14, 9)


def test_the_mean_of_a_right_and_a_wrong_one_is_two_stars(observed, finished, tmp_path):
    wrong, right, pixel = observed
    here = motion(right, right)
    entries = [finished["measurements"]["exposures"][n] | here | {"file": p.name} for n, p in enumerate((wrong, right))]
    entries[0]["shift"] = [0.8, -0.8]
    for entry in entries:
        (tmp_path / entry["file"].replace("_cal", "_crf")).symlink_to(right)
    finished["measurements"]["exposures"] = entries
    finished["config"]["procs"] = 1
    found = look(finished, tmp_path, 1, place(right, pixel)[None]).stamps
    before, after = np.mean(found, axis=0)[:, 0]
    middle = np.nanmedian(after)
    assert before[12, 12] - middle < 0.6 * (after[12, 12] - middle)
    assert star_pairs(found).startswith("data:image/png")


def test_without_a_motion_there_is_nothing(observed, finished, tmp_path):
    _, right, pixel = observed
    entry = finished["measurements"]["exposures"][0]
    entry |= motion(right, right) | {"moved": False}
    (tmp_path / entry["file"].replace("_cal", "_crf")).symlink_to(right)
    finished["measurements"]["exposures"] = [entry]
    assert look(finished, tmp_path, 1, place(right, pixel)[None]).stamps == []
    assert star_pairs([]) is None


def test_north_is_up_and_before_is_above():
    pairs = np.zeros((2, 3, 25, 25))
    pairs[:, :, 12, 12] = 1
    pairs[0, 0, 20, 5] = 1
    pairs[0, 2, :4] = np.nan
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(draw_pairs(pairs).partition(",")[2]))))
    sheet = sheet[2::5, 2::5]  # five pixels for one
    assert sheet.shape == (2 * 27, 3 * 27)
    assert sheet[1 + 4, 1 + 5] == 255, "five from the left, four from the top"
    assert sheet[27 + 1 + 12, 1 + 12] == 255
    assert sheet[27 + 1 + 4, 1 + 5] == 0
