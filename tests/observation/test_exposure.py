"""Reading headers: what is taken from them, and what is refused."""

import shutil
import warnings

import pytest
from astropy.io import fits

from app.observation.bands import Channel, Instrument
from app.observation.exposure import find_files, read_exposure, read_exposures
from app.runtime.errors import InputError


@pytest.fixture
def file(miri, tmp_path):
    """A copy of a good exposure, to be spoiled."""
    return shutil.copy(miri.files[0], tmp_path / miri.files[0].name)


def set_header(path, extension=0, **cards):
    with fits.open(path, mode="update") as hdus:
        for key, value in cards.items():
            if value is None:
                del hdus[extension].header[key]
            else:
                hdus[extension].header[key] = value


def test_facts_of_a_real_header(miri):
    exposure = read_exposure(miri.files[0])
    assert (exposure.instrument, exposure.channel, exposure.detector) == (Instrument.MIRI, Channel.MIRI, "MIRIMAGE")
    assert (exposure.filter, exposure.pupil, exposure.shape, exposure.unit) == ("F770W", "", (256, 256), "MJy/sr")
    assert exposure.stem == "jw01234001001_02101_00001_mirimage"
    assert exposure.s_region.startswith("POLYGON")
    assert exposure.background_level is None


def test_order_is_kept_whatever_the_number_of_readers(miri):
    assert [e.path for e in read_exposures(miri.files, procs=4)] == miri.files


def test_files_are_found_sorted_and_exclude_leaves_out(miri):
    found = find_files(miri.folder, "cal", ["_02201_"])
    assert found == sorted(f for f in miri.files if "_02201_" not in f.name)


def test_a_missing_folder_and_an_extension_that_nothing_has(miri, tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        find_files(tmp_path / "none", "cal")
    with pytest.raises(InputError, match=r"\*_crf.fits; it holds files that end in cal.fits"):
        find_files(miri.folder, "crf")


def spoil_truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def spoil_asdf(path):
    with fits.open(path) as hdus:
        kept = fits.HDUList([hdu.copy() for hdu in hdus if hdu.name != "ASDF"])
    kept.writeto(path, overwrite=True)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda p: p.write_bytes(b""), "cannot be read"),
        (lambda p: p.write_text("hello"), "cannot be read"),
        (spoil_truncate, "truncated"),
        (spoil_asdf, "no extension ASDF"),
        (lambda p: set_header(p, EXP_TYPE="MIR_MRS"), "EXP_TYPE is 'MIR_MRS', not one of"),
        (lambda p: set_header(p, VISIT=None), "keyword VISIT is missing"),
        (lambda p: set_header(p, S_RESAMP="COMPLETE"), "combined already"),
        (lambda p: set_header(p, 1, S_REGION=""), "keyword S_REGION is missing"),
    ],
)
def test_what_is_no_calibrated_exposure_is_refused_by_name(file, spoil, message):
    spoil(file)
    with pytest.raises(InputError, match=message) as error:
        read_exposure(file)
    assert file.name in str(error.value)


def test_threads_leave_the_filters_of_warnings_as_they_were(miri):
    before = list(warnings.filters)
    assert len(read_exposures(miri.files * 20, procs=4)) == 20 * len(miri.files)
    assert warnings.filters == before


def test_a_folder_and_a_dangling_link_are_no_files(tmp_path):
    (tmp_path / "a_cal.fits").mkdir()
    (tmp_path / "b_cal.fits").symlink_to("nowhere")
    with pytest.raises(InputError) as error:
        read_exposures(find_files(tmp_path, "cal"))
    assert len(error.value.problems) == 2


def test_an_earlier_sky_match_is_seen(file):
    set_header(file, BKGLEVEL=1.5, BKGSUB=False, BKGMETH="match")
    exposure = read_exposure(file)
    assert (exposure.background_level, exposure.background_subtracted, exposure.background_method) == (
        1.5,
        False,
        "match",
    )
