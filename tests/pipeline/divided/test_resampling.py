"""The mosaic's arrays while parts are added, against the sums that they stand for."""

from types import SimpleNamespace

import numpy as np
import pytest

from app.pipeline.box import Box
from app.pipeline.divided.parts import VARIANCES, Part, Total

GRID, WHOLE = SimpleNamespace(pixel_scale_ratio=0.5), Box(0, 0, 8, 6)
PARAMETERS = {"fillval": "NAN", "weight_type": "ivm", "enable_ctx": True, "enable_var": True}
BOXES = (Box(0, 0, 5, 6), Box(3, 1, 8, 6), Box(2, 0, 6, 6))


def make_part(path, box, absent):
    random = np.random.default_rng(len(path.name) + box.x0)
    data, weight, *variances = random.uniform(1, 2, (5, *box.shape)).astype(np.float32)
    context = np.ones(box.shape, np.int32)
    planes = dict(zip(VARIANCES, variances, strict=True))
    for name in absent:
        planes[name][1:3, 1:4] = -1
    with path.open("wb") as file:
        for plane in (data, weight, context, *variances):
            np.save(file, plane)
    return Part(path, box), planes


@pytest.mark.parametrize("absent", [(), ("var_flat",), ("var_rnoise",), ("var_poisson", "var_flat")])
def test_variances_are_those_of_the_weighted_mean_of_what_is_there(tmp_path, absent):
    total = Total(GRID, WHOLE, len(BOXES), PARAMETERS)
    sums = np.zeros((3, *WHOLE.shape))
    weights = np.zeros((3, *WHOLE.shape))
    for index, box in enumerate(BOXES):
        part, variances = make_part(tmp_path / f"{index}.npy", box, absent if index == 1 else ())
        total.add(index, part)
        weight = np.where(variances["var_rnoise"] > 0, 1 / variances["var_rnoise"], 0)
        for plane, variance in enumerate(variances.values()):
            there = variance >= 0
            sums[plane][box.slices] += np.where(there, variance * weight**2, 0)
            weights[plane][box.slices] += np.where(there, weight, 0)
    made = total.finish()
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = sums / weights**2 * 4
    for name, variance in zip(VARIANCES, expected, strict=True):
        np.testing.assert_allclose(made[name], variance, rtol=1e-5, err_msg=name)
    covered = np.isfinite(expected).any(axis=0)
    error = np.where(covered, np.sqrt(np.nansum(expected, axis=0)), np.nan)
    np.testing.assert_allclose(made["err"], error, rtol=1e-5)
