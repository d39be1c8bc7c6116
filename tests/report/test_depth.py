"""Depth in magnitudes, and what is said of the faint end of a catalogue."""

import numpy as np
import pytest

from app.report.depth import depth, faint_end

MOSAIC = {
    "unit": "MJy/sr", "noise": 0.02, "fwhm": 0.2, "pixel_scale": 0.05,
    "correlated_noise": {"scatter_ratio": 0.5, "aperture_factors": {"2": 1.5, "4": 2.0, "8": 2.0}},
}  # fmt: skip


def test_the_depth_is_that_of_apertures_of_correlated_noise():
    """In a simulation: noise that is smeared over neighbours, summed over discs of the stated radius."""
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 0.02, (1200, 1200))
    smeared = sum(np.roll(noise, shift, axis) for shift in (0, 1) for axis in (0, 1)) / 4
    y, x = np.mgrid[-6:7, -6:7]
    disc = (np.hypot(x, y) <= 0.2 / 0.05).astype(float)
    sums = [(smeared[r : r + 13, c : c + 13] * disc).sum() for r in range(0, 1180, 17) for c in range(0, 1180, 17)]
    ratio = smeared.std() / 0.02
    squares = {
        str(n): np.std(np.add.reduceat(np.add.reduceat(smeared, range(0, 1200, n), 0), range(0, 1200, n), 1))
        / (smeared.std() * n)
        for n in (2, 4, 8)
    }
    mosaic = MOSAIC | {"correlated_noise": {"scatter_ratio": ratio, "aperture_factors": squares}}
    steradian = (0.05 / 206264.806) ** 2
    expected = 5 * np.std(sums) * 1e6 * steradian  # [Jy]
    found = depth(mosaic, 1.0)
    assert found.radius == 0.2
    assert found.flux == pytest.approx(1e9 * expected, rel=0.06)
    assert found.magnitude == pytest.approx(-2.5 * np.log10(expected / 3631), abs=0.07)


def test_without_noise_or_unit_there_is_none():
    assert depth(MOSAIC | {"correlated_noise": None}, 1.0) is None
    assert depth(MOSAIC | {"unit": "DN/s"}, 1.0) is None
    assert depth(MOSAIC | {"fwhm": None}, 0.3).radius == 0.3


def test_the_faint_end():
    limit = depth(MOSAIC, 1.0)
    counts = [(20.0, 5), (20.25, 8), (20.5, 20), (20.75, 31), (21.0, 22), (21.25, 9), (29.0, 2)]
    text = faint_end(counts, limit)
    assert "most at 20.9 mag" in text
    assert "2 of 97 are fainter than the depth" in text
    assert "depth" not in faint_end(counts[:-1], limit)
    assert faint_end(counts[:2], limit) == ""
    assert faint_end(counts, None).endswith("missing.")
