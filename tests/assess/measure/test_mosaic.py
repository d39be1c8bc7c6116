import numpy as np
import pytest
from astropy.io import fits

from app.assess.measure.mosaic import measure_mosaic
from app.simulation import Scene, simulate_observation
from tests.runs import run


def test_the_noise_is_that_of_a_pixel_and_not_what_shines(crds, tmp_path):
    """Stars so many that no pixel is without them: the scatter of pixels is theirs, the noise is not."""
    scene = Scene(n_stars=3000, star_peaks=(0.1, 2.0), random_stars=True, photon_variance=0.0, diffuse_peak=0.0)
    truth = simulate_observation(tmp_path / "in", n_dithers=4, dither_size=0.1, window=(128, 128), scene=scene)
    parameters = {step: {"skip": True} for step in ("tweakreg", "outlier_detection", "source_catalog")}
    record = run(truth, tmp_path / "out", crds, jwst_parameters=parameters)
    mosaic = record["measurements"]["mosaic"]
    assert mosaic["noise"] == pytest.approx(scene.read_noise / 2, rel=0.05)  # four exposures
    assert mosaic["depth"] > 3 * mosaic["noise"]
    shares = [exposure["contribution"] for exposure in record["measurements"]["exposures"]]
    assert shares == pytest.approx([1] * 4, abs=0.1)
    check_a_hole_in_every_box(next((tmp_path / "out").glob("*_i2d.fits")))


def check_a_hole_in_every_box(path):
    """As in the corner tile of a survey: nothing can be said of noise, and all else is."""
    with fits.open(path, mode="update") as hdus:
        hdus["SCI"].data[::8, ::8] = np.nan
    found = measure_mosaic(path, 0.269, 0.11)
    assert (found.depth, found.correlated_noise) == (None, None)
    assert found.coverage > 0
