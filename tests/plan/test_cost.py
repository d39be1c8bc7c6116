"""What a run is thought to cost, against what runs were measured to need."""

from dataclasses import replace

import pytest

from app.config.schema import Lv3Config
from app.plan.cost import estimate
from app.plan.peak_memory import SerialFallback, least_memory, peak_memory
from app.plan.plan import make_plan
from app.plan.serial_fallback import serial_fallback
from app.plan.work import MedianImage, Work, box_area
from tests.factories import make_exposure

# Peaks of large runs in one process, which tests/plan/test_peak_memory.py cannot make [MB]: exposures, pixels of a
# detector's side, of the mosaic, of an exposure's cut of it, catalogue.
MEASURED = [
    (4, 1028, 1.10e6, 1.08e6, True, 402),
    # Pixels of a half, a quarter, a tenth of the detector's.
    (2, 1028, 4.32e6, 4.3e6, False, 538),
    (16, 512, 2.37e6, 0.28e6, True, 465),
    (4, 256, 10.8e6, 8.8e6, True, 889),
    (4, 256, 10.8e6, 8.8e6, False, 888),
]

# The same where jwst's own implementation runs: exposures, pixels of a detector's side, of the mosaic, of all exposures
# that stay in memory, images of the mosaic's size in memory.
MEASURED_UNDIVIDED = [
    (32, 512, 4.97e6, 0, 0, 708),
    (32, 512, 4.97e6, 8.39e6, 0, 881),
    (32, 512, 4.97e6, 8.39e6, 32, 1283),
    (12, 2048, 18.7e6, 0, 0, 2120),
    (12, 2048, 18.7e6, 50.3e6, 0, 3109),
    (12, 2048, 18.7e6, 50.3e6, 3, 3024),
]

# The same while exposures are drizzled after the mosaic, whole grids and footprints, and while it is blotted.
WHOLE, FOOTPRINT = {"do_drizzle": True}, {"do_drizzle": True, "drizzle_footprint_only": True}
MEASURED_LATER = [
    (12, 2048, 18.7e6, 4.6e6, WHOLE, 1284),
    (12, 2048, 18.7e6, 4.6e6, FOOTPRINT, 1284),
    (12, 2048, 18.7e6, 4.6e6, {"do_blot": True}, 1063),
    (2, 1028, 17.6e6, 17.2e6, FOOTPRINT, 1694),
]


def config(**options):
    return Lv3Config(target="n", band="F770W", in_dir="in", **options)


@pytest.mark.parametrize(("n", "side", "mosaic", "cut", "catalogue", "megabytes"), MEASURED)
def test_memory_is_within_10_percent_of_what_was_measured(n, side, mosaic, cut, catalogue, megabytes):
    needed = peak_memory(Work(n, side**2, mosaic, cut), config(procs=1), catalogue)
    assert needed / 1e6 == pytest.approx(megabytes, rel=0.1)


@pytest.mark.parametrize(("n", "side", "mosaic", "pixels", "stacked", "megabytes"), MEASURED_UNDIVIDED)
def test_memory_of_jwsts_own_implementation_is_within_10_percent(n, side, mosaic, pixels, stacked, megabytes):
    work = Work(n, side**2, mosaic, side**2)
    needed = peak_memory(work, config(procs=1), with_catalogue=False, fallback=SerialFallback(pixels, stacked))
    assert needed / 1e6 == pytest.approx(megabytes, rel=0.1)


@pytest.mark.parametrize(("n", "side", "mosaic", "cut", "later", "megabytes"), MEASURED_LATER)
def test_memory_after_the_mosaic_is_within_15_percent(n, side, mosaic, cut, later, megabytes):
    needed = peak_memory(Work(n, side**2, mosaic, cut), config(procs=1, **later), with_catalogue=False)
    assert needed / 1e6 == pytest.approx(megabytes, rel=0.15)


@pytest.mark.parametrize(
    ("side", "n", "megabytes"), [(512, 3, 18.4), (512, 12, 35.4), (1024, 3, 73.4), (1024, 6, 73.7)]
)
def test_memory_of_a_median_image_is_within_10_percent_of_what_was_measured(side, n, megabytes):
    image = MedianImage(side**2, n * 128 * side)
    ten, twenty = (
        peak_memory(Work(20, 1, 1, 1, backgrounds=(image,) * m), config(procs=20), with_catalogue=False)
        for m in (10, 20)
    )
    assert (twenty - ten) / 1e6 == pytest.approx(10 * megabytes, rel=0.1)


def test_more_processes_need_more_by_each_and_by_the_one_that_forks_them():
    work = Work(8, 512**2, 1e6, 3e5)
    one, two, four = (peak_memory(work, config(procs=n), with_catalogue=False) for n in (1, 2, 4))
    assert two - one > least_memory(2) - least_memory(1) > 0
    assert four - two == pytest.approx(2 * (two - one - (least_memory(2) - least_memory(1))), rel=0.5)


