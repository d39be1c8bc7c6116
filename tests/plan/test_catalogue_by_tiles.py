"""When the catalogue is made of windows of the mosaic, and what that takes."""

import pytest

from app.config.schema import Lv3Config
from app.plan import peak_memory
from app.plan.peak_memory import catalogue_by_tiles
from app.plan.work import Work


@pytest.mark.parametrize(
    ("wanted", "pixels", "by_tiles"),
    [("auto", 3_999_999, False), ("auto", 4_000_001, True), ("whole", 100e6, False), ("tiles", 100, True)],
)
def test_auto_goes_by_the_size_of_the_mosaic_alone(wanted, pixels, by_tiles):
    assert catalogue_by_tiles(wanted, pixels) is by_tiles


def test_windows_of_a_large_sparse_mosaic_take_a_small_part_of_what_all_of_it_does():
    work = Work(300, 256**2, 20000**2, 300**2)
    whole, tiles = (
        peak_memory.peak_memory(work, Lv3Config(target="n", band="F770W", in_dir="in", procs=2, catalogue=how))
        for how in ("whole", "tiles")
    )
    assert tiles < 3e9 < 20e9 < whole
