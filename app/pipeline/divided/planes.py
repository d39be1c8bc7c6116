"""An image and its variances drizzled together: in one pass where that gives drizzle's bits, else one by one.

The kernel for one pass takes a third of the time of four calls of drizzle's, and is optional: a mosaic must not tell
whether it was there. So it is compared with drizzle, in each process before its first use: compilers and processors
that round otherwise are found that way, and other versions of drizzle.
"""

import logging
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from drizzle.resample import Drizzle

from app.pipeline.divided.one_pass import KERNELS, Drizzled, drizzle_in_one_pass, is_known
from app.plan.values import fill_value
from app.runtime.kernel import has_kernel

__all__ = ["Planes", "say_if_slower"]

log = logging.getLogger(__name__)


class Planes:
    """What `drizzle.resample.Drizzle` is for one image, for an image and planes beside it with the same weights.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the output.
    kernel, fillval : str
        As drizzle takes them.

    Attributes
    ----------
    beside : dict of ndarray
        The planes by name; set before the image is added.
    out_img, out_wht, out_ctx : ndarray or None
        The image with `fillval` in empty pixels, its weight and context; None before one is added.
    out_beside : dict of ndarray
        The drizzled planes with NaN in empty pixels.
    """

    def __init__(self, shape: tuple[int, int], kernel: str, fillval: str) -> None:
        self._shape, self._kernel, self._fill = shape, kernel, fill_value(fillval)
        self.beside: Mapping[str, np.ndarray] = {}
        self.out_beside: dict[str, np.ndarray] = {}
        self.out_img: np.ndarray | None = None
        self.out_wht: np.ndarray | None = None
        self.out_ctx: np.ndarray | None = None

    def add_image(self, data: np.ndarray, **arguments: Any) -> None:
        """Drizzle the one image; arguments as of `drizzle.resample.Drizzle.add_image`."""
        planes = [np.ascontiguousarray(plane, np.float32) for plane in (data, *self.beside.values())]
        (image, *others), self.out_wht, self.out_ctx = _drizzle(planes, self._shape, self._kernel, arguments)
        self.out_img, self.out_beside = image, dict(zip(self.beside, others, strict=True))
        if not np.isnan(self._fill):
            image[self.out_wht == 0] = self._fill


def _drizzle(
    planes: Sequence[np.ndarray], shape: tuple[int, int], kernel: str, arguments: Mapping[str, Any]
) -> Drizzled:
    if is_known(kernel, arguments) and _may_be_used():
        try:
            return drizzle_in_one_pass(planes, shape, kernel, arguments)
        except (ValueError, ZeroDivisionError):
            log.debug("left to drizzle", exc_info=True)
    return _drizzle_each(planes, shape, kernel, arguments)


def _drizzle_each(
    planes: Sequence[np.ndarray], shape: tuple[int, int], kernel: str, arguments: Mapping[str, Any]
) -> Drizzled:
    """One plane after the other, by drizzle's own kernel."""
    calls: list[Drizzle] = []
    for plane in planes:
        calls.append(Drizzle(out_shape=shape, kernel=kernel, fillval="NAN", disable_ctx=bool(calls), max_ctx_id=0))
        calls[-1].add_image(plane, **arguments)
    return [call.out_img for call in calls], calls[0].out_wht, calls[0].out_ctx


@cache
def say_if_slower() -> None:
    """Say in the log, once, that there is no kernel for one pass."""
    if not has_kernel():
        log.info(
            "no compiled kernel here (it is built where there is a C compiler): drizzle's own, the same but slower"
        )
    elif not _may_be_used():
        log.warning("the compiled kernel is not for this machine: drizzle's own makes the same, and is slower")


@cache
def _may_be_used() -> bool:
    """Whether the kernel is there, can be loaded, and gives drizzle's bits for a small image that the output cuts."""
    try:
        return has_kernel() and all(_equals_drizzle(kernel) for kernel in KERNELS)
    except OSError:
        log.debug("the compiled kernel cannot be loaded", exc_info=True)
        return False


def _equals_drizzle(kernel: str) -> bool:
    shape, random = (40, 48), np.random.default_rng(1)
    y, x = np.indices(shape, float)
    pixels = np.stack([0.97 * x - 0.31 * y + 0.001 * x * y + 4.3, 0.33 * x + 0.94 * y - 5.7], axis=-1)
    planes = [random.normal(1, 1, shape).astype(np.float32) for _ in range(4)]
    arguments: dict[str, Any] = {"exptime": 1.0, "pixmap": pixels, "weight_map": random.random(shape, np.float32)}
    arguments |= {"pixfrac": 0.9, "pixel_scale_ratio": 1.02, "iscale": 1.0, "wht_scale": 1.0, "in_units": "cps"}
    arguments |= {"xmin": 0, "xmax": shape[1] - 1, "ymin": 0, "ymax": shape[0] - 1}
    both = (make(planes, shape, kernel, arguments) for make in (drizzle_in_one_pass, _drizzle_each))
    ours, theirs = ([*images, weight, context] for images, weight, context in both)
    return all(np.array_equal(a, b, equal_nan=True) for a, b in zip(ours, theirs, strict=True))
