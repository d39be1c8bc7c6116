"""What we use of jwst and stcal beyond their public names; these tests fail when a release changes it."""

import pickle
import warnings

import numpy as np
import pytest
from jwst.datamodels import ModelLibrary
from jwst.resample.resample import ResampleImage
from jwst.tweakreg import tweakreg_catalog
from photutils.background import Background2D
from photutils.detection import IRAFStarFinder, find_peaks
from photutils.detection import core as finding_stars
from photutils.segmentation import detect_sources, finder
from spherical_geometry.polygon import SphericalPolygon
from stcal.outlier_detection.utils import gwcs_blot
from stcal.resample.utils import calc_pixmap

from app.pipeline.divided import jwst_internals
from app.pipeline.divided.deblending import grow
from app.pipeline.divided.jwst_internals import (
    FootprintImage,
    OnePassResampling,
    PartResampling,
    divided_deblending,
    fast_background,
    fast_intersections,
    fast_peaks,
    known_pixel_map,
    needed_columns,
)


@pytest.fixture
def library(dithers, crds):
    return ModelLibrary([str(dithers.files[0])])


def drizzle(library, kind=ResampleImage, pixels=None, **options):
    resampling = kind(library, blendheaders=False, good_bits="~DO_NOT_USE", **options)
    with library:
        model = library.borrow(0)
        if pixels is None:
            resampling.add_model(model)
        else:
            with known_pixel_map(pixels):
                resampling.add_model(model)
        library.shelve(model, 0, modify=False)
    return resampling


@pytest.fixture
def pixels(library):
    resampling = ResampleImage(library, blendheaders=False)
    with library:
        model = library.borrow(0)
        library.shelve(model, 0, modify=False)
    return calc_pixmap(model.meta.wcs, resampling.output_wcs, model.data.shape)


def test_drizzle_takes_the_known_map(library, pixels):
    image = drizzle(library).output_model["data"]
    shifted = drizzle(library, pixels=np.add(pixels, (0, 7))).output_model["data"]
    np.testing.assert_allclose(shifted[10:-3], image[3:-10], rtol=1e-6)


def test_blot_takes_the_known_map_and_leaves_it_alone(library, pixels):
    resampling = drizzle(library)
    median = resampling.output_model["data"]
    pixels[:5] = np.nan
    with library:
        model = library.borrow(0)
        library.shelve(model, 0, modify=False)
    with known_pixel_map(pixels):
        known = gwcs_blot(median, resampling.output_wcs, model.data.shape, model.meta.wcs, fillval=np.nan)
    computed = gwcs_blot(median, resampling.output_wcs, model.data.shape, model.meta.wcs, fillval=np.nan)
    assert np.isnan(known[:5]).all()
    np.testing.assert_array_equal(known[5:], computed[5:])
    assert np.isnan(pixels[:5]).all()


def test_variances_are_those_that_stcal_goes_on_with(library):
    options = {"enable_var": True, "compute_err": "from_var", "wcs_pars": {"pixel_scale_ratio": 0.8}}
    kept = drizzle(library, PartResampling, **options).variances
    whole = drizzle(library, **options)
    whole.finalize()
    assert set(kept) == {"var_rnoise", "var_poisson", "var_flat"}
    for name, variance in kept.items():
        np.testing.assert_allclose(variance / 0.8**2, whole.output_model[name], rtol=1e-6, err_msg=name)


def test_one_pass_gives_the_bits_that_jwst_gives(library):
    options = {"enable_var": True, "compute_err": "from_var", "weight_type": "ivm", "pixfrac": 0.8}
    ours, jwsts = (drizzle(library, kind, **options) for kind in (OnePassResampling, ResampleImage))
    for resampling in (ours, jwsts):
        resampling.finalize()
    for name in ("data", "wht", "con", "err", "var_rnoise", "var_poisson", "var_flat"):
        made, expected = (resampling.output_model[name] for resampling in (ours, jwsts))
        assert made.dtype == expected.dtype
        np.testing.assert_array_equal(made.view(np.uint32), expected.view(np.uint32), err_msg=name)


def test_the_method_that_we_replace_is_still_there():
    assert callable(vars(ModelLibrary)["_datamodels_open"])


def test_a_footprint_that_was_sent_is_overlapped_as_the_image_itself():
    def to_sky(x, y, **_):
        return 30 + x / 3600, 20 + y / 3600

    image = FootprintImage(np.zeros((40, 30)), np.ones((40, 30)), to_sky, None, None, "one.fits")
    sent = pickle.loads(pickle.dumps(image))
    assert sent.sky_id == "one.fits"
    assert image.intersection(sent).area() == pytest.approx(
        np.radians(1 / 3600) ** 2 * 40 * 30 * np.cos(np.radians(20)), rel=1e-3
    )


