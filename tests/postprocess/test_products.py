"""The files: what they say, when they are made, what happens where they cannot be made."""

import json
import resource
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS, FITSFixedWarning
from stdatamodels.jwst import datamodels

from app.runtime.errors import ConfigError, ExitCode, PostprocessError
from app.runtime.files import sha256
from tests.postprocess.conftest import MOSAIC
from tests.runs import make_step, run

KINDS = ("i2d_single", "i2d_blot")


def read(folder: Path) -> dict:
    return json.loads((folder / "lv3_run.json").read_text())


def content(folder: Path) -> dict[str, str]:
    return {path.name: sha256(path) for path in folder.glob("*.fits")}


def check_whole(folder: Path) -> None:
    """Every product in the folder is listed and whole, and there is nothing else of ours."""
    listed = {product["file"]: product["sha256"] for product in read(folder)["products"]}
    assert {name: listed.get(name) for name in content(folder)} == content(folder)
    assert not list(folder.glob(".*"))


@pytest.mark.parametrize("kind", KINDS)
def test_there_is_one_for_every_science_exposure_and_the_record_lists_it(any_run, kind):
    names = [f"jw01234001001_02101_0000{n}_mirimage_{kind}.fits" for n in (1, 2, 3, 4)]
    assert [path.name for path in any_run.files(kind)] == names
    check_whole(any_run.folder)


def test_detectors_of_an_exposure_are_one_file_by_group(later, miri, crds):
    """The record of a run of one detector, as if the first two exposures were two detectors of one."""
    native = read(later.folder)["groups"]["native"]
    names = list(native)
    joined = {names[0]: native[names[0]] + native[names[1]]} | {name: native[name] for name in names[2:]}
    record = read(later.folder)
    record["groups"]["native"] = joined
    (later.folder / "lv3_run.json").write_text(json.dumps(record))
    run(miri, later.folder, crds, do_drizzle=True, drizzle_by="group", drizzle_footprint_only=True)
    files = later.files("i2d_single")
    assert [path.name for path in files] == [f"{name}_i2d_single.fits" for name in joined]
    assert [int(fits.getdata(path, "CON").max()) for path in files] == [3, 1, 1]
    check_whole(later.folder)


@pytest.mark.parametrize("kind", KINDS)
def test_fits_keywords_and_gwcs_agree(any_run, kind):
    for path in any_run.files(kind):
        with fits.open(path) as file, datamodels.open(path) as model:
            ny, nx = model.shape
            y, x = np.mgrid[0 : ny : ny // 8, 0 : nx : nx // 8]
            sky = model.meta.wcs(x, y, with_bounding_box=False)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FITSFixedWarning)  # dates, which jwst writes as MJD alone
                seen = WCS(file["SCI"].header).all_pix2world(x, y, 0)
            # In pixels, by the gwcs: SIP's own inverse is only as good as jwst writes it.
            back = model.meta.wcs.invert(*seen, with_bounding_box=False)
            assert np.abs(np.subtract(back, model.meta.wcs.invert(*sky, with_bounding_box=False))).max() < 0.01


def test_files_say_what_they_are(finished):
    mosaic = finished.mosaic()
    for kind in KINDS:
        for crf, path in zip(finished.files("crf"), finished.files(kind), strict=True):
            header, of_exposure = fits.getheader(path), fits.getheader(crf)
            assert (header["LV3MOS"], header["LV3MSUM"]) == (MOSAIC, mosaic.sha256)
            assert (header["LV3DR"], header["FILENAME"]) == ("v0", path.name)
            for key in ("EXPOSURE", "DETECTOR", "DATE-OBS", "TARGNAME", "EFFEXPTM", "S_OUTLIR", "BKGLEVEL"):
                assert header[key] == of_exposure[key], key
            assert header["BKGSUB"] is True  # what skymatch found is out, as in the mosaic
            assert of_exposure["BKGSUB"] is False
            assert fits.getheader(path, "SCI")["BUNIT"] == mosaic.unit
            with datamodels.open(path) as model:
                assert isinstance(model, datamodels.ImageModel)
                assert model.meta.jwst_lv3.instance["dr_version"] == "v0"
                model.validate()


