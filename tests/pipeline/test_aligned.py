"""What was subtracted from pixels is, from the record, subtracted again to the bit."""

import json

import numpy as np
import pytest

from app.pipeline.aligned import as_recorded, from_record
from app.pipeline.divided.exposure_files import ExposureFile, Plane


@pytest.mark.parametrize("light", [0.1, np.float32(0.1), np.float64(0.1), Plane(0.1, 1e-3 / 7, -2e-3 / 7)])
def test_light_from_the_record_is_the_same_to_the_bit(light, tmp_path):
    def subtracted(lights):
        data = np.linspace(0, 1, 300, dtype=np.float32).reshape(15, 20)
        ExposureFile(tmp_path, b"", data.shape, tuple(lights))._subtract_from(data)
        return data.tobytes()

    assert subtracted(from_record(json.loads(json.dumps(as_recorded([light]))))) == subtracted([light])


def test_precision_matters():
    data = np.linspace(0, 1, 300, dtype=np.float32)
    one, other = data.copy(), data.copy()
    one -= 0.1
    other -= np.float64(0.1)
    assert (one != other).any()
