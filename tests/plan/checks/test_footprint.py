"""Exposures apart from the rest, mosaics that they blow up, need of memory."""

import numpy as np
import pytest

from app.config.schema import Lv3Config
from app.observation.bands import Channel, find_bands
from app.observation.grouping import GroupingRules, groups
from app.observation.members import Member, Role
from app.plan.checks import size
from app.plan.checks.footprint import Footprints, check
from app.plan.plan import Plan
from app.runtime.errors import MemoryExceededError, ResampleError
from app.simulation.detectors import detector, detector_names
from app.simulation.pointing import Attitude, exposure_wcs
from tests.factories import make_exposure
from tests.plan.checks.conftest import codes, move, science


def square(number, ra, dec=0.0, side=0.01):
    corners = [(ra, dec), (ra, dec + side), (ra + side, dec + side), (ra + side, dec)]
    region = "POLYGON ICRS  " + " ".join(f"{x} {y}" for x, y in corners)
    return make_exposure(f"jw01234001001_02101_{number:05d}_mirimage_cal.fits", s_region=region)


def test_clusters_hold_together_through_others():
    footprints = Footprints([square(n, ra) for n, ra in enumerate([0.0, 0.3, 0.009, 0.018, 0.305])])
    assert footprints.clusters == [[0, 2, 3], [1, 4]]
    assert footprints.gap([1, 4]) == pytest.approx((0.3 - 0.028) * 3600, rel=1e-4)
    assert footprints.extent([0, 2, 3]) == pytest.approx(3600 * (0.028**2 + 0.01**2) ** 0.5, rel=1e-4)


@pytest.mark.parametrize("ra", [0.0, 359.995, 180.0])
@pytest.mark.parametrize("dec", [0.0, 89.0, -60.0])
def test_footprints_anywhere_on_the_sky(ra, dec):
    assert Footprints([square(1, ra, dec), square(2, (ra + 0.005) % 360, dec)]).clusters == [[0, 1]]
    assert len(Footprints([square(1, ra, dec), square(2, (ra + 0.015) % 360, dec)]).clusters) == 2


def test_footprints_on_the_other_side_of_the_sky():
    footprints = Footprints([square(1, 10.0), square(2, 10.001), square(3, 130.0)])
    assert footprints.clusters == [[0, 1], [2]]
    assert footprints.gap([2]) == pytest.approx(120 * 3600, rel=1e-3)


def test_an_exposure_beside_the_others(look, folder):
    move(science(folder)[0], 0.012)
    (caveat,) = look(folder).caveats
    assert caveat.code == "no_overlap"
    assert "1 of 4 exposures (jw01234001001_02101_00001_mirimage_cal.fits) overlap with no other" in caveat.message


def test_an_exposure_far_away(look, folder):
    move(science(folder)[0], 0.5)
    outlook = look(folder)
    assert codes(outlook.caveats) == ["far_footprint"]
    assert "arcmin from the rest" in outlook.caveats[0].message


NATIVE = GroupingRules()


def nircam(rules=NATIVE, channel="short", offsets=((0, 0), (1, 2), (3, -1)), visits=(1, 1, 1)):
    """What is said of full frames of all chips of NIRCam, at pointings offset by arcseconds."""
    members, band = [], find_bands("F200W" if channel == "short" else "F444W")[0]
    for number, (offset, visit) in enumerate(zip(offsets, visits, strict=True), start=1):
        for name in detector_names("nircam", channel):
            facts = detector(name)
            window = facts.window("FULL")
            attitude = Attitude(86.0, -493.0, 24.17, 15.78, 30.0).shifted(*offset).at(facts.v2_ref, facts.v3_ref)
            corners = exposure_wcs(facts, window, attitude)(*np.array([[0, 0], [0, 2047], [2047, 2047], [2047, 0]]).T)
            region = "POLYGON ICRS  " + " ".join(f"{x:.9f}" for x in np.transpose(corners).ravel())
            file = f"jw01234001{visit:03d}_02101_{number:05d}_{name.lower()}_cal.fits"
            exposure = make_exposure(file, s_region=region)
            members.append(Member(exposure, Role.SCIENCE, "a test"))
    exposures = [member.exposure for member in members]
    grouped = {"native": groups(exposures), "tweakreg": groups(exposures, rules)}
    return codes(list(check(Plan(Lv3Config(target="x", band=band.name, in_dir="x"), band, members, grouped))))


@pytest.mark.parametrize("channel", ["short", "long"])
@pytest.mark.parametrize("rules", [NATIVE, GroupingRules(degroup_modules=True, degroup_short_chips=True)])
def test_the_detectors_of_one_exposure_are_tied_though_gaps_are_between_them(channel, rules):
    assert nircam(rules, channel) == []


def test_a_pointing_beside_the_others_is_not_tied_by_its_own_detectors():
    assert nircam(offsets=((0, 0), (1, 2), (0, 300))) == ["no_overlap"]
    assert nircam(offsets=((0, 0), (1, 2), (0, 3000))) == ["far_footprint"]


def test_a_group_of_tweakreg_ties_pointings_of_one_visit_unless_one_is_far():
    together = GroupingRules(group_dithers=frozenset({Channel.NIRCAM_SHORT}))
    assert nircam(together, offsets=((0, 0), (1, 2), (0, 300))) == []
    assert nircam(together, offsets=((0, 0), (1, 2), (0, 300)), visits=(1, 1, 2)) == ["no_overlap"]
    assert nircam(together, offsets=((0, 0), (1, 2), (0, 3000))) == ["far_footprint"]


def test_a_mosaic_that_is_too_large_names_what_stretches_it(look, folder):
    move(science(folder)[2], 2.0)
    error = next(e for e in look(folder, max_mosaic_megapixels=100).errors if isinstance(e, ResampleError))
    assert "max_mosaic_megapixels=100: the mosaic would have" in str(error)
    assert "02101_00003_mirimage_cal.fits (11" in str(error)
    assert "00001" not in str(error)


def test_a_mosaic_that_is_too_large_by_its_pixels(look):
    (error,) = look(mosaic_pixel_scale=0.005, max_mosaic_megapixels=30).errors
    assert isinstance(error, ResampleError)
    assert "All exposures overlap: set mosaic_pixel_scale" in str(error)
    assert look(mosaic_pixel_scale=0.05).problems == []


@pytest.mark.parametrize(("procs", "hint"), [(4, "use fewer procs, a larger machine"), (1, "use a larger machine")])
def test_more_memory_than_there_is(look, monkeypatch, procs, hint):
    cost = look(procs=procs).cost
    monkeypatch.setattr(size, "memory_limit", lambda: cost.memory - 1)
    (error,) = look(procs=procs).errors
    assert isinstance(error, MemoryExceededError)
    assert hint in str(error)
    monkeypatch.setattr(size, "memory_limit", lambda: cost.memory)
    assert look(procs=procs).problems == []


def test_nothing_is_said_of_a_mosaic_that_is_not_made(look):
    outlook = look(max_mosaic_megapixels=0.001, jwst_parameters={"resample": {"skip": True}})
    assert (outlook.problems, outlook.cost) == ([], None)