def test_a_drizzled_exposure_is_on_the_mosaics_grid_with_its_arrays(finished):
    header = fits.getheader(finished.folder / MOSAIC, "SCI")
    for path in finished.files("i2d_single"):
        with fits.open(path) as file:
            assert [hdu.name for hdu in file] == ["PRIMARY", "SCI", "ERR", "CON", "WHT", "ASDF"]
            for key in ("NAXIS1", "NAXIS2", "CRPIX1", "CRPIX2", "CRVAL1", "CRVAL2", "PC1_1", "PC1_2", "CDELT1"):
                assert file["SCI"].header[key] == header[key]


def test_a_blot_has_the_shape_and_the_wcs_of_its_exposure(finished):
    for crf, path in zip(finished.files("crf"), finished.files("i2d_blot"), strict=True):
        with datamodels.open(crf) as exposure, datamodels.open(path) as blot:
            assert blot.shape == exposure.shape
            at = np.array([10.0, 100.0]), np.array([20.0, 150.0])
            np.testing.assert_array_equal(blot.meta.wcs(*at), exposure.meta.wcs(*at))


def test_they_are_added_to_a_finished_run_without_the_pipeline(later, finished, miri, crds):
    before = content(later.folder)
    record = run(miri, later.folder, crds, do_blot=True)
    assert {path.name for path in finished.files("i2d_blot")} == content(later.folder).keys() - before.keys()
    run(miri, later.folder, crds, do_drizzle=True, procs=2)
    after = content(later.folder)
    assert len(after) == len(before) + 8
    assert {name: after[name] for name in before} == before
    assert record["times"]["resample"] == finished.record["times"]["resample"]
    assert record["state"] == finished.record["state"]
    for kind in KINDS:
        for path in finished.files(kind):
            np.testing.assert_array_equal(fits.getdata(later.folder / path.name), fits.getdata(path))


def test_only_what_is_missing_is_made(later, miri, crds):
    run(miri, later.folder, crds, do_blot=True)
    first, second, *_ = sorted(later.folder.glob("*_i2d_blot.fits"))
    second.unlink()
    before = content(later.folder)
    run(miri, later.folder, crds, do_blot=True)
    assert second.is_file()
    assert content(later.folder)[first.name] == before[first.name]
    run(miri, later.folder, crds)  # nothing is asked for: what is there stays
    assert second.is_file()


def test_other_options_than_those_of_the_files_are_refused(finished, unlike, miri, crds):
    before = content(finished.folder)
    with pytest.raises(ConfigError, match=r"(?s)overwrite=true.*blot_fillval: was nan, is -99.0"):
        make_step(miri, finished.folder, crds, do_blot=True, blot_fillval=-99).do_step()
    with pytest.raises(ConfigError, match="drizzle_footprint_only: was False, is True"):
        make_step(miri, finished.folder, crds, do_drizzle=True, drizzle_footprint_only=True).do_step()
    assert make_step(miri, finished.folder, crds, blot_fillval=-99).do_step()  # not asked for: no matter
    assert content(finished.folder) == before


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path, other: path.unlink(), "is missing"),
        (lambda path, other: path.write_bytes(path.read_bytes()[:100_000]), "replaced, edited or damaged"),
        (lambda path, other: shutil.copy(other, path), "not the mosaic that this run made of these exposures"),
    ],
    ids=["missing", "unreadable", "of other exposures"],
)
def test_a_mosaic_that_is_not_this_runs_is_refused(later, unlike, miri, crds, spoil, said):
    spoil(later.folder / MOSAIC, unlike.folder / MOSAIC)
    before = content(later.folder)
    with pytest.raises(PostprocessError, match=f"{MOSAIC}.*{said}.*overwrite=true"):
        make_step(miri, later.folder, crds, do_drizzle=True, do_blot=True).do_step()
    assert content(later.folder) == before
    assert read(later.folder)["state"] == "failed"


def test_one_bad_exposure_does_not_keep_the_others_from_being_made(later, miri, crds):
    bad = later.files("crf")[1]
    whole = bad.read_bytes()
    bad.write_bytes(whole[:50_000])
    with pytest.raises(PostprocessError, match=f"(?s){bad.name}: no drizzle.*{bad.name}: no blot.*run again"):
        make_step(miri, later.folder, crds, do_drizzle=True, do_blot=True).do_step()
    assert [len(list(later.folder.glob(f"*_{kind}.fits"))) for kind in KINDS] == [3, 3]
    bad.write_bytes(whole)
    assert run(miri, later.folder, crds, do_drizzle=True, do_blot=True)["error"] is None
    check_whole(later.folder)


