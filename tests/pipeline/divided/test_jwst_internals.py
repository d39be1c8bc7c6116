"""What we use of jwst and stcal beyond their public names; these tests fail when a release changes it."""

import pickle

import numpy as np
import pytest
from jwst.datamodels import ModelLibrary
from jwst.resample.resample import ResampleImage
from jwst.tweakreg import tweakreg_catalog
from spherical_geometry.polygon import SphericalPolygon
from stcal.outlier_detection.utils import gwcs_blot
from stcal.resample.utils import calc_pixmap

from app.pipeline.divided import jwst_internals
from app.pipeline.divided.jwst_internals import (
    FootprintImage,
    OnePassResampling,
    PartResampling,
    fast_intersections,
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


def test_needed_columns_are_all_but_kron_fluxes():
    before = list(tweakreg_catalog.SOURCECAT_COLUMNS)
    with needed_columns():
        within = list(tweakreg_catalog.SOURCECAT_COLUMNS)
    assert sorted(set(before) - set(within)) == ["kron_flux", "kron_flux_err"]
    assert before == tweakreg_catalog.SOURCECAT_COLUMNS
