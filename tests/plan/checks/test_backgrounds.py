"""Background exposures that are to be used: what is missing is said before hours are spent."""

import shutil
from pathlib import Path

import pytest
from astropy.io import fits

from app.config.schema import Lv3Config
from app.config.validation import check
from app.observation.bands import find_bands
from app.observation.members import Member, Role
from app.plan.backgrounds import backgrounds
from app.plan.checks.backgrounds import check as check_backgrounds
from app.plan.plan import Plan, make_plan
from app.runtime.errors import ConfigError, InputError
from tests.factories import make_exposure
from tests.plan.checks.conftest import codes, science, set_keywords


def background(folder: Path) -> list[Path]:
    return sorted(folder.glob("*_02201_*_cal.fits"))


def notes(outlook) -> list[str]:
    return [note for note in outlook.notes if "background exposure nearest in time" in note]


@pytest.mark.parametrize("use", ["level", "image"])
def test_what_will_be_subtracted_is_said(look, folder, use):
    if use == "image":  # a third place
        shutil.copy(
            background(folder)[0],
            third := background(folder)[0].with_name("jw01234002001_02201_00003_mirimage_cal.fits"),
        )
        set_keywords(third, EXPOSURE="00003")
        with fits.open(third, mode="update") as file:
            region = file["SCI"].header["S_REGION"].split()
            file["SCI"].header["S_REGION"] = " ".join(
                [*region[:2], *(f"{float(v) + (0.001 if i % 2 == 0 else 0):.9f}" for i, v in enumerate(region[2:]))]
            )
    outlook = look(folder, background_use=use)
    assert outlook.problems == []
    assert codes(outlook.caveats) == []
    (note,) = notes(outlook)
    assert note.endswith(f"{background(folder)[0].name} (4 exposures)")
    assert ("in common" in note) is (use == "image")


def test_nothing_is_said_where_none_is_used(look, folder):
    assert notes(look(folder)) == []


def test_the_nearest_in_time_is_taken(look, folder):
    first, second = background(folder)
    near = science(folder)[0]
    set_keywords(second, EXPMID=fits.getval(near, "EXPMID") + 0.0001)
    config = Lv3Config(target="ngc0628", band="F770W", in_dir=str(folder), background_use="level")
    found = backgrounds(make_plan(config))
    assert [e.name for e in found[near.name]] == [second.name, first.name]
    assert len(found) == 4


def test_no_background_at_all(look, folder):
    for path in background(folder):
        path.unlink()
    (error,) = look(folder, background_use="level").errors
    assert isinstance(error, InputError)
    assert "none of the 4 exposures is background (bgr_check_type=parallel_off)" in str(error)


def test_background_of_another_filter_is_left_out_with_all_that_is_of_another_band(look, folder):
    for path in background(folder):
        set_keywords(path, FILTER="F1000W")
    (problem,) = look(folder, background_use="level").problems
    assert "none of the" in str(problem)
    assert "is background" in str(problem)


def test_a_detector_without_background():
    made = [
        make_exposure(f"jw01234001001_02101_0000{n}_{d}_cal.fits", mid_time=1.0)
        for n in (1, 2)
        for d in ("nrca1", "nrcb1")
    ]
    members = [Member(e, Role.SCIENCE, "") for e in made[:2]] + [Member(made[2], Role.BACKGROUND, "")]
    config = Lv3Config(target="a", band="F200W", in_dir="in", background_use="level")
    (error,) = check_backgrounds(Plan(config, find_bands("F200W_nircam")[0], members, {}))
    assert "NRCB1 F200W CLEAR has no background exposure, only NRCA1 F200W CLEAR has" in str(error)


def test_another_subarray_serves_for_a_level_alone(look, folder):
    for path in background(folder):
        set_keywords(path, SUBSTRT1=17)
    assert look(folder, background_use="level").problems == []
    (problem,) = look(folder, background_use="image").problems
    assert "have other pixels of the detector" in problem
    assert "choose background_use=level" in problem


def test_subtracted_before_and_times_that_are_missing_are_all_said_at_once(look, folder):
    set_keywords(science(folder)[0], S_BKDSUB="COMPLETE")
    set_keywords(background(folder)[1], EXPMID=None)
    outlook = look(folder, background_use="level")
    assert len(outlook.problems) == 2
    assert "its background was subtracted before (S_BKDSUB)" in outlook.problems[0]
    assert "has no EXPMID" in outlook.problems[1]


def test_too_few_places_for_an_image(look, folder):
    (caveat,) = look(folder, background_use="image").caveats
    assert caveat.code == "few_backgrounds"
    assert "fewer than 3 places on the sky: MIRIMAGE F770W (2)" in caveat.message


@pytest.mark.parametrize("key", ["is_bgr", "process_bgr_like_science"])
def test_background_is_not_science_too(key):
    with pytest.raises(ConfigError, match=f"with {key}=true no exposure is background"):
        check(Lv3Config(target="a", band="F770W", in_dir="in", background_use="level", **{key: True}))
