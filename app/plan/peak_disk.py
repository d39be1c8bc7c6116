"""The most disk space that a run takes at any time.

Arrays are counted by their pixels; the record, the report and the log, and the headers of products, come on top.
"""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

from app.config.schema import Lv3Config
from app.observation.exposure import Exposure
from app.plan.peak_memory import SerialFallback
from app.plan.work import Work

__all__ = ["Room", "peak_disk"]

#: Arrays of four bytes a pixel. In the mosaic: SCI, ERR, WHT, three variances; beside them CON. In a
#: drizzled exposure: SCI, ERR, WHT, CON. In a blot: SCI, DQ.
_BYTES, _ARRAYS, _ARRAYS_SINGLE, _ARRAYS_BLOT = 4, 6, 4, 2
#: The segmentation map, and the same while it is written a second time, with its stamp.
_ARRAYS_CATALOGUE = 2
#: Where a pixel of an exposure falls, in a temporary file that stays: x and y in double precision.
_BYTES_MAP = 16
#: While outliers are found, of every exposure: image and weight. While the mosaic is put together, of every exposure:
#: image, weight, context and three variances.
_ARRAYS_DRIZZLED, _ARRAYS_PART = 2, 6
#: A median image of background exposures, in a temporary file that stays: the image and its variance.
_ARRAYS_BACKGROUND = 2
#: What the record finds on a full disk, and record, report, log and association [byte].
_SMALL = 3e6
#: What is known of an exposure after each step, and its sources, kept until the mosaic is there [byte].
_KEPT = 0.5e6
#: Tables of an exposure that products made of it repeat [byte].
_HEADERS = 0.1e6


class Room(NamedTuple):
    """Most disk space that a run takes at any time [byte].

    Parameters
    ----------
    together : int
        Products and temporary files, on one disk.
    products, work : int
        In out_dir and in the work folder, where this is on another disk: each product is made there, and moved.
    """

    together: int
    products: int
    work: int


def peak_disk(
    work: Work,
    exposures: list[Exposure],
    config: Lv3Config,
    with_catalogue: bool = True,
    fallback: SerialFallback | None = None,
) -> Room:
    """Most disk space that a run takes: products, each made in the work folder and moved, and temporary files.

    Parameters
    ----------
    work : Work
    exposures : list of Exposure
        As they are on the disk; those that are written, if any, are as large.
    config : Lv3Config
    with_catalogue : bool
        Whether sources of the mosaic are found.
    fallback : SerialFallback, optional
        What jwst's own implementation keeps in memory, where it runs; there the exposures are copied before, and
        again, with the images of the mosaic's size, where it keeps nothing in memory.
    """
    size, pixels = 0 if config.is_of_finished else sum(e.size for e in exposures), sum(e.n_pixels for e in exposures)
    maps = pixels * _BYTES_MAP + sum(b.pixels for b in work.backgrounds) * _ARRAYS_BACKGROUND * _BYTES
    drizzled = work.n_exposures * work.cut * _ARRAYS_DRIZZLED * _BYTES
    median = work.mosaic * _BYTES * (2 if config.outliers == "spare_stars" else 1)  # of the errors, too
    parts = work.n_exposures * work.cut * _ARRAYS_PART * _BYTES
    kept = median if config.resume else 0
    copies = 0.0
    if fallback:
        copies = size if fallback.pixels else 2 * size + work.n_exposures * work.mosaic * _BYTES
    written = _mosaic(work, with_catalogue=False) + parts
    before = maps + copies + max(median + max(drizzled, size), kept + size + written)
    before += _KEPT * work.n_exposures if config.resume else 0
    unpacked = sum(e.size for e in exposures if e.packed)
    finished = size + _mosaic(work, with_catalogue) + _companions(work, pixels, config)
    here = _SMALL + unpacked
    return Room(int(here + max(before, finished)), int(_SMALL + finished), int(here + before))


def _mosaic(work: Work, with_catalogue: bool) -> float:
    return (
        _HEADERS * max(1, len(work.tiles))
        + work.written * (_ARRAYS + work.n_planes + _ARRAYS_CATALOGUE * with_catalogue) * _BYTES
    )


def _companions(work: Work, pixels: int, config: Lv3Config) -> float:
    """What is made of each exposure beside the mosaic."""
    together = work.drizzled_with(config)
    single = min(together * work.cut, work.mosaic) if config.drizzle_footprint_only else work.mosaic
    drizzled = (
        ceil(work.n_exposures / together) * (_HEADERS + single * _ARRAYS_SINGLE * _BYTES) if config.do_drizzle else 0
    )
    blotted = work.n_exposures * _HEADERS + pixels * _ARRAYS_BLOT * _BYTES if config.do_blot else 0
    return drizzled + blotted
