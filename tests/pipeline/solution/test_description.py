from dataclasses import replace

import numpy as np
import pytest

from app.pipeline.solution.alignment import align
from app.pipeline.solution.description import describe
from tests.pipeline.solution.fields import OPTIONS, make_field


def test_groups_are_described_with_errors():
    field = make_field(side=3, density=0.05)
    found = describe(align(field.groups, OPTIONS), "rshift")
    assert found["scatter"] == pytest.approx(0.004, rel=0.2)
    assert [g["group"] for g in found["groups"]] == [g.name for g in field.groups]
    assert found["outlying"] == []
    errors = [g["errors"] for g in found["groups"]]
    assert all(set(e) == {"east", "north", "rotation"} for e in errors)
    assert 0 < np.median([e["rotation"] for e in errors]) < 0.02  # [deg]


def test_a_pair_that_does_not_fit_is_named():
    """Half of a group's stars, those of one overlap, are displaced: no motion of the group makes up for that."""
    field = make_field(side=3, density=0.05)
    spoiled = field.groups[4]
    east = spoiled.points[:, 0] > spoiled.centre[0] + 15
    points = spoiled.points + 0.05 * east[:, None]
    found = describe(align([*field.groups[:4], replace(spoiled, points=points), *field.groups[5:]], OPTIONS), "rshift")
    assert {"group4"} <= {name for pair in found["outlying"] for name in (pair["first"], pair["second"])}
