"""A download as MAST makes it: what is taken for one band and target, and what is said of the rest."""

import gzip
import os
import shutil

import pytest
from astropy.io import fits

from app.config.schema import Lv3Config
from app.observation.files import find_files
from app.observation.heads import read_heads
from app.plan.checks import look_ahead
from app.plan.plan import make_plan
from app.plan.selection import select
from app.plan.text import as_table, describe
from app.runtime.errors import InputError

NIRCAM = {"EXP_TYPE": "NRC_IMAGE", "INSTRUME": "NIRCAM", "DETECTOR": "NRCA1", "FILTER": "F200W", "PUPIL": "CLEAR"}
NIRISS = {"EXP_TYPE": "NIS_IMAGE", "INSTRUME": "NIRISS", "DETECTOR": "NIS", "FILTER": "CLEAR", "PUPIL": "F200W"}
SPECTRUM = {"EXP_TYPE": "MIR_MRS", "INSTRUME": "MIRI", "DETECTOR": "MIRIFULONG", "FILTER": "N/A"}


def write(folder, name, **cards):
    """A file that is only a primary header, in a folder of its own, as MAST has them."""
    path = folder / name / f"{name}_cal.fits"
    path.parent.mkdir(parents=True)
    fits.PrimaryHDU(header=fits.Header(list(cards.items()))).writeto(path)
    return path


def config(folder, **options):
    return Lv3Config(**{"target": "ngc0628", "band": "F200W", "in_dir": folder} | options)


def taken(folder, **options):
    settings = config(folder, **options)
    return select(find_files(settings.in_dir, "cal"), settings)


def test_other_bands_and_modes_are_left_out_and_counted(tmp_path):
    ours = [write(tmp_path, f"a{n}", **NIRCAM, TARGPROP="NGC-628") for n in (1, 2)]
    write(tmp_path, "b1", **NIRCAM | {"FILTER": "F444W", "DETECTOR": "NRCALONG"}, TARGPROP="NGC-628")
    write(tmp_path, "b2", **NIRCAM | {"FILTER": "F150W2", "PUPIL": "F162M"}, TARGPROP="NGC-628")
    write(tmp_path, "b3", **NIRCAM | {"EXP_TYPE": "NRC_TACQ"}, TARGPROP="NGC-628")
    write(tmp_path, "b4", **SPECTRUM, TARGPROP="NGC-628")
    found = taken(tmp_path)
    assert found.files == ours
    assert found.left_out == {"NIRCAM F444W": 1, "NIRCAM F162M": 1, "NIRCAM NRC_TACQ": 1, "MIRI MIR_MRS": 1}


def test_the_target_selects_where_a_name_tells_it_and_background_stays(tmp_path):
    ours = [
        write(tmp_path, "a1", **NIRCAM, TARGPROP="NGC-628"),
        write(tmp_path, "a2", **NIRCAM, TARGPROP="NGC0628-EAST"),
        write(tmp_path, "a3", **NIRCAM, TARGPROP="OFF", BKGDTARG=True),
    ]
    other = write(tmp_path, "a4", **NIRCAM, TARGPROP="NGC-6280")
    found = taken(tmp_path)
    assert (found.files, found.left_out, found.note) == (ours, {"target NGC-6280": 1}, "")
    assert taken(tmp_path, targprop="*6280").files == [ours[2], other]
    assert len(taken(tmp_path, targprop="*").files) == 4
    with pytest.raises(InputError, match=r"targprop=M31: fits no target of the 4 exposures.*NGC-628"):
        taken(tmp_path, targprop="M31")


def test_files_that_somebody_put_into_one_folder_are_of_one_target(tmp_path):
    """As before: they may have several names, M33 and NGC-598; but not in a survey that was made of a download."""
    for n, name in enumerate(("M33", "NGC-598", "M33-OFF")):
        write(tmp_path, f"a{n}", **NIRCAM, TARGPROP=name)
        (tmp_path / f"a{n}/a{n}_cal.fits").rename(tmp_path / f"a{n}_cal.fits")
    found = taken(tmp_path, target="m33")
    assert len(found.files) == 3
    assert "other targets are taken too: NGC-598; targprop leaves them out" in found.note
    assert len(taken(tmp_path, target="m33", targprop="M33*").files) == 2
    assert len(taken(tmp_path, target="m33", observations={"m33": ["F200W"]}).files) == 2


def test_where_no_name_is_the_targets_all_are_taken_and_that_is_said(tmp_path):
    for n, name in enumerate(("ARM", "CORE")):
        write(tmp_path, f"a{n}", **NIRCAM, TARGPROP=name)
    found = taken(tmp_path)
    assert len(found.files) == 2
    assert "no exposure's target is named ngc0628, so all are taken: ARM, CORE" in found.note


