"""Exposures that were sky-matched before, and tables of levels that the user brings."""

import pytest

from app.runtime.errors import ConfigError, InputError
from tests.plan.checks.conftest import codes, science, set_keywords


def skymatch(**parameters):
    return {"jwst_parameters": {"skymatch": parameters}}


def mark(paths, subtracted=True, level=0.5):
    for path in paths:
        set_keywords(path, BKGLEVEL=level, BKGSUB=subtracted, BKGMETH="match")


def test_matched_before_in_another_mode(look, folder):
    mark(science(folder)[:2])
    outlook = look(folder)
    assert [type(error) for error in outlook.errors] == [InputError] * 2
    assert "matched before with subtract=true, now jwst_parameters.skymatch.subtract=false" in outlook.problems[0]


def test_skymatch_would_really_fail(folder):
    from jwst.skymatch import SkyMatchStep

    mark(science(folder)[:1])
    with pytest.raises(ValueError, match="inconsistent with background info"):
        SkyMatchStep.call([str(path) for path in science(folder)[:2]], subtract=False)


def test_matched_before_in_the_same_mode_is_a_caveat(look, folder):
    mark(science(folder), subtracted=False)
    outlook = look(folder)
    assert outlook.problems == []
    assert codes(outlook.caveats) == ["sky_matched_before"]
    assert "and 1 others had the sky matched before; it is matched again (match)" in outlook.caveats[0].message


def test_a_level_without_a_mode(look, folder):
    mark(science(folder)[:1])
    set_keywords(science(folder)[0], BKGSUB=None)
    (problem,) = look(folder).problems
    assert "contradict each other: BKGLEVEL=0.5, BKGSUB=None" in problem


def test_levels_are_kept_where_skymatch_is_skipped(look, folder):
    mark(science(folder))
    outlook = look(folder, **skymatch(skip=True))
    assert (outlook.problems, outlook.caveats) == ([], [])


def test_skipped_and_only_some_matched_before(look, folder):
    mark(science(folder)[1:])
    (caveat,) = look(folder, **skymatch(skip=True)).caveats
    assert caveat.code == "sky_partly_matched"
    assert "only 3 of 4" in caveat.message


def test_a_background_exposure_does_not_matter(look, folder):
    mark(folder.glob("*_02201_*_cal.fits"))
    assert look(folder).problems == []


@pytest.fixture
def table(miri, tmp_path):
    path = tmp_path / "levels.csv"
    path.write_text("file,level\n" + "".join(f"{p.name},0.5\n" for p in science(miri.folder)))
    return path


def test_a_table_of_levels(look, table):
    assert look(sky_levels=str(table)).problems == []
    assert look(**skymatch(skymethod="user", skylist=str(table))).problems == []


def test_a_table_that_does_not_fit(look, table):
    lines = table.read_text().splitlines()
    table.write_text("\n".join([*lines[:-1], lines[1], "other_cal.fits,1"]))
    assert len(look(sky_levels=str(table)).problems) == 3


def test_user_levels_need_a_table(look, tmp_path):
    (error,) = look(**skymatch(skymethod="user")).errors
    assert isinstance(error, ConfigError)
    assert "needs a table of levels: set sky_levels" in str(error)
    (problem,) = look(sky_levels=str(tmp_path / "none.csv")).problems
    assert "none.csv: cannot be read" in problem


def test_a_solution_takes_no_method_of_skymatch(look, folder):
    outlook = look(folder, sky_method="solution", **skymatch(skymethod="global"))
    assert [type(error) for error in outlook.errors] == [ConfigError]
    assert "skymethod=global: sky_method=solution has no such method" in outlook.problems[0]
    (problem,) = look(folder, sky_method="solution", **skymatch(skip=True)).problems
    assert "skip=true leaves the sky as it is" in problem


def test_a_solution_of_exposures_that_lost_a_level_before(look, folder):
    mark(science(folder)[:1])
    outlook = look(folder, sky_method="solution")
    assert "was subtracted before" in outlook.problems[0]
    assert len(outlook.problems) == 1


def test_a_mosaic_that_levels_cannot_follow(look, folder):
    for anchor, problem in (("lowset", "did you mean lowest?"), (science(folder)[0].parent, "nor an i2d file")):
        (found,) = look(folder, sky_method="solution", sky_anchor=str(anchor)).problems
        assert problem in found
    broken = folder / "broken_i2d.fits"
    broken.write_bytes(b"SIMPLE")
    (found,) = look(folder, sky_method="solution", sky_anchor=str(broken)).problems
    assert str(broken) in found
    assert look(folder, sky_method="solution", sky_anchor=str(science(folder)[0])).problems == []
