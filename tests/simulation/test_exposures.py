"""Simulated exposures are such as the JWST pipeline writes, and their truth is true."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from stdatamodels.jwst import datamodels

from app.runtime.errors import ConfigError
from app.simulation import Faults, Scene, Truth, simulate_grid, simulate_observation
from app.simulation.plan import plan_grid, plan_observation

PERFECT = Faults(pointing_error=0, sky_offset=0, n_cosmic_rays=0, bad_pixel_fraction=0)
QUIET = Scene(read_noise=1e-4, photon_variance=0, diffuse_peak=0, faults=PERFECT)
SMALL = {"window": (96, 80), "scene": replace(QUIET, n_stars=4)}


@pytest.fixture(scope="module")
def miri(tmp_path_factory):
    scene = Scene(n_stars=10, faults=Faults(n_cosmic_rays=12, bad_pixel_fraction=0.01))
    return simulate_observation(
        tmp_path_factory.mktemp("miri"), n_dithers=2, n_background=1, background_as_parallel=True, window=(96, 80),
        scene=scene,
    )  # fmt: skip


def test_names_are_those_of_jwst(miri):
    assert [path.name for path in miri.files] == [
        "jw01234001001_02101_00001_mirimage_cal.fits",
        "jw01234001001_02101_00002_mirimage_cal.fits",
        "jw01234002001_02201_00001_mirimage_cal.fits",
    ]
    assert sorted(path.name for path in miri.folder.glob("*_cal.fits")) == [path.name for path in miri.files]


def test_headers_say_what_was_planned(miri):
    with datamodels.open(miri.files[2]) as model:
        assert isinstance(model, datamodels.ImageModel)
        assert model.meta.exposure.type == "MIR_IMAGE"
        assert (model.meta.instrument.name, model.meta.instrument.detector) == ("MIRI", "MIRIMAGE")
        assert (model.meta.observation.observation_number, model.meta.observation.sequence_id) == ("002", "2")
        assert model.meta.target.proposer_name == "NGC0628-OFF"
        assert model.meta.filename == miri.files[2].name
        assert not model.meta.hasattr("group_id")
        assert model.meta.bunit_data == "MJy/sr"
        assert model.meta.model_type == "ImageModel"


def test_wcs_has_the_frames_and_bounding_box_of_the_pipeline(miri):
    with datamodels.open(miri.files[0]) as model:
        assert model.meta.wcs.available_frames == ["detector", "v2v3", "v2v3vacorr", "world"]
        (left, right), (bottom, top) = model.meta.wcs.bounding_box.bounding_box(order="F")
        assert (left, right, bottom, top) == (-0.5, 95.5, -0.5, 79.5)
        x, y = np.meshgrid(np.arange(0, 96, 19), np.arange(0, 80, 15))
        np.testing.assert_allclose(model.meta.wcs.invert(*model.meta.wcs(x, y)), (x, y), rtol=0, atol=1e-3)


# JWST files keep the dates in the primary header and the MJD in that of SCI, which astropy then completes.
@pytest.mark.filterwarnings("ignore::astropy.wcs.FITSFixedWarning")
def test_fits_keywords_agree_with_the_gwcs(miri):
    with datamodels.open(miri.files[0]) as model:
        sky = WCS(fits.getheader(miri.files[0], "SCI")).pixel_to_world(40, 30)
        ours = model.meta.wcs(40, 30)
        np.testing.assert_allclose((sky.ra.deg, sky.dec.deg), ours, rtol=0, atol=0.01 * 0.11 / 3600)


def test_errors_are_those_of_the_variances_and_useless_pixels_are_nan(miri):
    with datamodels.open(miri.files[0]) as model:
        variance = model.var_poisson + model.var_rnoise + model.var_flat
        np.testing.assert_allclose(model.err, np.sqrt(variance), rtol=1e-6)
        useless = (model.dq & 1) > 0
        assert 0 < useless.sum() < 0.02 * useless.size
        np.testing.assert_array_equal(np.isnan(model.data), useless)


def test_cosmic_rays_are_where_the_truth_says_and_not_flagged(tmp_path):
    with_rays = replace(QUIET, faults=replace(PERFECT, n_cosmic_rays=15))
    clean, hit = (
        simulate_observation(tmp_path / name, n_dithers=1, window=(96, 80), scene=scene)
        for name, scene in (("clean", QUIET), ("hit", with_rays))
    )
    rays = hit.exposures[0].cosmic_rays
    difference = fits.getdata(hit.files[0], "SCI") - fits.getdata(clean.files[0], "SCI")
    expected = np.zeros_like(difference)
    expected[rays.y, rays.x] = rays.amplitude
    np.testing.assert_allclose(difference, expected, rtol=1e-5, atol=1e-5)
    assert not fits.getdata(hit.files[0], "DQ").any()


def test_star_lands_with_its_flux_where_the_true_wcs_says(tmp_path):
    scene = replace(QUIET, n_stars=2, faults=replace(PERFECT, pointing_error=0.5, roll_error=0.1))
    truth = simulate_observation(tmp_path, n_dithers=1, window=(128, 128), scene=scene)
    stars, exposure = truth.sky.stars, truth.exposures[0]
    x, y = exposure.wcs().backward_transform(stars.ra, stars.dec)
    inside = np.flatnonzero((x > 20) & (x < 107) & (y > 20) & (y < 107))
    assert inside.size
    with datamodels.open(truth.files[0]) as model:
        for star in inside:
            rows, columns = np.mgrid[round(y[star]) - 9 : round(y[star]) + 10, round(x[star]) - 9 : round(x[star]) + 10]
            light = model.data[rows, columns] - truth.sky_level
            centre = [(axis * light).sum() / light.sum() for axis in (columns, rows)]
            np.testing.assert_allclose(centre, (x[star], y[star]), rtol=0, atol=0.01)
            pixel_areas = model.area[rows, columns] * model.meta.photometry.pixelarea_steradians
            assert (light * pixel_areas).sum() * 1e12 == pytest.approx(stars.flux[star], rel=2e-3)
            east, north = exposure.pointing_error
            ra, dec = model.meta.wcs(x[star], y[star])
            # The roll turns the field about the reference point: 0.1 deg over 10 arcsec.
            assert (stars.ra[star] - ra) * 3600 * np.cos(np.radians(dec)) == pytest.approx(east, abs=0.02)
            assert (stars.dec[star] - dec) * 3600 == pytest.approx(north, abs=0.02)


def test_same_seed_gives_the_same_bits(tmp_path):
    def digest(folder, seed):
        truth = simulate_observation(tmp_path / folder, n_dithers=1, seed=seed, window=(96, 80))
        return [hashlib.sha256(p.read_bytes()).hexdigest() for p in (*truth.files, truth.folder / "truth.json")]

    assert digest("a", 3) == digest("b", 3)
    assert digest("c", 4)[0] != digest("a", 3)[0]


def test_truth_survives_the_disk(miri):
    back = Truth.read(miri.folder)
    assert back.files == miri.files
    np.testing.assert_array_equal(back.sky.stars.flux, miri.sky.stars.flux)
    assert back.sky.blobs == miri.sky.blobs
    for ours, theirs in zip(miri.exposures, back.exposures, strict=True):
        assert ours.pointing_error == theirs.pointing_error
        assert (ours.window, ours.attitude) == (theirs.window, theirs.attitude)
        np.testing.assert_array_equal(ours.cosmic_rays.y, theirs.cosmic_rays.y)
        assert ours.wcs()(5, 7) == theirs.wcs()(5, 7)


@pytest.mark.parametrize(
    ("band", "detector", "filter_", "pupil"),
    [
        ("F200W_nircam", "NRCB3", "F200W", "CLEAR"),
        ("F164N", "NRCA1", "F150W2", "F164N"),
        ("F405N", "NRCBLONG", "F444W", "F405N"),
        ("F200W_niriss", "NIS", "CLEAR", "F200W"),
        ("F380M", "NIS", "F380M", "CLEARP"),
        ("F770W", "MIRIMAGE", "F770W", None),
    ],
)
def test_wheels_stand_as_in_the_instrument(tmp_path, band, detector, filter_, pupil):
    truth = simulate_observation(tmp_path, band=band, detectors=[detector], n_dithers=1, **SMALL)
    header = fits.getheader(truth.files[0])
    assert (header["FILTER"], header.get("PUPIL")) == (filter_, pupil)


def test_detectors_of_one_exposure_share_its_errors_but_not_their_place(tmp_path):
    truth = simulate_observation(tmp_path, band="F444W", detectors=["NRCALONG", "NRCBLONG"], n_dithers=1, **SMALL)
    a, b = truth.exposures
    assert a.exposure == b.exposure
    assert a.pointing_error == b.pointing_error
    assert abs(a.attitude.ra_ref - b.attitude.ra_ref) > 0.02  # the modules are 175 arcsec apart


def test_module_error_moves_a_module_as_a_whole(tmp_path):
    scene = replace(SMALL["scene"], faults=replace(PERFECT, module_error=0.2))
    truth = simulate_observation(
        tmp_path, band="F200W_nircam", detectors=["NRCA1", "NRCA2", "NRCB1"], n_dithers=1, window=(64, 64), scene=scene
    )
    a1, a2, b1 = (exposure.pointing_error for exposure in truth.exposures)
    assert a1 == a2 != b1
    assert np.hypot(*b1) == pytest.approx(0.2)


def test_band_of_another_detector_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"NRCA1.*F444W.*nircam_short"):
        simulate_observation(tmp_path, band="F444W", detectors=["NRCA1"])


def test_full_frame_has_reference_pixels(tmp_path):
    truth = simulate_observation(tmp_path, n_dithers=1, window="FULL", scene=QUIET)
    dq = fits.getdata(truth.files[0], "DQ")
    assert dq.shape == (1024, 1032)
    assert (dq[:, :4] & 1).all()
    assert not dq[:, 4:-4].any()


def test_plan_numbers_every_visit_activity_and_dither():
    plan = plan_observation(target="m33", n_observations=2, n_visits=2, n_activities=3, n_dithers=2, n_background=1)
    names = [planned.name for planned in plan]
    assert len(set(names)) == len(names) == 2 * 2 * 3 * 2 + 1
    assert names[-2] == "jw01234002002_02103_00002"
    assert [planned.is_background for planned in plan].count(True) == 1


def test_pointings_of_a_grid_overlap_their_neighbours(tmp_path):
    assert len({(planned.visit, planned.exposure) for planned in plan_grid(target="m33", n_pointings=5, step=9)}) == 10
    truth = simulate_grid(tmp_path, n_pointings=2, n_dithers=1, overlap=0.25, **SMALL)
    first, second = (exposure.wcs() for exposure in truth.exposures)
    x, y = first.backward_transform(*second(np.array([0, 95, 95, 0]), np.array([0, 0, 79, 79])))
    shared = (x > 0) & (x < 95) & (y > 0) & (y < 79)
    assert 0 < shared.sum() < 4


def test_the_visit_of_a_wrong_guide_star_is_displaced_and_says_nothing_of_it(tmp_path):
    scene = replace(SMALL["scene"], n_stars=12)
    right, wrong = (
        simulate_observation(
            tmp_path / name, n_visits=2, n_dithers=1, window=(96, 80), scene=scene, wrong_guide_star=error
        )
        for name, error in (("right", 0.0), ("wrong", 9.3))
    )
    assert [exposure.pointing_error for exposure in wrong.exposures] == [(0.0, 0.0), (9.3, 0.0)]
    for this, that in zip(right.files, wrong.files, strict=True):
        with datamodels.open(this) as a, datamodels.open(that) as b:
            np.testing.assert_array_equal(a.meta.wcs(40, 40), b.meta.wcs(40, 40))
    places = [truth.exposures[1].wcs()(48, 40) for truth in (right, wrong)]
    east = (places[1][0] - places[0][0]) * np.cos(np.radians(places[0][1])) * 3600
    assert east == pytest.approx(9.3, abs=0.01)


def test_stars_anywhere_have_neighbours_and_empty_places(tmp_path):
    scene = replace(QUIET, n_stars=40, random_stars=True)
    stars = simulate_observation(tmp_path, n_dithers=1, window=(96, 80), scene=scene).sky.stars
    east, north = stars.ra * np.cos(np.radians(stars.dec)) * 3600, stars.dec * 3600
    distances = np.hypot(east[:, None] - east, north[:, None] - north) + 1e3 * np.eye(len(east))
    spacing = np.sqrt(np.ptp(east) * np.ptp(north) / len(east))
    nearest = distances.min(axis=0) / spacing
    # Of points anywhere, the mean distance to the nearest is half the spacing (Clark & Evans 1954).
    assert nearest.mean() == pytest.approx(0.5, abs=0.1)
    assert nearest.min() < 0.15


def test_clouds_shine_at_the_same_place_of_the_sky_in_every_exposure(tmp_path):
    scene = replace(QUIET, n_stars=1, star_peaks=(1e-6, 2e-6), emission_peak=30.0)
    truth = simulate_observation(tmp_path, n_dithers=2, window=(96, 80), scene=scene)
    assert Truth.read(tmp_path).sky.emission == truth.sky.emission
    with datamodels.open(truth.files[0]) as first, datamodels.open(truth.files[1]) as second:
        y, x = np.mgrid[20:60, 20:70]
        shone = truth.sky.emission.brightness(*first.meta.wcs(x, y))
        np.testing.assert_allclose(first.data[y, x], scene.sky_level + shone, atol=0.01)
        assert np.ptp(shone) > 3
        elsewhere = truth.sky.emission.brightness(*second.meta.wcs(x, y))
        np.testing.assert_allclose(second.data[y, x], scene.sky_level + elsewhere, atol=0.01)


def test_masked_parts_see_no_sky(tmp_path):
    scene = replace(QUIET, faults=replace(PERFECT, masked_parts=((0, 0.25, 0, 1), (0.5, 1, 0.9, 1))))
    truth = simulate_observation(tmp_path, n_dithers=1, window=(96, 80), scene=scene)
    masked = np.zeros((80, 96), bool)
    masked[:, :24], masked[72:, 48:] = True, True
    with fits.open(truth.files[0]) as file:
        np.testing.assert_array_equal(np.isnan(file["SCI"].data), masked)
        np.testing.assert_array_equal((file["DQ"].data & 1) > 0, masked)
