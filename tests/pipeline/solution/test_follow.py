from dataclasses import replace

import numpy as np
import pytest

from app.pipeline.solution.follow import followed
from app.plan.corrections import Correction
from tests.factories import make_exposure

NAME = "jw01234001001_02101_0000{}_nrca{}_cal.fits"


def correction(number, chip, east, error=0.001, group=None):
    name = NAME.format(number, chip)
    values = (east, 0.0, 0.0, 0.0, 0.0, 0.0)
    return Correction(name, "jw01234001001", f"NRCA{chip}", group or name[:25], 24.0, 10.0, values, error, 20)


def east(corrections, name):
    return followed(corrections, make_exposure(name), 24.0, 10.0).values[0]


def test_the_mean_of_the_visit_is_followed():
    rows = [correction(1, 1, 0.1), correction(2, 1, 0.2), correction(3, 1, 0.6, error=0.1)]
    assert east(rows, NAME.format(7, 1)) == pytest.approx(0.15, abs=1e-3)
    rows = [replace(row, error=np.nan) for row in rows]
    assert east(rows, NAME.format(7, 1)) == pytest.approx(0.3)


def test_a_detector_follows_itself_where_detectors_were_moved_apart():
    apart = [correction(1, 1, 0.1, group="a1"), correction(1, 2, 0.3, group="a2")]
    assert east(apart, NAME.format(7, 2)) == pytest.approx(0.3)
    assert east(apart, NAME.format(7, 3)) == pytest.approx(0.2)  # a detector that was not in that run
    together = [replace(row, group="a") for row in apart]
    assert east(together, NAME.format(7, 2)) == pytest.approx(0.2)


def test_rotations_are_about_the_place_of_the_leader():
    turned = replace(correction(1, 1, 0.0), values=(0.0, 0.0, 1e-4, 0.0, 0.0, 0.0))
    motion = followed([turned], make_exposure(NAME.format(1, 1)), 24.0, 10.0 + 100 / 3600)
    np.testing.assert_allclose(motion.values[:3], (-0.01, 0.0, 1e-4), atol=1e-6)


def test_what_was_not_moved_is_not_followed():
    assert followed([correction(1, 1, 0.0)], make_exposure(NAME.format(7, 1)), 24.0, 10.0) is None
