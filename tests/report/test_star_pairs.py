"""Stars before and after alignment: where the input places them, and that they are drawn upright."""

import base64
import io

import numpy as np
import pytest
from astropy.io import fits
from PIL import Image

from app.assess.measure.frames import open_fits, read_wcs
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


def peak(image):
    return np.unravel_index(np.nanargmax(image), image.shape)


def test_a_star_is_where_the_input_places_it_and_in_the_middle_afterwards(observed):
    wrong, right, pixel = observed
    true, stated = place(right, pixel), place(wrong, pixel)
    together = (true - stated) * [np.cos(np.radians(true[1])), 1]
    aside = np.array([0.33, 0.22]) / 3600  # three pixels east and two north of what all are moved by
    before, after = stamps((wrong, right), places=true[None], together=together + aside, scale=SCALE)[:, 0]
    assert peak(after) == (12, 12)
    assert peak(before) == (14, 9)


def test_the_mean_of_a_right_and_a_wrong_one_is_two_stars(observed, finished, tmp_path):
    wrong, right, pixel = observed
    entries = [finished["measurements"]["exposures"][n] | {"file": p.name} for n, p in enumerate((wrong, right))]
    for entry in entries:
        entry["shift"] = [0.0, 0.0]
        (tmp_path / entry["file"].replace("_cal", "_crf")).symlink_to(right)
    finished["measurements"]["exposures"] = entries
    finished["inputs"] = [{"file": str(path)} for path in (wrong, right)]
    finished["config"]["procs"] = 1
    found = look(finished, tmp_path, 1, place(right, pixel)[None]).stamps
    before, after = np.mean(found, axis=0)[:, 0]
    middle = np.nanmedian(after)
    assert before[12, 12] - middle < 0.6 * (after[12, 12] - middle)
    assert star_pairs(found).startswith("data:image/png")


def test_without_the_inputs_or_a_motion_there_is_nothing(observed, finished, tmp_path):
    _, right, pixel = observed
    (tmp_path / finished["measurements"]["exposures"][0]["file"].replace("_cal", "_crf")).symlink_to(right)
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
