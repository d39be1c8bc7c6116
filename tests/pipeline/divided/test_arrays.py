"""Arrays are written whole, and an error of the device is one."""

from pathlib import Path

import numpy as np
import pytest

from app.pipeline.divided.arrays import save_arrays


def test_arrays_stand_behind_each_other_and_can_be_mapped(tmp_path: Path):
    first, second = np.arange(6, dtype=np.float32).reshape(2, 3), np.arange(5)
    save_arrays(tmp_path / "a.npy", first, second)
    with (tmp_path / "a.npy").open("rb") as file:
        assert np.array_equal(np.load(file), first)
        assert np.array_equal(np.load(file), second)
    assert np.array_equal(np.load(tmp_path / "a.npy", mmap_mode="r"), first)


def test_a_full_device_is_an_error_for_an_array_of_any_size():
    for size in (1, 10_000_000):
        with pytest.raises(OSError, match="No space left"):
            save_arrays(Path("/dev/full"), np.zeros(size))
