"""When the catalogue is made of windows of the mosaic, and what that takes."""

import pytest

from app.config.schema import Lv3Config
from app.plan import peak_memory
from app.plan.peak_memory import Work, catalogue_by_tiles

GB = 1e9


@pytest.mark.parametrize(
    ("wanted", "gigabytes", "by_tiles"),
    [("auto", 64, False), ("auto", 2, True), ("whole", 2, False), ("tiles", 64, True)],
)
def test_auto_is_the_whole_where_the_memory_is_enough(monkeypatch, wanted, gigabytes, by_tiles):
    monkeypatch.setattr(peak_memory, "memory_limit", lambda: gigabytes * GB)
    assert catalogue_by_tiles(wanted, 100e6) is by_tiles


def test_windows_of_a_large_sparse_mosaic_take_a_small_part_of_what_all_of_it_does():
    work = Work(300, 256**2, 20000**2, 300**2)
    whole, tiles = (
        peak_memory.peak_memory(work, Lv3Config(target="n", band="F770W", in_dir="in", procs=2, catalogue=how))
        for how in ("whole", "tiles")
    )
    assert tiles < 3e9 < 20e9 < whole
