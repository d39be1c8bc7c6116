"""A result that no one can use is called so: in the record, and where strict asks, by the exit status."""

import json

import pytest

from app.runtime.errors import ExitCode, PoorError
from app.simulation import simulate_observation
from tests.runs import make_step


def test_an_exposure_eaten_by_outlier_detection_is_a_poor_result_with_all_products_in_place(crds, tmp_path):
    truth = simulate_observation(tmp_path / "in", n_dithers=3, window=(128, 128))
    eager = {"snr": "0.1 0.05", "scale": "0.01 0.01"}
    parameters = {"outlier_detection": eager, "tweakreg": {"skip": True}, "source_catalog": {"skip": True}}
    step = make_step(truth, tmp_path / "out", crds, jwst_parameters=parameters, strict=True)
    with pytest.raises(PoorError, match=r"unusable: .* of the usable pixels") as error:
        step.do_step()
    assert error.value.exit_code == ExitCode.POOR == 11
    record = json.loads((tmp_path / "out" / "lv3_run.json").read_text())
    assert record["state"] == "poor"
    assert min(exposure["flagged"] for exposure in record["measurements"]["exposures"]) > 0.8
    assert all((tmp_path / "out" / product["file"]).is_file() for product in record["products"])
    calm = {"strict": False, "jwst_parameters": parameters}
    assert make_step(truth, tmp_path / "out", crds, **calm).do_step() is True  # finished: nothing is made again
