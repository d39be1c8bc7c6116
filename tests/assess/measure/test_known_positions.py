"""Groups of exposures against places of stars that are known from elsewhere."""

from dataclasses import replace

import numpy as np
import pytest
from astropy.table import Table
from stcal.tweakreg import astrometric_utils

from app.assess.measure.known_positions import KnownPositions, compare_with, known_positions
from app.assess.measure.position_errors import PositionErrors
from app.observation.tangent_plane import TangentPlane
from app.plan.plan import make_plan
from app.runtime.patched import patched
from tests.assess.measure.test_overlaps import exposure
from tests.cli.services import service
from tests.runs import make_step

PLANE = TangentPlane(24.0, 15.0)
TRUE = PositionErrors(1.0, 0.0)


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def seen(rng, stars, name="a", shift=(0.0, 0.0), error=0.003):
    """An exposure that sees these stars off by a shift."""
    places = stars + shift + rng.normal(0, error, stars.shape)
    return replace(exposure(name, places), star_errors=np.full(len(stars), error))


def catalogue(rng, stars, error=0.005, said=0.005, wrong=0.0):
    off = rng.normal(0, error, stars.shape) + (rng.random(len(stars)) < wrong)[:, None] * rng.normal(
        0, 0.3, stars.shape
    )
    positions = np.stack(PLANE.to_sky(stars + off), axis=1)
    return KnownPositions("gaia.ecsv", "catalogue", positions, np.full(len(stars), said), "")


@pytest.mark.parametrize("said", [0.005, 0.0])
def test_offsets_from_a_catalogue_have_true_errors_whatever_it_says_of_its_own(rng, said):
    """5 mas, 20 % of the rows wrong."""
    pulls = []
    for _ in range(30):
        stars = rng.uniform(-30, 30, (60, 2))
        known = catalogue(rng, stars, said=said, wrong=0.2)
        groups = [seen(rng, stars[:40], shift=(0.02, 0.0)), seen(rng, stars[30:], "b")]
        found = compare_with(known, groups, ["a", "b"], PLANE, 0.16, TRUE)
        assert [c.group for c in found] == ["a", "b"]
        pulls += [(c.part.offset - s) / c.part.error for c, s in zip(found, [(0.02, 0.0), (0.0, 0.0)], strict=True)]
    assert 0.75 < np.std(pulls) < 1.25


def test_exposures_of_a_group_count_together(rng):
    stars = rng.uniform(-30, 30, (60, 2))
    known = catalogue(rng, stars, error=0.0001, said=0.0001)
    alone, both = (
        compare_with(known, [seen(rng, stars) for _ in range(n)], ["a"] * n, PLANE, 0.16, TRUE)[0].part for n in (1, 4)
    )
    assert alone.n_stars == both.n_stars == 60
    assert both.error == pytest.approx(alone.error / 2, rel=0.15)


def test_a_group_far_away_is_found_and_one_with_few_stars_is_not_compared(rng):
    stars = rng.uniform(-30, 30, (60, 2))
    far, few = seen(rng, stars, "far", (9.3, -2.0)), seen(rng, stars[:3], "few")
    lost, poor = compare_with(catalogue(rng, stars), [far, few], ["far", "few"], PLANE, 0.16, TRUE)
    assert (lost.part, poor.part, poor.displacement) == (None, None, None)
    np.testing.assert_allclose(lost.displacement, (9.3, -2.0), atol=0.01)


@pytest.fixture
def places(miri, crds, tmp_path):
    """What a run with these options can be compared with."""

    def places(abs_refcat="", **options):
        parameters = {"tweakreg": {"abs_refcat": str(abs_refcat)}} if abs_refcat else {}
        config = make_step(miri, tmp_path / "out", crds, jwst_parameters=parameters, **options).config
        return known_positions(make_plan(config))

    return places


def test_a_catalogue_in_a_file_is_taken_at_the_epoch_of_the_exposures(places, tmp_path):
    path = tmp_path / "cat.ecsv"
    columns = {"pmra": [0.0], "pmdec": [1000.0], "ref_epoch": [2016.0], "ra_error": [3.0], "dec_error": [3.0]}
    Table({"ra": [24.0], "dec": [15.0]} | columns).write(path)
    (known,) = places(path)
    assert (known.name, known.kind, known.reason, known.errors.tolist()) == (str(path), "catalogue", "", [0.003])
    assert (known.positions[0, 1] - 15) * 3600 == pytest.approx(7.0, abs=0.5)  # in 2023


def test_an_online_catalogue_is_asked_for_and_one_without_an_answer_is_told(places):
    with service(n_stars=20) as (url, _), patched(astrometric_utils, "SERVICELOCATION", url):
        (known,) = places("GAIADR3")
    assert (known.name, len(known.positions)) == ("GAIADR3", 19)
    with patched(astrometric_utils, "SERVICELOCATION", "http://127.0.0.1:9"):
        (known,) = places("GAIADR3")
    assert "no answer" in known.reason
    assert len(known.positions) == 0


def test_the_run_that_is_followed_is_known_by_its_catalogue(places, tmp_path):
    leader = tmp_path / "leader"
    leader.mkdir()
    options = {"alignment": "from_run", "align_from": str(leader / "lv3_alignment.ecsv")}
    (known,) = places(**options)
    assert known.reason == f"{leader} holds no source catalogue (*_cat.ecsv)"
    Table({"ra": [24.0, 24.1], "dec": [15.0, 15.1]}).write(leader / "x_cat.ecsv")
    (known,) = places(**options)
    assert (known.kind, known.reason, len(known.positions)) == ("followed", "", 2)


def test_without_either_there_is_nothing_to_compare_with(places):
    assert places() == []
