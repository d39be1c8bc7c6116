"""Planes drizzled in one pass have the bits that drizzle's own kernels give to each of them."""

import logging
import os
from dataclasses import dataclass, field
from unittest.mock import Mock

import numpy as np
import pytest
from drizzle.resample import Drizzle

from app.pipeline.divided import one_pass
from app.pipeline.divided import planes as module
from app.pipeline.divided.one_pass import KERNELS, drizzle_in_one_pass
from app.pipeline.divided.planes import Planes, say_if_slower
from app.runtime.kernel import has_kernel

compiled = pytest.mark.skipif(not has_kernel() and "CI" not in os.environ, reason="no C compiler here: no kernel")


@dataclass
class Image:
    """An image with two planes beside it, its place on an output, and how it is drizzled."""

    pixmap: np.ndarray
    shape: tuple[int, int] = (50, 60)
    pixfrac: float = 1.0
    scale: float = 1.0
    margin: int = 0
    seed: int = 1
    planes: list[np.ndarray] = field(init=False)
    weights: np.ndarray = field(init=False)

    def __post_init__(self):
        rng, size = np.random.default_rng(self.seed), self.pixmap.shape[:2]
        self.planes = list(rng.normal(1, 2, (3, *size)).astype(np.float32))
        self.planes[0][3:5, 7] = self.planes[2][6, 5] = np.nan
        self.weights = rng.normal(1, 0.6, size).astype(np.float32)  # some negative
        self.weights[rng.random(size) < 0.1] = 0

    @property
    def arguments(self):
        ny, nx = self.weights.shape
        made = {"exptime": 1.0, "pixmap": self.pixmap, "weight_map": self.weights, "pixfrac": self.pixfrac}
        made |= {"pixel_scale_ratio": self.scale, "iscale": 1.3, "wht_scale": 1.0, "in_units": "cps"}
        return made | {"xmin": self.margin, "xmax": nx - 1 - self.margin, "ymin": self.margin, "ymax": ny - 1}


def place(matrix, centre=(30, 25), size=(40, 44), bend=1e-4):
    """A pixel map: linear, bent, with its middle at a place on the output."""
    y, x = np.indices(size, float) - np.array(size)[:, None, None] / 2
    (a, b), (c, d) = matrix
    return np.stack([a * x + b * y + bend * x * y + centre[0], c * x + d * y + bend * x * x + centre[1]], axis=-1)


def turned(angle, scale=1.0):
    return scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def with_nan(pixels, where):
    pixels[where] = np.nan
    return pixels


CASES = {
    "turned": place(turned(0.3)),
    "along the axes": place(turned(0.0), bend=0),
    "flipped": place(turned(2) * [[1], [-1]]),
    "sheared": place([[1.0, 1.7], [0.1, 0.9]]),
    "a tiny output": place(turned(1.1, 0.02)),
    "a large output": place(turned(4.0, 7.5), centre=(10, 20)),
    "over the lower left corner": place(turned(0.4), centre=(2, -3)),
    "over the right side": place(turned(5.2), centre=(57, 20)),
    "beside the output": place(turned(0.1), centre=(300, 25)),
    "folded": np.abs(place(turned(0.7), centre=(0, 10))),
    "pixels without a place": with_nan(place(turned(0.3)), np.random.default_rng(5).random((40, 44)) < 0.05),
    "outer rows without a place": with_nan(place(turned(0.3)), np.s_[:3]),
}


def by_drizzle(image, kernel):
    for plane in image.planes:
        drizzle = Drizzle(out_shape=image.shape, kernel=kernel, fillval="NAN", max_ctx_id=0)
        drizzle.add_image(plane, **image.arguments)
        yield drizzle


def assert_same_bits(image, kernel):
    expected = list(by_drizzle(image, kernel))
    images, weight, context = drizzle_in_one_pass(image.planes, image.shape, kernel, image.arguments)
    for made, drizzle in zip(images, expected, strict=True):
        np.testing.assert_array_equal(made, drizzle.out_img)
    np.testing.assert_array_equal(weight, expected[0].out_wht)
    np.testing.assert_array_equal(context, expected[0].out_ctx)
    return weight


@compiled
@pytest.mark.parametrize("pixfrac", [0.01, 0.3, 0.7, 1.0, 1.2])
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("case", CASES)
def test_same_bits_as_drizzle(case, kernel, pixfrac):
    weight = assert_same_bits(Image(CASES[case], pixfrac=pixfrac, scale=0.8), kernel)
    assert np.any(weight != 0) == (case != "beside the output")


