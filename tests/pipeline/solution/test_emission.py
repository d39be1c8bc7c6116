"""Fields that emission fills, told from those with empty parts."""

import numpy as np
import pytest

from app.pipeline.divided.library import ExposureLibrary
from app.pipeline.solution.emission import faint_variation, filled_field
from app.pipeline.steps import outlier_detection
from app.record.record import read_record
from app.runtime.errors import OutlierError
from app.simulation import Faults, Scene, simulate_observation
from tests.runs import run

NO_BITS = 0


def variations(folder, scene, **options):
    truth = simulate_observation(folder, window=(256, 256), scene=scene, **{"n_dithers": 2} | options)
    members = [{"expname": str(path), "exptype": "science"} for path in truth.files]
    exposures = ExposureLibrary({"products": [{"name": "all", "members": members}]}, 1).exposures()
    return [faint_variation(NO_BITS, exposure) for exposure in exposures]


@pytest.mark.parametrize("scene", [Scene(), Scene(diffuse_peak=40.0), Scene(n_stars=600, diffuse_peak=0.0)], ids=str)
def test_stars_and_clouds_with_empty_sky_between_them(scene, tmp_path):
    found = variations(tmp_path, scene)
    assert filled_field(found) is None
    noise = np.hypot(scene.read_noise, np.sqrt(scene.photon_variance * scene.sky_level))
    assert [n for _, n in found] == pytest.approx([noise] * 2, rel=0.1)


@pytest.mark.parametrize("peak", [30.0, 3000.0])
def test_emission_without_an_empty_part(peak, tmp_path):
    message = filled_field(variations(tmp_path, Scene(diffuse_peak=0.0, emission_peak=peak)))
    assert message is not None
    assert message.startswith("Emission fills 2 of 2 exposures: even their faintest quarter varies by")


def test_the_rule_and_its_numbers():
    assert filled_field([]) is None
    assert filled_field([(0.0, 0.0)]) is None
    assert filled_field([(0.5, 0.1), (0.05, 0.1)]) is None, "half of them is not most"
    said = filled_field([(0.5, 0.1), (0.7, 0.1), (0.05, 0.1)]) or ""
    assert (
        "fills 2 of 3 exposures: even their faintest quarter varies by 0.6 in the median (noise of a pixel: 0.1)"
        in said
    )


def test_a_run_has_said_it_when_it_comes_to_outlier_detection(tmp_path, crds, monkeypatch):
    def stop(*_):
        raise OutlierError("stopped here")

    monkeypatch.setattr(outlier_detection, "flag_outliers", stop)
    scene = Scene(emission_peak=300.0, faults=Faults(n_cosmic_rays=5))
    truth = simulate_observation(tmp_path / "in", n_dithers=2, window=(128, 128), scene=scene)
    with pytest.raises(OutlierError):
        run(truth, tmp_path / "out", crds)
    record = read_record(tmp_path / "out")
    assert record is not None
    assert record["step"] == "outlier_detection"
    assert "emission_everywhere" in [caveat["code"] for caveat in record["caveats"]]
    assert "Emission fills 2 of 2 exposures" in (tmp_path / "out" / "lv3_run.log").read_text()
