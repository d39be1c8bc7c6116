"""Groups in whole runs: two steps grouped differently, in memory and on disk, and CRDS's parameters in force."""

import pytest

from app.crds.cache.synthetic import PARAMETERS
from app.simulation import simulate_observation
from tests.runs import run


@pytest.fixture(scope="module")
def nircam(tmp_path_factory):
    """Two visits of two dithers, one long detector a module."""
    return simulate_observation(
        tmp_path_factory.mktemp("nircam"),
        band="F277W",
        detectors=("NRCALONG", "NRCBLONG"),
        n_dithers=2,
        n_visits=2,
        window=(192, 192),
    )


@pytest.mark.parametrize("in_memory", [True, False])
def test_each_step_has_its_own_groups(nircam, crds, tmp_path, in_memory):
    record = run(
        nircam,
        tmp_path / "out",
        crds,
        tweakreg_degroup_nircam_modules=True,
        skymatch_group_dithers=["nircam_long"],
        jwst_parameters={"in_memory": in_memory, "source_catalog": {"skip": True}, "tweakreg": {"minobj": 5}},
    )
    groups = record["groups"]
    assert len(groups["tweakreg"]) == 2 * 2 * 2
    assert len(groups["skymatch"]) == 2
    assert len(groups["native"]) == 4
    assert all(len(set(names)) == 2 for names in groups["native"].values())
    from stdatamodels.jwst import datamodels

    levels: dict[str, set[float]] = {}
    for file in sorted((tmp_path / "out").glob("*_crf.fits")):
        with datamodels.open(file) as model:
            levels.setdefault(file.name[:13], set()).add(model.meta.background.level)
            assert model.meta.group_id in groups["native"]
    assert {len(found) for found in levels.values()} == {1}  # one level a visit


def test_parameters_of_crds_reach_the_steps_and_the_user_wins(miri, crds, tmp_path):
    """The synthetic references hold values that are nobody's default."""
    record = run(miri, tmp_path / "out", crds, jwst_parameters={"outlier_detection": {"scale": "2.0 1.0"}})
    steps = record["parameters"]["steps"]
    assert steps["tweakreg"]["snr_threshold"] == PARAMETERS["pars-tweakregstep"][1]["snr_threshold"] == 7.0
    assert steps["outlier_detection"]["snr"] == PARAMETERS["pars-outlierdetectionstep"][1]["snr"] == "5.5 4.5"
    assert steps["outlier_detection"]["scale"] == "2.0 1.0"  # the user's, not CRDS's
    assert steps["tweakreg"]["kernel_fwhm"] == 2.445  # the band's, not CRDS's
