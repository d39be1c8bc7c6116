"""Reading headers: what is taken from them, and what is refused."""

import shutil
import warnings

import pytest
from astropy.io import fits

from app.observation.bands import Channel, Instrument
from app.observation.calibration import Calibration
from app.observation.exposure_headers import read_exposure, read_exposures
from app.runtime.errors import InputError
from tests.factories import make_exposure


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
    assert exposure.base_name == "jw01234001001_02101_00001_mirimage"
    assert exposure.s_region.startswith("POLYGON")
    assert exposure.background_level is None


def test_order_is_kept_whatever_the_number_of_readers(miri):
    assert [e.path for e in read_exposures(miri.files, procs=4)] == miri.files


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


def test_an_earlier_sky_match_is_seen(file):
    set_header(file, BKGLEVEL=1.5, BKGSUB=False, BKGMETH="match")
    exposure = read_exposure(file)
    assert (exposure.background_level, exposure.background_subtracted, exposure.background_method) == (
        1.5,
        False,
        "match",
    )


def test_a_real_mosaic_is_combined_already_though_it_has_no_dq(file):
    with fits.open(file) as hdus:
        kept = [hdu.copy() for hdu in hdus if hdu.name != "DQ"]
    kept[0].header["S_RESAMP"] = "COMPLETE"
    fits.HDUList(kept).writeto(file, overwrite=True)
    with pytest.raises(InputError, match="it is combined already") as error:
        read_exposure(file)
    assert "DQ" not in str(error.value)


def test_what_it_was_calibrated_with(file):
    set_header(
        file,
        CAL_VER="1.14.0",
        CRDS_CTX="jwst_1235.pmap",
        R_DISTOR="crds://jwst_miri_distortion_47.asdf",
        R_FILOFF="N/A",
    )
    found = read_exposure(file).calibration
    assert found == Calibration("1.14.0", "jwst_1235.pmap", "jwst_miri_distortion_47.asdf", "")


@pytest.mark.parametrize(("value", "expected"), [(True, True), (False, False), (None, False)])
def test_a_target_that_is_declared_background(file, value, expected):
    set_header(file, BKGDTARG=value)
    assert read_exposure(file).is_background_target is expected


@pytest.mark.parametrize(("date", "epoch"), [("2000-01-01", 2e3), ("2023-07-02", 2023.5), ("", None), ("soon", None)])
def test_the_epoch_of_a_date(date, epoch):
    found = make_exposure("jw01234001001_02101_00001_mirimage_cal.fits", date=date).epoch
    assert found == (epoch if epoch is None else pytest.approx(epoch, abs=2e-3))