@compiled
@pytest.mark.parametrize("seed", range(60))
def test_same_bits_as_drizzle_for_any_map(seed):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(4, 60, 2).tolist())
    # With much more shear drizzle looks for corners in wrong places, and can crash.
    matrix = turned(rng.uniform(0, 7), 10 ** rng.uniform(-1.5, 1)) @ np.diag(rng.uniform(0.7, 1.3, 2))
    centre, size = rng.uniform(-0.3, 1.3, 2) * shape[::-1], tuple(rng.integers(8, 40, 2))
    pixels = place(matrix, centre, size, bend=10 ** rng.uniform(-5, -2))
    pixels += rng.choice([0, 0.2]) * rng.normal(size=pixels.shape)
    pixfrac, scale, margin = rng.choice([0.3, 0.7, 1, 1.2]), 10 ** rng.uniform(-1, 1), int(rng.choice([0, 2]))
    image = Image(pixels, shape, pixfrac, scale, margin, seed)
    for kernel in KERNELS:
        assert_same_bits(image, kernel)


@compiled
def test_kernel_may_be_used_where_these_tests_run():
    assert module._may_be_used()


@pytest.fixture
def undecided():
    """Nothing is known yet of the kernel in this process; nor afterwards."""
    functions = module._may_be_used, say_if_slower, one_pass._library
    for function in functions:
        function.cache_clear()
    yield
    for function in functions:
        function.cache_clear()


@compiled
def test_kernel_that_rounds_otherwise_is_not_used(undecided, monkeypatch, caplog):
    def rounded(*task):
        images, weight, context = drizzle_in_one_pass(*task)
        images[3][20, 20] = np.nextafter(images[3][20, 20], 9)
        return images, weight, context

    monkeypatch.setattr(module, "drizzle_in_one_pass", rounded)
    say_if_slower()
    assert not module._may_be_used()
    assert "the compiled kernel is not for this machine" in caplog.text


def test_kernel_of_another_machine_is_not_used(undecided, monkeypatch, tmp_path, caplog):
    (tmp_path / "one_pass.abi3.so").write_bytes(b"of another processor")
    monkeypatch.setattr(one_pass, "KERNEL", tmp_path / "one_pass.abi3.so")
    monkeypatch.setattr(module, "has_kernel", lambda: True)
    say_if_slower()
    assert "the compiled kernel is not for this machine" in caplog.text


def drizzled(image, kernel="square", fillval="NAN"):
    made = Planes(image.shape, kernel, fillval)
    made.beside = {"two": image.planes[1], "three": image.planes[2]}
    made.add_image(image.planes[0], **image.arguments)
    return made


def assert_equal(made, expected):
    assert made.out_beside.keys() == expected.out_beside.keys()
    for name, plane in expected.out_beside.items():
        np.testing.assert_array_equal(made.out_beside[name], plane)
    for name in ("out_img", "out_wht", "out_ctx"):
        np.testing.assert_array_equal(getattr(made, name), getattr(expected, name))


def test_same_without_a_kernel_which_is_said_once(undecided, monkeypatch, caplog):
    image = Image(CASES["over the right side"])
    expected = drizzled(image)
    module._may_be_used.cache_clear()
    monkeypatch.setattr(module, "has_kernel", lambda: False)
    with caplog.at_level(logging.INFO):
        say_if_slower()
        say_if_slower()
    assert_equal(drizzled(image), expected)
    assert len(caplog.messages) == 1
    assert "slower" in caplog.text


@pytest.mark.parametrize("kernel", ["lanczos3", "gaussian"])
@pytest.mark.filterwarnings("ignore:Kernel '.*' is not a flux-conserving kernel")
def test_other_kernels_are_drizzles(kernel):
    image = Image(CASES["turned"])
    made, expected = drizzled(image, kernel), list(by_drizzle(image, kernel))
    np.testing.assert_array_equal(made.out_img, expected[0].out_img)
    np.testing.assert_array_equal(made.out_beside["three"], expected[2].out_img)


def test_empty_pixels_of_the_image_have_the_fill_value():
    made = drizzled(Image(CASES["turned"]), fillval="-7")
    empty = made.out_wht == 0
    assert np.all(made.out_img[empty] == -7)
    assert np.all(np.isnan(made.out_beside["two"][empty]))
    assert not np.any(made.out_img[~empty] == -7)


def test_image_whose_pixels_cannot_be_told_is_left_to_drizzle(monkeypatch):
    image = Image(CASES["turned"])
    expected = drizzled(image)
    monkeypatch.setattr(module, "drizzle_in_one_pass", Mock(side_effect=ZeroDivisionError))
    assert_equal(drizzled(image), expected)


def test_map_without_any_place_is_an_error_as_in_drizzle():
    with pytest.raises(ValueError, match="No or too few valid pixels in the pixel map"):
        drizzled(Image(np.full((40, 44, 2), np.nan)))
