"""Exposures spoiled in every way that files get spoiled: refused in one line with file and cause, or handled."""

import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from astropy.modeling.models import Scale

from app.config.schema import Lv3Config
from app.observation.exposure_headers import read_exposures
from app.observation.files import find_files
from app.observation.members import Member, Role
from app.plan.association import association, write_association
from app.plan.checks import preflight
from app.plan.plan import make_plan
from app.runtime.errors import InputError
from app.simulation import simulate_observation
from tests.faults import spoil
from tests.runs import run

REFUSED = {
    "zero length": (spoil.write(b""), "the file is empty"),
    "wrong magic": (spoil.write(b"\x89HDF\r\n" * 1000), "not a FITS file"),
    "text": (spoil.write(b"<html>404 Not Found</html>"), "not a FITS file"),
    "one block of zeros": (spoil.write(bytes(2880)), "not a FITS file"),
    "cut in the first header": (spoil.cut(0.002), "cannot be read"),
    "cut in the data": (spoil.cut(0.5), "truncated"),
    "one byte short of its data": (spoil.cut(0.97), "truncated"),
    "gzip inside": (spoil.GZIP, "compressed with gzip"),
    "bzip2 inside": (spoil.BZIP2, "compressed with bzip2"),
    "a folder": (spoil.replace_by(Path.mkdir), "not a regular file"),
    "a pipe": (spoil.replace_by(os.mkfifo), "not a regular file"),
    "a loop of links": (spoil.replace_by(lambda path: path.symlink_to(path)), "not a regular file"),
    "a dangling link": (spoil.replace_by(lambda path: path.symlink_to("nowhere")), "not a regular file"),
    "no SCI": (spoil.without("SCI"), "no extension SCI"),
    "no ERR": (spoil.without("ERR"), "no extension ERR"),
    "no DQ": (spoil.without("DQ"), "no extension DQ"),
    "no ASDF": (spoil.without("ASDF"), "no extension ASDF"),
    "SCI is a cube": (spoil.data("SCI", lambda a: np.stack([a, a])), r"SCI has the shape \(2, 64, 64\)"),
    "SCI is empty": (spoil.data("SCI", lambda a: None), "SCI has the shape"),
    "ERR of another shape": (spoil.data("ERR", lambda a: a[:-1]), r"ERR has the shape \(63, 64\), SCI has \(64, 64\)"),
    "DQ of another shape": (spoil.data("DQ", lambda a: a[:, 1:]), "DQ has the shape"),
    "variance of another shape": (spoil.data("VAR_RNOISE", lambda a: a[1:]), "VAR_RNOISE has the shape"),
    "all NaN": (spoil.data("SCI", lambda a: np.full_like(a, np.nan)), "no pixel of it can be used"),
    "all infinite": (spoil.data("SCI", lambda a: np.full_like(a, np.inf)), "no pixel of it can be used"),
    "all DQ set": (spoil.data("DQ", lambda a: np.full_like(a, 1)), "no pixel of it can be used"),
    "DQ is real": (spoil.bits("DQ", -32), "DQ has BITPIX -32"),
    "DQ has 64 bits": (spoil.bits("DQ", 64), "DQ has BITPIX 64"),
    "SCI is integer": (spoil.bits("SCI", 16), "SCI has BITPIX 16"),
    "ASDF is garbage": (spoil.asdf_bytes(b"\0" * 100), "holds no ASDF"),
    "BITPIX is a text": (spoil.patch(b"BITPIX  =                  -32", b"BITPIX  = 'minus 32'          "), "."),
    "NAXIS1 is negative": (spoil.patch(b"NAXIS1  =                   64", b"NAXIS1  =                  -64"), "."),
    "NAXIS1 is huge": (spoil.patch(b"NAXIS1  =                   64", b"NAXIS1  =           9999999999"), "."),
    "a card without END": (spoil.patch(b"END" + b" " * 77, b"ENO" + b" " * 77), "."),
    "no EXP_TYPE": (spoil.cards(EXP_TYPE=None), "EXP_TYPE is None"),
    "EXP_TYPE of another mode": (spoil.cards(EXP_TYPE="MIR_MRS"), "EXP_TYPE is 'MIR_MRS'"),
    "EXP_TYPE is a number": (spoil.cards(EXP_TYPE=5), "EXP_TYPE is 5"),
    "no VISIT": (spoil.cards(VISIT=None), "keyword VISIT is missing"),
    "VISIT is empty": (spoil.cards(VISIT=" "), "keyword VISIT is missing"),
    "VISIT leads elsewhere": (spoil.cards(VISIT="../../x"), "VISIT is '../../x'"),
    "no FILTER": (spoil.cards(FILTER=None), "keyword FILTER is missing"),
    "no DETECTOR": (spoil.cards(DETECTOR=None), "keyword DETECTOR is missing"),
    "DETECTOR of another instrument": (spoil.cards(DETECTOR="NRCA1"), "DETECTOR is 'NRCA1'"),
    "DETECTOR is a logical": (spoil.cards(DETECTOR=True), "DETECTOR is 'True'"),
    "no BUNIT": (spoil.cards("SCI", BUNIT=None), "keyword BUNIT is missing"),
    "no S_REGION": (spoil.cards("SCI", S_REGION=None), "keyword S_REGION is missing"),
    "S_REGION without numbers": (spoil.cards("SCI", S_REGION="POLYGON ICRS here there"), "S_REGION is"),
    "S_REGION with NaN": (spoil.cards("SCI", S_REGION="POLYGON ICRS nan 1 1 2 2 2 2 1"), "S_REGION is"),
    "S_REGION of two corners": (spoil.cards("SCI", S_REGION="POLYGON ICRS 1 1 2 2"), "S_REGION is"),
    "S_REGION is a number": (spoil.cards("SCI", S_REGION=12.5), "S_REGION is"),
    "BKGLEVEL is a text": (spoil.cards("SCI", BKGLEVEL="high"), "BKGLEVEL is 'high'"),
    "combined already": (spoil.cards(S_RESAMP="COMPLETE"), "combined already"),
}


