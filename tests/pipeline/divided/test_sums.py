"""A sum of parts is kept on the way, and a later start adds only what it lacks, to the same bits."""

from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest

from app.pipeline.box import Box
from app.pipeline.divided.arrays import save_arrays
from app.pipeline.divided.parts import Part, Total
from app.pipeline.divided.sums import EVERY, add_all
from app.runtime.checkpoints import keeping, scope
from app.runtime.signals import Interrupted

N = 2 * EVERY + 3
BOX = Box(0, 0, 40, 30)
PARAMETERS = {"fillval": "NAN", "weight_type": "ivm", "enable_ctx": True, "enable_var": True}


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """Parts of the size of the sum; from the third on a variance is missing where others are not."""
    random, folder, made = np.random.default_rng(3), tmp_path_factory.mktemp("parts"), []
    for n in range(N):
        image, weight, *variances = random.random((5, *BOX.shape), np.float32)
        variances[2][:n] = np.nan if n > 2 else 1
        made.append(Part(folder / f"{n}.npy", BOX, 1.0))
        save_arrays(made[-1].path, image, weight, np.ones(BOX.shape, np.int32), *variances)
    return made


@pytest.fixture
def start(tmp_path, parts, monkeypatch):
    """What a start makes of the parts, None where it is killed before the n-th is added, and which it has added."""
    add, added = Total.add, []

    def start(n=N, keeps=True):
        added.clear()

        def noted(total, index, part):
            if index == n:
                raise Interrupted(15)
            added.append(index)
            return add(total, index, part)

        monkeypatch.setattr(Total, "add", noted)
        with keeping(tmp_path / "kept") if keeps else nullcontext(), scope("resample"):
            try:
                total = add_all(Total(SimpleNamespace(pixel_scale_ratio=1.0), BOX, N, PARAMETERS), parts, tmp_path)
            except Interrupted:
                return None, list(added)
        return {name: array.tobytes() for name, array in total.finish().items()}, list(added)

    return start


@pytest.fixture
def undisturbed(start, monkeypatch):
    monkeypatch.setattr(Part, "discard", lambda _: None)
    made, added = start(keeps=False)
    assert added == list(range(N))
    return made


def sums(folder):
    return sorted(path.name for path in folder.glob("sum_*"))


def test_a_later_start_adds_the_rest_alone_to_the_same_bits(tmp_path, undisturbed, start):
    assert sums(tmp_path) == []
    assert start(EVERY - 1) == (None, list(range(EVERY - 1)))
    assert start(EVERY + 2) == (None, list(range(EVERY + 2)))
    assert sums(tmp_path) == [f"sum_{EVERY}.npy"]
    assert start(2 * EVERY) == (None, list(range(EVERY, 2 * EVERY)))
    assert sums(tmp_path) == [f"sum_{2 * EVERY}.npy"]
    for _ in range(2):  # and another one, killed before the mosaic was published
        assert start() == (undisturbed, list(range(2 * EVERY, N)))


def test_a_sum_that_is_spoiled_is_made_again(tmp_path, undisturbed, start):
    start(EVERY + 1)
    (path,) = tmp_path.glob("sum_*")
    content = path.read_bytes()
    path.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    assert start() == (undisturbed, list(range(N)))