@pytest.mark.parametrize("separation", [1, 1.5, 2, 5, 6.5])
@pytest.mark.parametrize("level", [-3, 0, 3])
@pytest.mark.parametrize("threshold", [-10, "of each pixel"])
def test_fast_peaks_are_those_of_photutils(separation, level, threshold):
    # Rounded, so that neighbours are equal in places; a level below 0 makes peaks at the edges matter.
    rng = np.random.default_rng(3)
    image = rng.normal(level, 2, (120, 90)).round(1).astype(np.float32)
    image[50:60, 20:25] = np.nan
    limit = rng.normal(level, 1, image.shape) if threshold == "of each pixel" else threshold
    expected = find_peaks(image, limit, min_separation=separation)
    with fast_peaks():
        found = finding_stars.find_peaks(image, limit, min_separation=separation)
    assert len(expected) > 20
    assert list(zip(*found.itercols(), strict=True)) == list(zip(*expected.itercols(), strict=True))


def test_star_finders_still_ask_the_functions_in_whose_place_we_step(monkeypatch):
    def refuse(*_):
        raise InterruptedError

    monkeypatch.setattr(jwst_internals, "circular_peaks", refuse)
    image = np.random.default_rng(3).normal(size=(40, 40))
    with fast_peaks(), pytest.raises(InterruptedError):
        IRAFStarFinder(threshold=1, fwhm=2.5)(image)


@pytest.mark.parametrize("box", [30, (20, 50), 200])
def test_fast_background_is_that_of_photutils_within_rounding(box, monkeypatch):
    image = np.random.default_rng(3).normal(5, 2, (120, 90)) + np.linspace(0, 50, 90)
    expected, calls = Background2D(image, box), []
    found = Background2D(image, box)
    interpolate = jwst_internals._interpolate_background
    monkeypatch.setattr(
        jwst_internals, "_interpolate_background", lambda *a, **k: calls.append(1) or interpolate(*a, **k)
    )
    with fast_background():
        np.testing.assert_allclose(found.background, expected.background, rtol=1e-14)
        np.testing.assert_allclose(found.background_rms, expected.background_rms, rtol=1e-14)
    assert calls


def square_on_sky(ra, dec, angle=0.0, size=0.02, n=12):
    """A square of many vertices, as footprints of exposures are."""
    side = np.linspace(-0.5, 0.5, n, endpoint=False)
    x, y = np.hstack(
        [[side, -0.5 + 0 * side], [0.5 + 0 * side, side], [-side, 0.5 + 0 * side], [-0.5 + 0 * side, -side]]
    )
    x, y = size * (np.cos(angle) * x - np.sin(angle) * y), size * (np.sin(angle) * x + np.cos(angle) * y)
    return SphericalPolygon.from_radec(ra + x / np.cos(np.radians(dec)), dec + y)


@pytest.mark.parametrize("shift", [0.0, 1e-12, 0.00066, 0.01, 0.02, 0.03])
@pytest.mark.parametrize("angle", [0.0, 0.3])
def test_fast_intersections_are_those_of_spherical_geometry(shift, angle, monkeypatch):
    one, other = square_on_sky(30, 60), square_on_sky(30 + shift, 60 + shift / 3, angle)
    expected, asked = one.intersection(other), []
    exactly = jwst_internals._lie_on_arc
    monkeypatch.setattr(jwst_internals, "_lie_on_arc", lambda *a: asked.append(1) or exactly(*a))
    with fast_intersections():
        found = one.intersection(other)
    assert found.area() == pytest.approx(expected.area(), rel=1e-12)
    for points, others in zip(found.points, expected.points, strict=True):
        # spherical_geometry keeps edges in sets: a polygon begins anywhere.
        np.testing.assert_array_equal(np.unique(points, axis=0), np.unique(others, axis=0))
    assert asked


@pytest.fixture(params=["each pixel differs", "pixels are equal in places"])
def blended(request):
    """A crowded image, and its segments: stars on each other's wings, many too faint to count."""
    rng = np.random.default_rng(1)
    y, x = np.indices((150, 150))
    image = rng.normal(1, 0.01, (150, 150))
    for row, column, peak in zip(*rng.uniform(5, 145, (2, 120)), 10 ** rng.uniform(-0.5, 2.5, 120), strict=True):
        image += peak * np.exp(-((y - row) ** 2 + (x - column) ** 2) / 8)
    image = image.round(1) if request.param != "each pixel differs" else image
    return image, detect_sources(image, 1.5, 10)


@pytest.mark.parametrize("procs", [1, 2])
def test_divided_deblending_gives_the_same_segments(blended, procs, monkeypatch):
    image, segments = blended
    options = {"progress_bar": False, "contrast": 0.01}
    with warnings.catch_warnings(action="ignore"):
        expected = finder.deblend_sources(image, segments, 5, **options)
        calls = []
        monkeypatch.setattr(jwst_internals, "grow", lambda *a, **k: calls.append(1) or grow(*a, **k))
        with divided_deblending(procs):
            found = finder.deblend_sources(image, segments, 5, **options)
    assert procs > 1 or len(calls) > 10
    assert found.n_labels > segments.n_labels + 20
    np.testing.assert_array_equal(found.data, expected.data)
    assert found.deblended_label_to_parent == expected.deblended_label_to_parent


def test_needed_columns_are_all_but_kron_fluxes():
    before = list(tweakreg_catalog.SOURCECAT_COLUMNS)
    with needed_columns():
        within = list(tweakreg_catalog.SOURCECAT_COLUMNS)
    assert sorted(set(before) - set(within)) == ["kron_flux", "kron_flux_err"]
    assert before == tweakreg_catalog.SOURCECAT_COLUMNS
