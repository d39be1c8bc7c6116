"""Sources of the mosaic that overlap, taken apart by several processes: each from its own pixels alone.

Most take milliseconds, and those that run into each other over a crowded field seconds. So the large ones come first,
each by itself, and the small ones after them, many at a time. Two steps of photutils take as long as a large source has
pixels, for each of its peaks; here they are with the same results, faster.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
from scipy import ndimage
from skimage.segmentation import watershed

from app.runtime.pool import run_all

__all__ = ["call_all", "grow", "split"]

# What a process is given at a time [pixel], and what a source takes beside its pixels, in time like so many of them.
_TOGETHER, _EACH = 100_000, 1_000


def call_all(function: Callable[..., Any], tasks: Sequence[tuple[Any, ...]], procs: int) -> list[Any]:
    """Call a function of a module with each tuple of arguments, the first of which is an image of the source.

    Returns
    -------
    list
        Results in the order of the tasks.
    """
    order = np.argsort([-task[0].size for task in tasks], kind="stable")
    groups = list(_groups([tasks[index] for index in order]))
    results = chain.from_iterable(run_all(partial(_call, function), groups, procs))
    found = dict(zip(order.tolist(), results, strict=True))
    return [found[index] for index in range(len(tasks))]


def _groups(tasks: Sequence[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    """The tasks in groups that take about the same time, or one that takes longer."""
    group: list[tuple[Any, ...]] = []
    for task in tasks:
        group.append(task)
        if sum(task[0].size + _EACH for task in group) >= _TOGETHER:
            yield group
            group = []
    if group:
        yield group


def _call(function: Callable[..., Any], group: Sequence[tuple[Any, ...]]) -> list[Any]:
    return [function(*task) for task in group]


def grow(image: np.ndarray, markers: np.ndarray, mask: np.ndarray, connectivity: np.ndarray) -> np.ndarray:
    """Grow markers over a mask from the lowest pixel on, as `skimage.segmentation.watershed` with these arguments does.

    When a source was found too faint, markers fill the mask but for this one, and are not all gone through again: only
    those that touch a pixel without a marker can grow. Where two such pixels are equal, the order in which they grow
    depends on all the others, and these are gone through.

    Returns
    -------
    ndarray
        Like `markers`.
    """
    markers = markers * mask
    empty = mask & (markers == 0)
    if not empty.any():
        return markers
    box = _box(empty)
    image_box, markers_box, empty_box = image[box], markers[box], empty[box]
    rim = (markers_box != 0) & _dilated(empty_box, connectivity)
    if len(np.unique(image_box[rim])) < np.count_nonzero(rim):
        return watershed(image, markers, mask=mask, connectivity=connectivity)
    seeds, free = np.where(rim, markers_box, 0), empty_box | rim
    markers[box] += watershed(image_box, seeds, mask=free, connectivity=connectivity) * empty_box
    return markers


def _box(mask: np.ndarray) -> tuple[slice, slice]:
    """The rows and columns with true pixels, and one more to each side."""
    (y0, y1), (x0, x1) = (np.flatnonzero(mask.any(axis=axis))[[0, -1]] for axis in (1, 0))
    return slice(max(y0 - 1, 0), y1 + 2), slice(max(x0 - 1, 0), x1 + 2)


def _dilated(mask: np.ndarray, connectivity: np.ndarray) -> np.ndarray:
    """A mask and all pixels that are connected with it: `scipy.ndimage.binary_dilation`, many times as fast."""
    (ny, nx), padded, found = mask.shape, np.pad(mask, 1), np.zeros_like(mask)
    for row, column in np.argwhere(connectivity):
        found |= padded[row : row + ny, column : column + nx]
    return found


def split(lower: np.ndarray, upper: np.ndarray, footprint: np.ndarray) -> np.ndarray:
    """Segments above a threshold, those in whose place there are several above the next one replaced by these.

    Parameters
    ----------
    lower, upper : ndarray of int, of one shape
        Segments above the threshold, and above the next.
    footprint : ndarray of bool
        Which neighbours are connected.
    """
    inside = (lower != 0) & (upper != 0)
    n_upper = int(upper.max()) + 1
    parents = np.unique(lower[inside] * np.int64(n_upper) + upper[inside]) // n_upper
    is_split = (np.bincount(parents, minlength=int(lower.max()) + 1) >= 2)[lower]
    if not is_split.any():
        return lower
    return ndimage.label(np.where(is_split, upper != 0, lower != 0), structure=footprint)[0]
