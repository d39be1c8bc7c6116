"""The distortion is that of the observatory's SIAF, and its inverse is one."""

import numpy as np
import pytest

from app.runtime.errors import ConfigError
from app.simulation.detectors import detector, detector_names

ALL = [*detector_names("nircam"), *detector_names("miri"), *detector_names("niriss")]


@pytest.fixture(scope="module")
def siafs():
    pysiaf = pytest.importorskip("pysiaf")
    return {instrument: pysiaf.Siaf(instrument) for instrument in ("NIRCAM", "MIRI", "NIRISS")}


def grid(columns, rows, n=15):
    return np.meshgrid(np.linspace(0, columns - 1, n), np.linspace(0, rows - 1, n))


def test_every_imaging_detector_is_there():
    assert len(detector_names("nircam", "short")) == 8
    assert detector_names("nircam", "long", "B") == ("NRCBLONG",)
    assert detector_names("miri") == ("MIRIMAGE",)
    assert detector_names("niriss") == ("NIS",)


@pytest.mark.parametrize("name", ALL)
def test_pixels_map_to_the_telescope_as_in_pysiaf(siafs, name):
    facts = detector(name)
    aperture = siafs[facts.instrument][facts.aperture]
    x, y = grid(*facts.size)
    np.testing.assert_allclose(facts.to_v2v3(x, y), aperture.sci_to_tel(x + 1, y + 1), rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", ALL)
def test_named_windows_lie_where_pysiaf_has_them(siafs, name):
    facts = detector(name)
    prefix = facts.aperture.removesuffix("FULL").removesuffix("CEN")
    assert facts.subarrays
    for subarray in facts.subarrays:
        window = facts.window(subarray)
        aperture = siafs[facts.instrument][prefix + subarray]
        ours = facts.to_v2v3(window.x_start - 1, window.y_start - 1)
        # SIAF fits each subarray anew: half a pixel of the finest scale tells a wrong corner from that.
        np.testing.assert_allclose(ours, aperture.sci_to_tel(1, 1), rtol=0, atol=0.015)


@pytest.mark.parametrize("name", ALL)
def test_inverse_undoes_the_distortion(name):
    facts = detector(name)
    x, y = grid(*facts.size)
    np.testing.assert_allclose(facts.to_v2v3.inverse(*facts.to_v2v3(x, y)), (x, y), rtol=0, atol=1e-3)


def test_window_is_a_crop_around_the_reference_pixel():
    window = detector("NRCA1").window((512, 256))
    assert (window.x_start, window.y_start, window.shape) == (768, 896, (256, 512))


@pytest.mark.parametrize("window", ["SUB999", (4096, 512)])
def test_impossible_window_is_refused(window):
    with pytest.raises(ConfigError, match="MIRIMAGE has"):
        detector("MIRIMAGE").window(window)


def test_unknown_detector_is_refused_with_those_that_exist():
    with pytest.raises(ConfigError, match=r"NRCA9.*NRCALONG"):
        detector("NRCA9")
