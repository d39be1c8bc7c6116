"""Drizzled exposures: together they are the mosaic, alone they are the exposure."""

import dataclasses

import asdf
import numpy as np
import pytest
from jwst.datamodels import ModelLibrary
from jwst.resample import ResampleStep
from stdatamodels.jwst import datamodels

from app.pipeline.box import Box
from app.pipeline.cutout_wcs import cutout_wcs
from app.postprocess.drizzle import drizzle_exposures
from tests.postprocess.conftest import MOSAIC
from tests.postprocess.stars import aperture_flux, bright_stars


@pytest.fixture
def drizzled(finished, tmp_path):
    """Function: exposures on the grid of a mosaic, the one of the finished run or another, as they are written."""

    def make(paths, mosaic=None, footprint_only=False):
        image = drizzle_exposures(paths, mosaic or finished.mosaic(), finished.resample, footprint_only)
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}_i2d_single.fits"
        image.save(path)
        assert list(tmp_path.glob(".*")) == []
        return datamodels.open(path)

    return make


def on_the_grid(image, mosaic, array):
    """An array of an image at its place on the grid of the mosaic, by the FITS keywords; 0 elsewhere."""
    x0, y0 = (round(getattr(mosaic.meta.wcsinfo, k) - getattr(image.meta.wcsinfo, k)) for k in ("crpix1", "crpix2"))
    ny, nx = image.shape
    whole = np.zeros(mosaic.shape)
    whole[y0 : y0 + ny, x0 : x0 + nx] = array
    return whole


@pytest.mark.filterwarnings("ignore:Kernel .* not a flux-conserving kernel")  # drizzle warns of lanczos3
@pytest.mark.parametrize("name", ["finished", "unlike", "wide_kernel"])
def test_the_weighted_mean_is_the_mosaic(name, request):
    any_run = request.getfixturevalue(name)
    with datamodels.open(any_run.folder / MOSAIC) as mosaic:
        total, weight, context = np.zeros((3, *mosaic.shape))
        for place, path in enumerate(any_run.files("i2d_single")):
            with datamodels.open(path) as single:
                total += on_the_grid(single, mosaic, np.nan_to_num(single.data) * single.wht)
                weight += on_the_grid(single, mosaic, single.wht)
                context += on_the_grid(single, mosaic, single.con[0] * 2**place)
        has_data = mosaic.wht > 0
        np.testing.assert_array_equal(weight > 0, has_data)
        np.testing.assert_array_equal(context, mosaic.con[0])
        np.testing.assert_allclose(weight[has_data], mosaic.wht[has_data], rtol=1e-5)
        mean = total[has_data] / weight[has_data]
        np.testing.assert_allclose(mean, mosaic.data[has_data], rtol=1e-5, atol=1e-5 * np.abs(mean).mean())
        assert 0 < (~has_data).sum() < has_data.sum()


def test_errors_shrink_as_exposures_are_added(finished):
    with datamodels.open(finished.folder / MOSAIC) as mosaic:
        singles = [datamodels.open(path) for path in finished.files("i2d_single")]
        everywhere = np.all([single.wht > 0 for single in singles], axis=0)
        ratio = np.mean([single.err[everywhere] for single in singles], axis=0) / mosaic.err[everywhere]
    assert np.median(ratio) == pytest.approx(2, rel=0.1)  # of four exposures


@pytest.mark.parametrize(
    ("name", "pixel", "worst"),
    [("finished", 1.0, 0.01), ("unlike", 0.6, 0.03)],  # drops smaller than pixels are sampled unevenly
)
def test_a_star_keeps_its_flux(name, pixel, worst, miri, request):
    any_run, ratios = request.getfixturevalue(name), []
    for crf, path in zip(any_run.files("crf"), any_run.files("i2d_single"), strict=True):
        with datamodels.open(crf) as exposure, datamodels.open(path) as single:
            before = aperture_flux(exposure, bright_stars(miri, exposure))
            after = aperture_flux(single, bright_stars(miri, exposure), pixel)
        ratios += list(after / before)
    ratios = np.array(ratios)[np.isfinite(ratios)]  # without stars on flagged pixels
    assert len(ratios) >= 8
    np.testing.assert_allclose(ratios, 1, atol=worst)
    assert np.mean(ratios) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("rows", [1, 100, 10**9])