def test_no_more_processes_count_than_there_are_exposures():
    work = Work(4, 2048**2, 4e6, 3e6)
    few, enough, more = (peak_memory(work, config(procs=n), with_catalogue=False) for n in (2, 4, 64))
    assert few < enough == more


def test_all_processes_count_where_the_mosaic_is_what_they_share():
    work = Work(4, 1024**2, 40e6, 2e6)
    few, many = (peak_memory(work, config(procs=n)) for n in (4, 16))
    assert many - few > 12 * 1024**2 * 110, "a window of the catalogue each"
    tiles = Work(4, 1024**2, 150e6, 2e6, tiles=[25_000_000] * 6)
    four, six, more = (peak_memory(tiles, config(procs=n)) for n in (4, 6, 64))
    assert six - four > 2 * 25e6 * 54
    assert more == six


def exposure(ra, size):
    """An exposure of `size` [deg] at the equator."""
    corners = f"{ra} 0 {ra + size} 0 {ra + size} {size} {ra} {size}"
    return make_exposure("jw01234001001_02101_00001_mirimage_cal.fits", s_region=f"POLYGON ICRS {corners}")


def test_the_cut_is_the_share_of_the_largest_exposure():
    pair = [exposure(359.99, 0.01), exposure(0.02, 0.02)]  # around the meridian
    assert box_area(pair) == pytest.approx(0.05 * 0.02 * 3600**2)
    assert Work.of(pair, 1e6, 0.001).cut == pytest.approx(0.4e6)
    assert Work.of(pair, 1e6, 3.6).cut == pytest.approx(20**2), "of a grid that reaches further"


def test_files_and_disk(miri, crds):
    def cost(**options):
        plan = make_plan(Lv3Config(target="n", band="F770W", in_dir=str(miri.folder), crds=crds, **options))
        return estimate(plan, plan.parameters)

    plain, more = cost(), cost(do_drizzle=True, do_blot=True)
    assert more.n_files == plain.n_files + 8
    assert more.disk >= plain.disk > sum(path.stat().st_size for path in miri.folder.glob("*_02101_*_cal.fits"))
    assert plain.megapixels == plain.shape[0] * plain.shape[1] / 1e6

    image, spared = cost(background_use="image"), cost(outliers="spare_stars")
    assert image.disk - plain.disk == 2 * 256**2 * 4
    assert image.memory >= plain.memory
    assert spared.disk > plain.disk

    large = {"mosaic_center": [24.1739, 15.7836], "mosaic_shape": [3000, 3000]}
    none, whole = cost(**large), cost(do_drizzle=True, **large)
    footprints = cost(do_drizzle=True, drizzle_footprint_only=True, **large)
    assert whole.disk - none.disk == pytest.approx(4 * 3000**2 * 16, rel=0.001)
    assert footprints.disk - none.disk < (whole.disk - none.disk) / 50


@pytest.mark.parametrize(
    ("parameters", "options", "kept"),
    [
        ({}, {}, None),
        ({"resample": {"propagate_dq": True}}, {}, (4, 0)),
        ({"resample": {"kernel": "lanczos3"}}, {"memory": "lean"}, (0, 0)),
        ({"outlier_detection": {"save_intermediate_results": True}}, {"memory": "in_memory"}, (4, 4)),
        ({"outlier_detection": {"resample_data": False}}, {}, (4, 0)),
        ({"outlier_detection": {"resample_data": False, "skip": True}}, {}, None),
    ],
)
def test_what_is_not_divided_is_known_before(miri, crds, parameters, options, kept):
    config = Lv3Config(
        target="n", band="F770W", in_dir=str(miri.folder), crds=crds, jwst_parameters=parameters, **options
    )
    plan = make_plan(config)
    found = serial_fallback(plan, plan.parameters)
    pixels = plan.science[0].n_pixels
    assert found == (kept and SerialFallback(kept[0] * pixels, kept[1]))


def test_exposures_that_were_matched_before_are_not_divided(miri, crds, monkeypatch):
    plan = make_plan(Lv3Config(target="n", band="F770W", in_dir=str(miri.folder), crds=crds))
    matched = [replace(member.exposure, background_level=1.0) for member in plan.members]
    members = [replace(m, exposure=e) for m, e in zip(plan.members, matched, strict=True)]
    plan, parameters = replace(plan, members=members), plan.parameters
    assert serial_fallback(plan, parameters).n_stacked == 4
    monkeypatch.setattr("app.plan.serial_fallback.memory_limit", lambda: 1e6)
    assert serial_fallback(plan, parameters) == SerialFallback(0, 0), "more than there is"
