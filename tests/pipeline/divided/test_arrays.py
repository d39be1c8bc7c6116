"""Arrays are written whole, and an error of the device is one."""

import os
from pathlib import Path

import numpy as np
import pytest
from drizzle.resample import blot_image

from app.pipeline.divided.arrays import map_array, map_arrays, save_arrays
from tests.plan.test_peak_memory import memory


def test_arrays_stand_behind_each_other_and_can_be_mapped(tmp_path: Path):
    first, second = np.arange(6, dtype=np.float32).reshape(2, 3), np.arange(5)
    save_arrays(tmp_path / "a.npy", first, second)
    with (tmp_path / "a.npy").open("rb") as file:
        assert np.array_equal(np.load(file), first)
        assert np.array_equal(np.load(file), second)
    assert np.array_equal(map_array(tmp_path / "a.npy"), first)
    mapped = list(map_arrays(tmp_path / "a.npy"))
    assert [array.dtype for array in mapped] == [first.dtype, second.dtype]
    assert all(map(np.array_equal, mapped, (first, second)))


def test_a_few_rows_of_mapped_arrays_are_read_alone(tmp_path: Path):
    save_arrays(tmp_path / "a.npy", *[np.ones((4000, 4000), np.float32)] * 3)
    before = memory(os.getpid())
    rows = [array[100:120] for array in map_arrays(tmp_path / "a.npy")]
    assert [array.sum() for array in rows] == [80_000] * 3
    assert memory(os.getpid()) - before < 16e6  # of 192 MB


def test_a_full_device_is_an_error_for_an_array_of_any_size():
    for size in (1, 10_000_000):
        with pytest.raises(OSError, match="No space left"):
            save_arrays(Path("/dev/full"), np.zeros(size))


def test_a_blot_reads_no_more_of_a_mapped_image_than_it_needs(tmp_path: Path):
    np.save(tmp_path / "image.npy", np.ones((4000, 4000), np.float32))
    y, x = np.indices((64, 64), dtype=float)
    whole, before = map_array(tmp_path / "image.npy"), memory(os.getpid())
    image = blot_image(whole, pixmap=np.dstack([x + 300.2, y + 400.3]), interp="linear", iscale=1.0)
    np.testing.assert_allclose(image, 1, rtol=1e-6)
    assert memory(os.getpid()) - before < 16e6  # of 64 MB
