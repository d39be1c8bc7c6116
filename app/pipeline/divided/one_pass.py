"""Several planes of an image drizzled in one pass over its pixels, by a compiled kernel (one_pass.c)."""

import ctypes
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from app.pipeline.divided.scan_lines import Section, scan_lines
from app.runtime.kernel import KERNEL

__all__ = ["KERNELS", "Drizzled", "drizzle_in_one_pass", "is_known"]

#: The drizzle kernels that it has.
KERNELS = ("square", "turbo", "point")
# Drops that are not larger become points in drizzle, with a warning.
_SMALLEST_PIXFRAC = 0.001

#: Images with NaN in empty pixels; the weight; the context of one image, of shape (1, ny, nx).
Drizzled = tuple[list[np.ndarray], np.ndarray, np.ndarray]


def is_known(kernel: str, arguments: Mapping[str, Any]) -> bool:
    """Whether it can drizzle with such arguments of `drizzle.resample.Drizzle.add_image`."""
    return (
        kernel in KERNELS
        and arguments["pixfrac"] > _SMALLEST_PIXFRAC
        and (kernel != "turbo" or arguments["pixel_scale_ratio"] is not None)
        and (arguments["in_units"], arguments["wht_scale"]) == ("cps", 1)
    )


def drizzle_in_one_pass(
    planes: Sequence[np.ndarray], shape: tuple[int, int], kernel: str, arguments: Mapping[str, Any]
) -> Drizzled:
    """Drizzle planes of one image, with the bits that drizzle gives for each of them.

    Parameters
    ----------
    planes : sequence of ndarray of float32
        Row by row in memory.
    shape : tuple of int
        Rows and columns of the output.
    kernel : str
    arguments : mapping
        As `drizzle.resample.Drizzle.add_image` takes them.

    Raises
    ------
    ValueError, ZeroDivisionError
        Which pixels drizzle would take cannot be told (see `scan_lines`).
    """
    pixels = np.ascontiguousarray(arguments["pixmap"], np.float64)
    weight = np.ascontiguousarray(arguments["weight_map"], np.float32)
    section = Section(*(int(arguments[name]) for name in ("xmin", "xmax", "ymin", "ymax")))
    first, last = scan_lines(pixels, section, shape)
    images = [np.zeros(shape, np.float32) for _ in planes]
    total, context = np.zeros(shape, np.float32), np.zeros((1, *shape), np.int32)
    task = _Task(
        *(*planes[0].shape[::-1], _place(pixels), _place(first), _place(last), _place(weight)),
        *(len(planes), _places(planes), arguments["iscale"]),
        *(*shape[::-1], _places(images), _place(total), _place(context)),
    )
    getattr(_library(), kernel)(ctypes.byref(task), *map(ctypes.c_double, _drop(kernel, arguments)))
    empty = total == 0
    for image in images:
        image[empty] = np.nan
    return images, total, context


class _Task(ctypes.Structure):
    """`Drizzle` in one_pass.c."""

    _fields_ = (
        *(("nx", ctypes.c_int), ("ny", ctypes.c_int), ("map", ctypes.c_void_p)),
        *(("first", ctypes.c_void_p), ("last", ctypes.c_void_p), ("weight", ctypes.c_void_p)),
        *(("n", ctypes.c_int), ("planes", ctypes.POINTER(ctypes.c_void_p)), ("scale", ctypes.c_float)),
        *(("mx", ctypes.c_int), ("my", ctypes.c_int), ("sums", ctypes.POINTER(ctypes.c_void_p))),
        *(("total", ctypes.c_void_p), ("context", ctypes.c_void_p)),
    )


def _place(array: np.ndarray) -> int:
    return array.ctypes.data


def _places(arrays: Sequence[np.ndarray]) -> ctypes.Array:
    return (ctypes.c_void_p * len(arrays))(*map(_place, arrays))


def _drop(kernel: str, arguments: Mapping[str, Any]) -> tuple[float, ...]:
    """What a kernel takes of a drop: its size as a share of the pixel; or half its side and its weight per area."""
    pixfrac = float(arguments["pixfrac"])
    if kernel == "turbo":
        ratio = float(np.float32(arguments["pixel_scale_ratio"]))  # drizzle keeps it so
        return pixfrac / ratio / 2, 1 / (pixfrac * pixfrac) * ratio * ratio
    return (pixfrac,) if kernel == "square" else ()


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(str(KERNEL))