def wcs_of_nan(meta):
    meta["wcs"].insert_transform("detector", Scale(np.nan) & Scale(np.nan), after=True)
    assert np.isnan(meta["wcs"](3, 3)).any()


def tag_of_a_later_gwcs(hdus):
    tree = hdus["ASDF"].data["ASDF_METADATA"].tobytes()
    assert b"tag:stsci.edu:gwcs/wcs-1" in tree
    spoil.set_asdf(hdus, tree.replace(b"tag:stsci.edu:gwcs/wcs-1", b"tag:stsci.edu:gwcs/wcs-9"))


WCS_REFUSED = {
    "no WCS": (spoil.meta(lambda meta: meta.pop("wcs")), "there is no WCS"),
    "WCS gives NaN": (spoil.meta(wcs_of_nan), "the WCS gives NaN"),
    "footprint elsewhere": (
        spoil.cards("SCI", S_REGION="POLYGON ICRS 1 1 1 1.01 1.01 1.01 1.01 1"),
        "from its footprint S_REGION",
    ),
    "WCS of a later gwcs": (spoil.rewrite(tag_of_a_later_gwcs), "nothing that the installed gwcs and asdf can read"),
    "no variance, which ASDF names": (spoil.without("VAR_RNOISE"), "jwst cannot read it .*VAR_RNOISE"),
    "ASDF cut": (spoil.asdf_bytes(b"#ASDF 1.0.0\n%YAML 1.1\n---\nmeta: {wcs: [1,"), "jwst cannot read it"),
    "ASDF that would run Python": (
        spoil.asdf_bytes(b"#ASDF 1.0.0\n%YAML 1.1\n---\nmeta: {wcs: !!python/object/apply:os.abort []}\n...\n"),
        ".",
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def never_hang():
    """None of these tests takes longer, on any machine."""
    signal.alarm(600)
    yield
    signal.alarm(0)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return simulate_observation(tmp_path_factory.mktemp("tiny"), n_dithers=2, window=(64, 64))


@pytest.fixture
def spoiled(tiny, tmp_path):
    """A folder with copies, the first of which is going to be spoiled."""
    files = [Path(shutil.copy(path, tmp_path / path.name)) for path in tiny.files]
    return tmp_path, files[0]


def the_one_problem(error, path):
    assert len(error.value.problems) == 1
    problem = error.value.problems[0]
    assert path.name in problem
    assert "\n" not in problem
    return problem


@pytest.mark.parametrize(("change", "message"), REFUSED.values(), ids=REFUSED)
def test_refused_from_the_headers(spoiled, change, message):
    folder, path = spoiled
    change(path)
    with pytest.raises(InputError, match=message) as error:
        read_exposures(find_files(folder, "cal"))
    the_one_problem(error, path)
    assert read_exposures(find_files(folder, "cal", exclude=[path.name])), "exclude leaves it out"


@pytest.mark.parametrize(("change", "message"), WCS_REFUSED.values(), ids=WCS_REFUSED)
@pytest.mark.filterwarnings("ignore::asdf.exceptions.AsdfConversionWarning")
def test_refused_when_the_run_opens_it(spoiled, tmp_path, change, message):
    from app.pipeline.divided.library import ExposureLibrary

    folder, path = spoiled
    change(path)
    members = [Member(exposure, Role.SCIENCE, "") for exposure in read_exposures(find_files(folder, "cal"))]
    table = write_association(association(members, "product", "target"), tmp_path / "asn.json")
    with pytest.raises(InputError, match=message) as error:
        ExposureLibrary(table, procs=1)
    the_one_problem(error, path)


@pytest.mark.parametrize(("change", "message"), WCS_REFUSED.values(), ids=WCS_REFUSED)
@pytest.mark.filterwarnings("ignore::asdf.exceptions.AsdfConversionWarning")
def test_the_first_exposure_is_refused_like_any_other(spoiled, crds, change, message):
    """jwst opens the first one for the mosaic's grid, before all the others."""
    folder, path = spoiled
    change(path)
    config = Lv3Config(target="ngc0628", band="F770W", in_dir=str(folder), crds=crds)
    with pytest.raises(InputError, match=message) as error:
        preflight(make_plan(config))
    the_one_problem(error, path)


def test_an_exposure_that_may_not_be_read_is_named(spoiled):
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    folder, path = spoiled
    path.chmod(0)
    with pytest.raises(InputError, match="Permission denied") as error:
        read_exposures(find_files(folder, "cal"))
    the_one_problem(error, path)


def test_two_copies_of_an_exposure_are_refused(spoiled):
    from app.plan.roles import find_band

    folder, path = spoiled
    shutil.copy(path, folder / "jw01234001001_02101_00001_mirimage_copy_cal.fits")
    with pytest.raises(InputError, match="the same exposure as"):
        find_band(read_exposures(find_files(folder, "cal")), "F770W")


def test_mixed_units_are_refused(spoiled):
    folder, path = spoiled
    spoil.cards("SCI", BUNIT="DN/s")(path)
    with pytest.raises(InputError, match="BUNIT is 'MJy/sr', that of others 'DN/s'"):
        read_exposures(find_files(folder, "cal"))


def test_several_bad_files_are_said_at_once(spoiled):
    folder, _ = spoiled
    for file in folder.glob("*_cal.fits"):
        file.write_bytes(b"")
    with pytest.raises(InputError) as error:
        read_exposures(find_files(folder, "cal"))
    assert len(error.value.problems) == 2


HARMLESS = [
    spoil.cards(**{"FILENAME": "../../../evil_cal.fits", "DATE-OBS": None}),
    spoil.patch(b"Nobody", b"N\xf6body"),
    spoil.cards(**{"DATE-OBS": "2999-12-31", "TARGPROP": "<script>alert(1)</script>; $(rm -rf /)"}),
    lambda path: os.utime(path, (4e9, 4e9)),
]


@pytest.mark.filterwarnings("ignore:non-ASCII characters")  # astropy says so, and reads on
def test_handled_by_a_run(crds, tmp_path):
    """Names that lead elsewhere, bytes that are no ASCII, clocks that are ahead: the mosaic is what it would be."""
    truth = simulate_observation(tmp_path / "in", n_dithers=len(HARMLESS), window=(96, 96))
    run(truth, tmp_path / "good", crds, do_blot=True)
    for path, change in zip(truth.files, HARMLESS, strict=True):
        change(path)
    run(truth, tmp_path / "out", crds, do_blot=True, report=True)
    names = {p.name for p in (tmp_path / "out").iterdir()}
    assert names == {p.name for p in (tmp_path / "good").iterdir()} | {"lv3_report.html"}
    assert not list(tmp_path.glob("**/*evil*"))
    assert "<script>alert(1)" not in (tmp_path / "out" / "lv3_report.html").read_text()
    from tests.faults.compare import differences

    found = differences(tmp_path / "out", tmp_path / "good")
    assert [said for said in found if "differ" in said and "HDRTAB" not in said] == []
