"""What a run is thought to cost, against what runs were measured to need."""

import pytest

from app.config import Lv3Config
from app.estimate import estimate, peak_memory
from app.plan import make_plan
from tests.factories import make_exposure

# Peaks of runs, PSS summed over their processes [MB]: exposures, pixels of a detector's side, mosaic, procs, catalogue.
MEASURED = [
    (4, 1028, 1050 * 1049, 1, True, 402),
    (4, 1028, 1050 * 1049, 2, True, 542),
    (32, 512, 2233 * 2227, 1, True, 720),
    (32, 512, 2233 * 2227, 2, True, 751),
    (4, 256, 3062 * 3191, 1, True, 1031),
    (72, 512, 11_360_000, 2, False, 841),
    (12, 2048, 18_700_000, 1, False, 1136),
    (12, 2048, 18_700_000, 2, False, 1557),
]


def exposures(n, side):
    names = [f"jw01234001001_02101_{i:05d}_mirimage_cal.fits" for i in range(n)]
    return [make_exposure(name, shape=(side, side)) for name in names]


@pytest.mark.parametrize(("n", "side", "mosaic", "procs", "catalogue", "megabytes"), MEASURED)
def test_memory_is_within_15_percent_of_what_was_measured(n, side, mosaic, procs, catalogue, megabytes):
    assert peak_memory(exposures(n, side), mosaic, procs, catalogue) / 1e6 == pytest.approx(megabytes, rel=0.15)


def test_memory_grows_with_everything_that_it_depends_on():
    few = peak_memory(exposures(4, 1024), 10_000_000, 2, with_catalogue=False)
    assert peak_memory(exposures(4, 2048), 10_000_000, 2, with_catalogue=False) > few
    assert peak_memory(exposures(4, 1024), 20_000_000, 2, with_catalogue=False) > few
    assert peak_memory(exposures(4, 1024), 10_000_000, 4, with_catalogue=False) > few
    assert peak_memory(exposures(40, 1024), 10_000_000, 2, with_catalogue=False) > few  # a plane of CON more


def test_files_and_disk(miri, crds):
    def cost(**options):
        plan = make_plan(Lv3Config(target="n", band="F770W", in_dir=str(miri.folder), crds=crds, **options))
        return estimate(plan, plan.parameters)

    plain, more = cost(), cost(do_drizzle=True, do_blot=True)
    assert more.n_files == plain.n_files + 8
    assert more.disk > plain.disk > sum(path.stat().st_size for path in miri.folder.glob("*_02101_*_cal.fits"))
    assert plain.megapixels == plain.shape[0] * plain.shape[1] / 1e6
