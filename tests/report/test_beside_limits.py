"""Numbers beside their limits: the worst of each kind, and nothing where nothing was measured."""

import pytest

from app.report.beside_limits import beside_limits
from app.report.page import write_report


def test_the_worst_of_each_kind(finished):
    measured = finished["measurements"]
    first, second = measured["overlaps"]
    second |= {"offset": [0.03, 0.04], "sky": -0.05, "sky_error": 0.002}
    first |= {"sky": 0.06, "sky_error": 0.02}  # larger, and less sure
    measured["exposures"][2] |= {"n_matches": 4, "flagged": 0.02, "flagged_in_cores": 0.08}
    found = {item.what: item for item in beside_limits(measured)}
    offset, stars, step, share, cores = found.values()
    assert (offset.value, offset.limit, offset.is_within) == (pytest.approx(50), pytest.approx(27.5), False)
    assert (stars.value, stars.limit, stars.is_within) == (4, 10, False)
    assert (step.value, step.limit, step.is_within) == (0.05, pytest.approx(0.012), False)
    assert (share.value, share.limit, share.is_within) == (pytest.approx(2), pytest.approx(5), True)
    assert (cores.value, cores.limit, cores.is_within) == (pytest.approx(8), pytest.approx(6), False)


def test_of_nothing_there_is_nothing(finished):
    assert beside_limits({}) == []
    assert beside_limits(finished["measurements"] | {"exposures": [], "overlaps": []}) == []


def test_they_stand_on_the_page(finished, tmp_path):
    text = write_report(finished, tmp_path).read_text()
    assert "<td>largest median offset of two exposures</td>" in text
    assert "&le; 27.5" in text
    assert "&ge; 10" in text