def test_a_folder_without_the_band_lists_what_it_holds(tmp_path):
    for n in range(3):
        write(tmp_path, f"a{n}", **NIRCAM, TARGPROP="X")
    write(tmp_path, "b", **SPECTRUM, TARGPROP="X")
    with pytest.raises(
        InputError, match=r"none of 4 files in .* is MIRI F770W; it holds MIRI MIR_MRS \(1\), NIRCAM F200W \(3\)"
    ):
        taken(tmp_path, band="F770W")


def test_two_instruments_with_one_band_have_to_be_told_apart(tmp_path):
    write(tmp_path, "a", **NIRCAM, TARGPROP="X")
    niriss = write(tmp_path, "b", **NIRISS, TARGPROP="X")
    with pytest.raises(
        InputError, match="holds 1 of nircam, 1 of niriss: write band=F200W_nircam or band=F200W_niriss"
    ):
        taken(tmp_path)
    assert taken(tmp_path, band="F200W_niriss").files == [niriss]


def test_what_no_one_can_read_is_not_left_out(tmp_path):
    write(tmp_path, "a", **NIRCAM, TARGPROP="X")
    for name, content in (
        ("b_cal.fits", b""),
        ("c_cal.fits", b"SIMPLE  =" + b" " * 5000),
        ("d_cal.fits.gz", b"\x1f\x8b..."),
    ):
        (tmp_path / name).write_bytes(content)
    assert len(taken(tmp_path).files) == 4


def test_a_file_that_has_changed_is_looked_at_again(tmp_path):
    path = write(tmp_path, "a", **NIRCAM, TARGPROP="X")
    assert read_heads([path])[0].filter == "F200W"
    fits.PrimaryHDU(header=fits.Header(list((NIRCAM | {"FILTER": "F090W"}).items()))).writeto(path, overwrite=True)
    assert read_heads([path])[0].filter == "F090W"


def test_a_quote_in_a_name(tmp_path):
    assert read_heads([write(tmp_path, "a", **NIRCAM, TARGPROP="BARNARD'S STAR")])[0].target == "BARNARD'S STAR"


@pytest.fixture
def download(miri, tmp_path):
    """The exposures as MAST delivers them, beside others; one of them packed, one a link."""
    folder = tmp_path / "MAST"
    for number, file in enumerate(miri.files):
        own = folder / "JWST" / file.name.removesuffix("_cal.fits")
        own.mkdir(parents=True)
        if number == 0:
            with gzip.open(own / f"{file.name}.gz", "wb", 1) as packed:
                packed.write(file.read_bytes())
        elif number == 1:
            (own / file.name).symlink_to(file)
        else:
            shutil.copy(file, own)
    write(folder, "spectrum", **SPECTRUM, TARGPROP="NGC-628")
    return folder


def test_a_download_gives_the_plan_of_a_flat_folder(download, miri, crds):
    options = {"target": "ngc0628", "band": "F770W", "crds": crds}
    flat, found = make_plan(Lv3Config(in_dir=miri.folder, **options)), make_plan(Lv3Config(in_dir=download, **options))
    assert [m.exposure.name for m in found.members] == [m.exposure.name for m in flat.members]
    assert (found.groups, flat.selected.left_out) == (flat.groups, {})
    assert found.selected.left_out == {"MIRI MIR_MRS": 1}
    text = as_table(describe(found, look_ahead(found)))
    assert "left out of what in_dir holds: 1 file (MIRI MIR_MRS 1)" in text
    assert "Problems: none" in text


def test_one_name_in_two_folders_is_an_error_with_both(miri, tmp_path):
    for place in ("first", "second"):
        (tmp_path / place).mkdir()
        shutil.copy(miri.files[0], tmp_path / place)
    with pytest.raises(InputError) as error:
        make_plan(Lv3Config("ngc0628", "F770W", tmp_path))
    (problem,) = error.value.problems
    assert all(str(tmp_path / place / miri.files[0].name) in problem for place in ("first", "second"))


def test_a_thousand_files_take_seconds(tmp_path):
    """As long as those of MAST: some 300 cards."""
    header = fits.Header(list((NIRCAM | {"TARGPROP": "X"}).items()) + [(f"K{n}", n, "a comment") for n in range(300)])
    path = tmp_path / "0_cal.fits"
    fits.PrimaryHDU(header=header).writeto(path)
    for n in range(1, 1000):
        shutil.copy(path, tmp_path / f"{n}_cal.fits")
    start = os.times()
    assert len(taken(tmp_path).files) == 1000
    end = os.times()
    assert end.user + end.system - start.user - start.system < 10
