"""The median image of background exposures: the detector's own structure, without sources, with its error."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from app.pipeline.divided.background_image import Stack, make_median, variance_of_median

SIDE, NOISE = 160, 0.05


def structure() -> np.ndarray:
    """What the detector shows in every exposure: a glow at one side, columns, and small steps."""
    y, x = np.mgrid[:SIDE, :SIDE]
    return 0.3 * np.exp(-x / 20) + 0.05 * np.sin(x / 2) + 0.1 * (y > 100)


def stack(folder: Path, n: int, rng: np.random.Generator, n_stars: int = 30) -> Stack:
    """Exposures with stars elsewhere in each, and dead pixels."""
    files = []
    y, x = np.mgrid[:SIDE, :SIDE]
    for number in range(n):
        image = structure() + 1.0 + 0.1 * number + rng.normal(0, NOISE, (SIDE, SIDE))
        for sx, sy in rng.uniform(0, SIDE, (n_stars, 2)):
            image += rng.uniform(1, 30) * np.exp(-((x - sx) ** 2 + (y - sy) ** 2) / 4)
        quality = (rng.random((SIDE, SIDE)) < 0.01).astype(np.uint32)
        quality[5, 5] = 1
        image[quality > 0] = 1e5
        error = np.full((SIDE, SIDE), NOISE, np.float32)
        parts = {"SCI": image.astype(np.float32), "ERR": error, "DQ": quality}
        hdus = [fits.PrimaryHDU(), *(fits.ImageHDU(array, name=name) for name, array in parts.items())]
        files.append(folder / f"{number}.npy.fits")
        fits.HDUList(hdus).writeto(files[-1])
    levels = tuple(1.0 + 0.1 * number for number in range(n))
    return Stack(tuple(files), levels, (0.0,) * n, ~1 & 0xFFFFFFFF, folder / "median.npy")


@pytest.mark.parametrize("n", [4, 7])
def test_structure_is_found_among_stars_and_its_error_is_its_scatter(tmp_path, n):
    made = stack(tmp_path, n, np.random.default_rng(n))
    unknown = make_median(made).unknown
    light, variance = np.load(made.output)
    left = (light - structure())[variance > 0]
    assert unknown < 0.03
    assert abs(np.median(left)) < 0.005
    pulls = left / np.sqrt(variance[variance > 0])
    assert 1.4826 * np.median(np.abs(pulls - np.median(pulls))) == pytest.approx(1, abs=0.05)
    assert np.mean(np.abs(pulls) > 5) < 0.002, "stars are masked, and what is left of their wings is little"
    assert (light[5, 5], variance[5, 5]) == (0, 0), "dead in all exposures: nothing is known"


def test_stars_are_masked_where_there_is_one_exposure(tmp_path):
    made = stack(tmp_path, 1, np.random.default_rng(2))
    unknown = make_median(made).unknown
    light, variance = np.load(made.output)
    assert 0.02 < unknown < 0.5
    assert light.max() < 0.8
    assert variance.max() == pytest.approx(NOISE**2)


def test_the_variance_of_a_median():
    rng = np.random.default_rng(5)
    numbers = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 25])
    drawn = [np.var(np.median(rng.normal(size=(n, 200_000)), axis=0)) for n in numbers]
    assert variance_of_median(numbers) == pytest.approx(drawn, rel=0.07)
    assert variance_of_median(numbers[:10]) == pytest.approx(drawn[:10], rel=0.02)
    assert variance_of_median(np.array([0])) == 0
