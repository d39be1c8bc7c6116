"""Released images: the run's pixels, a WCS in every extension, in one file or several, plain or compressed."""

import warnings

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from app.cli.release import release
from app.cli.release.images import exposure_time
from app.cli.release.rules import problems
from tests.cli.release.made import TIMES, covered, make_config, make_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("images") / "out")


def released(run, tmp_path, **options):
    folder = release(make_config(run.folder, tmp_path / "release", **options))
    assert problems(folder) == []
    return {path.name.split("_")[-1]: path for path in folder.glob("*.fits*")}


def bits(data):
    return np.ascontiguousarray(data).view(np.uint8).tobytes()


def equal(hdu, other):
    return hdu.data.dtype.newbyteorder("=") == other.data.dtype.newbyteorder("=") and bits(
        hdu.data.astype(hdu.data.dtype.newbyteorder("="))
    ) == bits(other.data.astype(other.data.dtype.newbyteorder("=")))


def test_every_extension_has_the_wcs_of_the_science(run, tmp_path):
    with fits.open(released(run, tmp_path)["i2d.fits"]) as hdus:
        there = WCS(hdus["SCI"].header, naxis=2, fix=False)
        for name in ("ERR", "WHT", "CON"):
            found = WCS(hdus[name].header, fix=False)
            assert found.naxis == hdus[name].data.ndim
            assert found.celestial.wcs_pix2world([[7, 9]], 0) == pytest.approx(there.wcs_pix2world([[7, 9]], 0))
        assert hdus["ERR"].header["BUNIT"] == "MJy/sr"
        assert list(hdus["PROVENANCE"].data["XPOSURE"]) == list(TIMES)
        hdus.verify("exception")


@pytest.mark.parametrize("compress", [False, True])
def test_in_several_files(run, tmp_path, compress):
    found = released(run, tmp_path, split=True, compress=compress)
    end = "fits.fz" if compress else "fits"
    assert set(found) == {f"{kind}.{end}" for kind in ("sci", "err", "wht", "exp", "segment")} | {"moc.fits"}
    with fits.open(run.mosaic) as old:
        for kind in ("sci", "err", "wht"):
            with fits.open(found[f"{kind}.{end}"]) as new:
                assert [hdu.name for hdu in new] == ["PRIMARY", kind.upper(), "PROVENANCE"]
                assert equal(new[1], old[kind.upper()])
                assert new[0].header["FILENAME"] == found[f"{kind}.{end}"].name
    with fits.open(found[f"exp.{end}"]) as new:
        times = new["EXP"].data
    assert times[~covered()].max() == 0
    assert times[20, 20] == sum(TIMES)
    assert times[80, 20] == TIMES[0] + TIMES[2]


def test_compressed_images_are_the_same_to_the_bit_and_read_in_parts(run, tmp_path):
    found = released(run, tmp_path, compress=True)
    with fits.open(found["i2d.fits.fz"]) as new, fits.open(run.mosaic) as old:
        for name in ("SCI", "ERR", "CON", "WHT"):
            assert isinstance(new[name], fits.CompImageHDU)
            assert equal(new[name], old[name])
        assert new["SCI"].section[15:20, 12:30] == pytest.approx(old["SCI"].data[15:20, 12:30], nan_ok=True)
        assert new["SCI"].header["CTYPE1"] == "RA---TAN"
    with fits.open(found["i2d.fits.fz"], disable_image_compression=True) as raw:
        assert raw["SCI"].header["ZCMPTYPE"] == "GZIP_2"
        assert raw["SCI"].header.get("ZQUANTIZ", "NONE") in ("NONE", "NO_DITHER")


@pytest.mark.parametrize("split", [False, True])
def test_a_mosaic_without_a_list_of_its_exposures(tmp_path, split):
    run = make_run(tmp_path / "out", blended=False)
    found = released(run, tmp_path, split=split)
    assert "exp.fits" not in found
    with fits.open(found["sci.fits" if split else "i2d.fits"]) as hdus:
        assert "PROVENANCE" not in hdus


def test_long_texts_are_whole(run, tmp_path):
    title = "A survey with a title that is as long as those of surveys are when committees choose them, " * 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = released(run, tmp_path, hlsp_name=title.strip())
    assert fits.getheader(found["i2d.fits"])["HLSPNAME"] == title.strip()


def test_times_of_many_exposures_add_up():
    context = np.zeros((2, 2, 2), np.int32)
    context[0, 0, 0] = -(2**31)  # the highest bit: exposure 31
    context[1, 0, 0] = 1  # exposure 32
    context[0, 1, 1] = 1
    times = np.arange(1.0, 41.0)
    assert exposure_time(context, times).tolist() == [[32.0 + 33.0, 0.0], [0.0, 1.0]]