def test_an_exposure_outside_of_the_mosaic_is_a_caveat(miri, crds, tmp_path):
    """The mosaic is made on a small grid, at a corner that one dither alone reaches."""
    with datamodels.open(miri.files[1]) as exposure:
        crval = [float(value) for value in exposure.meta.wcs(2, 253)]
    parameters = {
        "resample": {"crval": crval, "crpix": [2.0, 2.0], "output_shape": [5, 5]},
        **{step: {"skip": True} for step in ("tweakreg", "skymatch", "outlier_detection", "source_catalog")},
    }
    record = run(miri, tmp_path / "out", crds, jwst_parameters=parameters, do_drizzle=True, do_blot=True)
    told = [caveat["message"] for caveat in record["caveats"] if caveat["code"] == "not_covered"]
    empty = [path for path in (tmp_path / "out").glob("*_i2d_blot.fits") if np.isnan(fits.getdata(path)).all()]
    empty += [path for path in (tmp_path / "out").glob("*_i2d_single.fits") if np.isnan(fits.getdata(path)).all()]
    assert 0 < len(empty) < 8
    assert sorted(message.partition(":")[0] for message in told) == sorted(path.name for path in empty)
    assert record["state"] == "poor"  # three of four exposures add nothing


def test_a_file_that_cannot_be_written_leaves_nothing_half_written(later, miri, crds):
    """Blots fit under the limit, drizzled exposures do not: what is finished stays, and a second run makes the rest."""
    run(miri, later.folder, crds, do_blot=True)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_100_000, limits[1]))  # above what a run keeps free for its record
    try:
        with pytest.raises(PostprocessError, match=r"00001_mirimage_i2d_single.fits: cannot be written.*make room"):
            make_step(miri, later.folder, crds, do_drizzle=True).do_step()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    check_whole(later.folder)
    assert len(list(later.folder.glob("*_i2d_single.fits"))) == 0
    run(miri, later.folder, crds, do_drizzle=True)
    check_whole(later.folder)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own; the test is left out where none can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("only root can mount a file system")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_disk_that_fills_up_half_way(finished, small_disk, miri, crds):
    out = finished.copy(small_disk / "out", "*_i2d_single.fits", "*_i2d_blot.fits").folder
    room = int(2.5 * finished.files("i2d_single")[0].stat().st_size)
    free = shutil.disk_usage(small_disk).free
    (small_disk / "others").write_bytes(bytes(free - room))
    with pytest.raises(PostprocessError, match=r"(?s)cannot be written.*what is finished is listed"):
        make_step(miri, out, crds, do_drizzle=True, procs=2).do_step()
    check_whole(out)
    first = {path.name: path.stat().st_mtime_ns for path in out.glob("*_i2d_single.fits")}
    assert 1 <= len(first) <= 2
    (small_disk / "others").unlink()
    run(miri, out, crds, do_drizzle=True, procs=2)
    check_whole(out)
    after = {path.name: path.stat().st_mtime_ns for path in out.glob("*_i2d_single.fits")}
    assert len(after) == 4
    assert {name: after[name] for name in first} == first


def test_the_command_adds_them_and_fails_with_their_exit_status(later, miri, crds):
    command = [
        *(sys.executable, "-m", "app", "target=ngc0628", "band=F770W", f"in_dir={miri.folder}"),
        *(f"out_dir={later.folder}", "crds=synthetic", f"crds.path={crds.path}", "speed=exact", "do_blot=true"),
    ]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode in (0, ExitCode.CAVEATS)
    assert "blot: 4 exposures" in done.stderr
    assert "_i2d_blot.fits" not in done.stderr  # they are counted; the log has each
    assert (later.folder / "lv3_run.log").read_text().count("_i2d_blot.fits\n") >= 4
    assert len(list(later.folder.glob("*_i2d_blot.fits"))) == 4
    (later.folder / MOSAIC).unlink()
    done = subprocess.run([*command, "do_drizzle=true"], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == ExitCode.POSTPROCESS
    assert "the mosaic is missing" in done.stderr
