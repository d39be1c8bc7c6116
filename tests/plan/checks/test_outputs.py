"""What a run would write, replace or remove: never an input, never a file that is not its own."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from app.runtime.errors import InputError
from tests.plan.checks.conftest import science

MOSAIC = "ngc0628_miri_lv3_f770w_i2d.fits"


def write_record(folder: Path, product: str) -> dict[str, Any]:
    """Leave the record of a failed run that made one product."""
    record = {"schema": 1, "state": "failed", "started": "2026-11-22T10:00:00+00:00", "config": {}, "inputs": []}
    record |= {"products": [{"file": product, "size": 1}], "caveats": [], "error": None, "host": {}}
    (folder / "lv3_run.json").write_text(json.dumps(record))
    return record


def crf_of(cal: Path) -> str:
    return cal.name.replace("_cal.fits", "_crf.fits")


@pytest.fixture
def crfs(folder):
    """A folder that holds the exposures as an earlier run wrote them: the inputs are named as its products."""
    for path in folder.glob("*_cal.fits"):
        path.rename(path.with_name(crf_of(path)))
    return folder


def refused(look, folder=None, **options):
    """What is said against inputs, or names, that are in harm's way."""
    errors = [error for error in look(folder, **options).errors if isinstance(error, InputError)]
    return "\n".join(str(error) for error in errors)


def test_inputs_that_are_products_of_this_run(look, crfs, tmp_path):
    said = refused(look, crfs, step_ext="crf", out_dir=str(crfs))
    assert "in_dir: " in said
    assert "and 1 more would be replaced or removed" in said
    assert refused(look, crfs, step_ext="crf", out_dir=str(tmp_path / "out")) == ""


@pytest.mark.parametrize("way", ["..", "link to the folder", "link to the file", "hard link"])
def test_whatever_path_leads_there(look, crfs, tmp_path, way):
    out = tmp_path / "out"
    if way == "..":
        out = crfs / ".." / crfs.name
    elif way == "link to the folder":
        out.symlink_to(crfs)
    else:
        out.mkdir()
        first = min(crfs.glob("*_02101_*_crf.fits"))
        (os.link if way == "hard link" else os.symlink)(first, out / first.name)
    assert "in_dir: " in refused(look, crfs, step_ext="crf", out_dir=str(out))


def test_inputs_that_an_earlier_run_lists(look, folder):
    write_record(folder, science(folder)[0].name)
    for options in ({}, {"overwrite": True}):
        assert science(folder)[0].name in refused(look, folder, out_dir=str(folder), **options)


def test_background_exposures_are_inputs_too(look, folder, tmp_path):
    background = max(folder.glob("*_cal.fits"))
    write_record(folder, background.name)
    assert background.name in refused(look, folder, out_dir=str(folder))


def test_inputs_in_the_work_folder(look, folder, tmp_path):
    inside = tmp_path / "out" / ".jwst-lv3-work" / "in"
    shutil.copytree(folder, inside)
    assert "in_dir: " in refused(look, inside, out_dir=str(tmp_path / "out"))


def test_a_work_folder_among_the_inputs(look, folder, tmp_path):
    for work in (folder, folder / "work", tmp_path / "x" / ".." / folder.name / "work"):
        said = refused(look, folder, out_dir=str(tmp_path / "o"), work_dir=str(work))
        assert f"work_dir={work}: lies in in_dir" in said


@pytest.mark.parametrize(
    "name_it",
    [
        lambda path: {"mosaic_like": path},
        lambda path: {"sky_levels": path},
        lambda path: {"jwst_parameters": {"tweakreg": {"abs_refcat": path}}},
        lambda path: {"jwst_parameters": {"tweakreg": {"abs_refcat": {"miri": path}}}},
        lambda path: {"jwst_parameters": {"resample": {"output_wcs": path}}},
        lambda path: {"jwst_parameters": {"skymatch": {"skylist": path}}},
        lambda path: {"presets": {"sky": {"skymatch": {"skylist": path}}}},
    ],
)
def test_files_that_parameters_name(look, tmp_path, name_it):
    out = tmp_path / "out"
    out.mkdir()
    (out / MOSAIC).write_text("")
    said = refused(look, out_dir=str(out), **name_it(str(out / ".." / "out" / MOSAIC)))
    assert f"{MOSAIC} would be replaced or removed" in said