def test_only_the_footprint_is_the_same_pixels_on_a_smaller_grid(rows, finished, drizzled, monkeypatch):
    path, mosaic = finished.files("crf")[1], finished.mosaic()
    monkeypatch.setattr("app.postprocess.drizzle.PLACED", rows * mosaic.shape[1])
    whole, part = drizzled([path]), drizzled([path], footprint_only=True)
    x0, y0 = (round(getattr(whole.meta.wcsinfo, k) - getattr(part.meta.wcsinfo, k)) for k in ("crpix1", "crpix2"))
    ny, nx = part.shape
    there = np.s_[..., y0 : y0 + ny, x0 : x0 + nx]
    for name in ("data", "err", "wht", "con"):
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[there])
    assert whole.shape == mosaic.shape
    assert part.wht.sum() == whole.wht.sum()
    nothing = whole.wht == 0
    assert np.isnan(whole.data[nothing]).all()
    assert np.isnan(whole.err[nothing]).all()
    assert not whole.con[0][nothing].any()
    for edge in (0, -1):
        assert part.wht[edge].any()
        assert part.wht[:, edge].any()


def test_a_cut_of_the_grid_changes_nothing(finished, drizzled, monkeypatch):
    path, mosaic = finished.files("crf")[0], finished.mosaic()
    cut = drizzled([path])
    monkeypatch.setattr("app.postprocess.drizzle.cutout_around", lambda *_: Box.whole(mosaic.shape))
    whole = drizzled([path])
    for name in ("data", "err", "wht", "con"):
        np.testing.assert_allclose(getattr(cut, name), getattr(whole, name), rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("footprint_only", [False, True])
def test_an_exposure_that_the_mosaic_does_not_cover_is_all_fill(finished, drizzled, footprint_only):
    mosaic = finished.mosaic()
    far = dataclasses.replace(mosaic, wcs=cutout_wcs(mosaic.wcs, Box(-500, 900, -460, 930)))
    image = drizzled(finished.files("crf")[:1], far, footprint_only)
    assert image.shape == ((1, 1) if footprint_only else (30, 40))
    assert np.isnan(image.data).all()
    assert not image.wht.any()
    assert not image.con.any()


def test_exposures_together_are_to_the_bit_what_jwst_makes_of_them(finished, drizzled, monkeypatch, tmp_path):
    """On the whole grid, which jwst is given as a file; a cut of it changes nothing (above)."""
    paths, mosaic = finished.files("crf")[:2], finished.mosaic()
    monkeypatch.setattr("app.postprocess.drizzle.cutout_around", lambda *_: Box.whole(mosaic.shape))
    ours = drizzled(paths)
    grid = {"wcs": mosaic.wcs, "pixel_scale_ratio": mosaic.pixel_scale_ratio}
    asdf.AsdfFile(grid).write_to(tmp_path / "grid.asdf")
    names = ("pixfrac", "kernel", "fillval", "weight_type", "pixmap_stepsize", "pixmap_order", "propagate_dq")
    parameters = {name: finished.resample[name] for name in names}
    jwst = ResampleStep(output_wcs=str(tmp_path / "grid.asdf"), blendheaders=False, **parameters)
    theirs = jwst.process(ModelLibrary([str(path) for path in paths]))
    for name in ("data", "wht", "con"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), name)
    # jwst measures the scale of a grid that it is given anew, and scales errors by it; the mosaic's were not.
    ratio = theirs.meta.resample.pixel_scale_ratio / ours.meta.resample.pixel_scale_ratio
    assert ratio == pytest.approx(1, abs=1e-4)
    np.testing.assert_allclose(ours.err, theirs.err * ratio, rtol=1e-6)
    assert set(np.unique(ours.con[0])) == {0, 1, 2, 3}


def test_levels_that_detectors_have_in_common_alone_are_named(finished, drizzled):
    paths = finished.files("crf")[:2]
    image = drizzled(paths, footprint_only=True)
    assert image.meta.background.level is None
    assert image.meta.background.subtracted is True
    same = drizzled(paths[:1] * 2, footprint_only=True)
    assert same.meta.background.level is not None
