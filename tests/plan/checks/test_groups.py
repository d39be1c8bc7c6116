"""Groups that cannot meet, and a single group of the sky: foreseen from footprints."""

import pytest
from astropy.table import Table

from app.simulation import simulate_grid, simulate_observation
from tests.plan.checks.conftest import codes

APART = ["nircam_long"]


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    """Two small dithers of NIRCam's modules A and B, which see different parts of the sky."""
    folder = tmp_path_factory.mktemp("modules")
    return simulate_observation(
        folder, n_dithers=2, window=(64, 64), band="F335M", detectors=("NRCALONG", "NRCBLONG")
    ).folder


def nircam(**options):
    return {"band": "F335M"} | options


def test_modules_of_one_visit_that_are_apart_and_whose_dithers_are_tied(look, modules):
    options = nircam(tweakreg_group_dithers=APART, tweakreg_degroup_nircam_modules=True)
    (caveat,) = [c for c in look(modules, **options).caveats if c.code == "groups_apart"]
    assert caveat.message.startswith("2 of 2 tweakreg groups (jw01234001001_02101_a, jw01234001001_02101_b)")
    assert "Take group_dithers out of tweakreg_grouping" in caveat.hint


@pytest.mark.parametrize("options", [{}, {"tweakreg_degroup_nircam_modules": True}])
def test_dithers_that_are_not_tied_meet_each_other(look, modules, options):
    assert "groups_apart" not in codes(look(modules, **nircam(**options)).caveats)


def test_a_catalogue_or_no_alignment_at_all(look, modules, tmp_path):
    options = nircam(tweakreg_group_dithers=APART, tweakreg_degroup_nircam_modules=True)
    Table({"RA": [1.0], "DEC": [2.0]}).write(tmp_path / "cat.ecsv")
    for tweakreg in ({"skip": True}, {"abs_refcat": str(tmp_path / "cat.ecsv")}):
        found = look(modules, **options, jwst_parameters={"tweakreg": tweakreg}).caveats
        assert "groups_apart" not in codes(found)


def test_visits_that_overlap_meet(look, tmp_path):
    folder = simulate_grid(tmp_path, n_pointings=2, n_dithers=2, window=(64, 64)).folder
    assert codes(look(folder, tweakreg_group_dithers=["miri"], skymatch_group_dithers=["miri"]).caveats) == []


@pytest.mark.parametrize(
    ("skymatch", "expected"),
    [
        ({}, ["one_sky_group"]),
        ({"skymethod": "global+match"}, ["one_sky_group"]),
        ({"skymethod": "global"}, []),
        ({"skip": True}, []),
    ],
)
def test_one_level_for_all(look, skymatch, expected):
    outlook = look(skymatch_group_dithers=["miri"], jwst_parameters={"skymatch": skymatch})
    assert codes(outlook.caveats) == expected
    assert codes(look(jwst_parameters={"skymatch": skymatch}).caveats) == []
