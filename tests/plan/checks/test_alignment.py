"""Parameters under which tweakreg would skip itself, catalogues that are not there, nothing to align."""

import pytest

from app.runtime.errors import ConfigError
from tests.plan.checks.conftest import codes


def tweakreg(**parameters):
    return {"jwst_parameters": {"tweakreg": parameters}}


def test_nothing_is_said_of_good_exposures(look):
    outlook = look()
    assert (outlook.problems, outlook.caveats) == ([], [])


@pytest.mark.parametrize("prefix", ["", "abs_"])
def test_separation_must_exceed_tolerance_by_sqrt_2(look, prefix):
    (error,) = look(**tweakreg(**{f"{prefix}separation": 1.0, f"{prefix}tolerance": 0.75})).errors
    assert isinstance(error, ConfigError)
    assert f"{prefix}separation=1: must be more than sqrt(2) times {prefix}tolerance=0.75, that is 1.06" in str(error)
    assert look(**tweakreg(**{f"{prefix}separation": 1.07, f"{prefix}tolerance": 0.75})).problems == []


def test_the_rule_is_that_of_jwst():
    from stcal.tweakreg import tweakreg as stcal_tweakreg

    for align in (stcal_tweakreg.relative_align, stcal_tweakreg.absolute_align):
        prefix = "abs_" if align is stcal_tweakreg.absolute_align else ""
        others = ("cat.ecsv", None, None, 2024.0) if prefix else ()
        with pytest.raises(stcal_tweakreg.TweakregError, match="separation"):
            align([], *others, **{f"{prefix}separation": 0.7 * 2**0.5, f"{prefix}tolerance": 0.7})


def test_it_does_not_matter_where_tweakreg_is_skipped(look):
    assert look(**tweakreg(skip=True, separation=0.1, abs_refcat="nowhere.ecsv")).problems == []


def test_one_group_and_no_catalogue(look):
    (caveat,) = look(tweakreg_group_dithers=["miri"]).caveats
    assert caveat.code == "one_group"
    assert "All 4 exposures are one tweakreg group" in caveat.message
    assert look(tweakreg_group_dithers=["miri"], offline=False, **tweakreg(abs_refcat="GAIADR3")).caveats == []
    assert look(tweakreg_group_dithers=["miri"], **tweakreg(skip=True)).caveats == []


def test_a_single_exposure(look):
    assert codes(look(exclude=["_00002_", "_00003_", "_00004_"]).caveats) == ["single_exposure"]
