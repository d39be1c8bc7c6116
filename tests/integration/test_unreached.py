"""A mosaic of pointings most of which do not overlap tweakreg's reference: the cause is said, and the cure is one."""

import pytest

from app.simulation import Scene, simulate_grid
from tests.runs import run


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    """Three by three pointings whose neighbours share a quarter of their side, some 35 stars."""
    scene = Scene(n_stars=150, star_peaks=(20.0, 200.0))
    return simulate_grid(
        tmp_path_factory.mktemp("grid"), n_pointings=9, n_dithers=1, window=(160, 160), overlap=0.25, scene=scene
    )


def caveats(grid, out_dir, crds, **tweakreg):
    """Messages and hints by code."""
    parameters = {"tweakreg": tweakreg, "source_catalog": {"skip": True}}
    record = run(grid, out_dir, crds, jwst_parameters=parameters)
    assert set(record["sources"].values()) <= set(range(100, 200))
    return {caveat["code"]: (caveat["message"], caveat["hint"]) for caveat in record["caveats"]}


def test_the_cause_and_its_cure(grid, crds, tmp_path):
    message, hint = caveats(grid, tmp_path / "default", crds)["not_aligned"]
    assert "5 of 9 exposures were not aligned" in message
    assert "and needs 6 matches (minobj). 5 of them have no overlap, so no match, with the reference" in message
    assert "jwst_parameters.tweakreg.expand_refcat=true" in hint
    assert "not_aligned" not in caveats(grid, tmp_path / "expanded", crds, expand_refcat=True)