def test_catalogues_in_a_list_of_catalogues(look, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "ngc0628_miri_lv3_f770w_cat.ecsv").write_text("")
    catfile = tmp_path / "catfile"
    catfile.write_text("x_cal.fits out/ngc0628_miri_lv3_f770w_cat.ecsv\n")
    parameters = {"tweakreg": {"use_custom_catalogs": True, "catfile": str(catfile)}}
    assert "catfile: " in refused(look, out_dir=str(out), jwst_parameters=parameters)


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(
    "name",
    [
        *(MOSAIC, "jw01234001001_02101_00001_mirimage_crf.fits", "ngc0628_miri_lv3_f770w_cat.ecsv"),
        *("asn_lv3_f770w.json", "lv3_alignment.ecsv", "lv3_run.json", "lv3_report.html"),
    ],
)
def test_files_of_others_that_have_a_products_name(look, tmp_path, name, overwrite):
    (tmp_path / name).write_text("an old folder of pjpipe")
    said = refused(look, out_dir=str(tmp_path), overwrite=overwrite)
    assert f"holds {name}, which no run of this program listed" in said


def test_a_drizzled_exposure_of_others_counts_where_one_would_be_made(look, tmp_path):
    (tmp_path / "jw01234001001_02101_00001_mirimage_i2d_single.fits").write_text("")
    assert refused(look, out_dir=str(tmp_path)) == ""
    assert "_i2d_single.fits, which no run" in refused(look, out_dir=str(tmp_path), do_drizzle=True)


def test_what_a_record_lists_is_ours(look, tmp_path):
    (tmp_path / MOSAIC).write_text("")
    (tmp_path / "lv3_run.log").write_text("")
    write_record(tmp_path, MOSAIC)
    assert refused(look, out_dir=str(tmp_path)) == ""
    (tmp_path / "other.txt").write_text("a user's own")
    assert refused(look, out_dir=str(tmp_path), overwrite=True) == ""


@pytest.mark.parametrize("key", ["state", "config", "inputs", "products", "caveats", "error", "host"])
def test_a_record_that_is_not_ours_is_a_file_of_others(look, tmp_path, key):
    record = write_record(tmp_path, MOSAIC)
    del record[key]
    (tmp_path / "lv3_run.json").write_text(json.dumps(record))
    assert "holds lv3_run.json, which no run of this program listed" in refused(look, out_dir=str(tmp_path))


def test_a_folder_of_others_with_the_name_of_the_reports_own(look, tmp_path):
    files = tmp_path / "lv3_report_files"
    files.mkdir()
    (files / "0_12_3.js").write_text("a tile")
    assert refused(look, out_dir=str(tmp_path)) == ""
    (files / "notes.txt").write_text("a user's own")
    assert "holds lv3_report_files, in which there is something else" in refused(look, out_dir=str(tmp_path))
    assert refused(look, out_dir=str(tmp_path), report=False) == ""


def test_two_exposures_that_would_give_one_file(look, folder):
    """jwst knows residual_fringe and fringe as suffixes."""
    one, other, *_ = science(folder)
    stem = one.name.removesuffix("_cal.fits")
    one.rename(folder / f"{stem}_fringe.fits")
    other.rename(folder / f"{stem}_residual_fringe.fits")
    assert f"would both give {stem}_crf.fits" in refused(look, folder, step_ext="fringe")


def test_what_jwst_cannot_write(look, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("ELSEWHERE", str(tmp_path))
    assert "take the part with $ for a variable" in refused(look, out_dir=str(tmp_path / "$ELSEWHERE"))
    first = science(folder)[0]
    first.rename(folder / f"größe_{first.name}")
    assert f"größe_{first.name}: jwst writes file names into FITS headers" in refused(look, folder)
