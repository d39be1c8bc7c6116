"""Peak memory of a run, from how much is worked on at once.

The numbers of bytes are measured: proportional set sizes, summed over all processes (pages that they share count once).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from app.config.schema import Lv3Config
from app.plan.work import Work

__all__ = [
    "BAND",
    "PLACED",
    "TILE",
    "SerialFallback",
    "catalogue_by_tiles",
    "least_memory",
    "peak_memory",
]

#: The main process with jwst and its libraries, before data.
_MAIN = 300e6
#: The process that others are forked from, which has jwst in memory of its own and shares it with them.
_FORKER = 176e6
#: Each of these, before data.
_WORKER = 50e6
#: Headers, WCS and sources of an exposure, which stay in memory.
_PER_EXPOSURE = 1.1e6
#: An exposure at work, by pixel of the detector: pixels, variances, pixel map in double precision.
_PER_DETECTOR_PIXEL = 42
#: By pixel of the cut of the mosaic that it touches: the drizzled arrays; and again while the main process adds them.
_PER_CUT_PIXEL, _PER_CUT_PIXEL_ADDED = 45, 28
#: While a tile, or a band of the mosaic, is put together, by its pixels: output arrays, and rows of them at work; a
#: plane of CON more. Pixels of a band, at most.
_PER_MOSAIC_PIXEL, _PER_PLANE_PIXEL, BAND = 30, 4, 1_000_000
#: The median in its mapped file, by pixels of the whole mosaic, also where that is made in tiles.
_PER_MAPPED_PIXEL = 4
#: While its sources are found in all of it, by its pixels: image, error and weight, smoothed, its background, segments.
#: Measured: 54 (10.8 million pixels, one process), 70 of a sparse one (53.6 million) with the mosaic in memory besides.
_PER_CATALOGUE_PIXEL = 60
#: Where the configuration leaves it open, the sources of a mosaic with more pixels are found in windows of it: a number
#: of ours, not the machine's memory, for results must not depend on that.
_WHOLE = 4_000_000
#: The same by windows, by the pixels of one, at most, which is larger where one source is. Where the background is
#: measured of all pixels at once, by those that have data.
_WINDOW, _PER_WINDOW_PIXEL, _PER_COVERED_PIXEL = 1700**2, 110, 30
#: Side of the tiles of a mosaic by which windows are shared out [pixel].
TILE = 1024
#: While the noise of empty sky is measured, by the pixels of the boxes that are looked at, which have the size of so
#: many pixels of the detector, all together, at most.
_PER_SKY_PIXEL, _SKY = 60, 400 * 24**2
#: While the report's pictures are drawn, whose size is fixed, the library that draws them included.
_DRAWING = 110e6
#: jwst's own implementation: by pixel of an exposure that stays in memory; of the detector, and of the mosaic while it
#: is put together; of the mosaic while the median is taken, and of each image in it.
_PER_PIXEL_KEPT, _PER_DETECTOR_PIXEL_WHOLE, _PER_MOSAIC_PIXEL_WHOLE = 20, 126, 68
_PER_MEDIAN_PIXEL, _PER_STACKED_PIXEL = 25, 4
#: After the mosaic, an exposure that is drizzled, or blotted, by pixel of the detector; by pixel of the cut (of several
#: that jwst's own classes drizzle together, more).
_PER_DETECTOR_PIXEL_DRIZZLED, _PER_DETECTOR_PIXEL_BLOTTED = 150, 100
_PER_CUT_PIXEL_LATER, _PER_CUT_PIXEL_TOGETHER = 75, 142
#: While the drizzled exposure is written, by the pixels of the rows at a time; how many, at most.
_PER_PLACED_PIXEL, PLACED = 20, 1_000_000
#: While a median image of background exposures is made, by its pixels, and by those of the rows that are read of all
#: exposures at a time; while it is subtracted from an exposure, by its pixels.
_PER_IMAGE_PIXEL, _PER_STRIP_PIXEL, _PER_SUBTRACTED_PIXEL = 72, 45, 12
#: While stars are told from outliers, an exposure at work, by pixel of the detector: pixels and errors, pixel map, both
#: blots, and what is looked at, where one pixel in 55 is a peak; with a tenth of the stars it is a third less.
_PER_DETECTOR_PIXEL_SPARED = 136


def least_memory(procs: int) -> float:
    """What a run needs before it reads any data [byte]: jwst, also in the process that workers are forked from."""
    return _MAIN + (_FORKER if procs > 1 else 0)


@dataclass(frozen=True, slots=True)
class SerialFallback:
    """What the serial fallback, jwst's own implementation, keeps in memory; 0 where that is in files.

    Parameters
    ----------
    pixels : int
        Number of pixels of the exposures.
    n_stacked : int
        Number of images of the mosaic's size that outlier detection takes the median of.
    """

    pixels: int
    n_stacked: int

    def kept(self, mosaic: float) -> float:
        """Size of it all [byte], for a mosaic of so many pixels."""
        return self.pixels * _PER_PIXEL_KEPT + self.n_stacked * mosaic * _PER_STACKED_PIXEL


def peak_memory(
    work: Work, config: Lv3Config, with_catalogue: bool = True, fallback: SerialFallback | None = None
) -> int:
    """Peak memory of a run, its post-processing included [byte].

    Parameters
    ----------
    work : Work
    config : Lv3Config
    with_catalogue : bool
        Whether sources of the mosaic are found.
    fallback : SerialFallback, optional
        What jwst's own implementation keeps in memory, where it runs.
    """
    procs = min(config.n_procs, work.n_exposures)
    adding, finding = _n_adding(work, config), _n_finding(work, config) if with_catalogue else 1
    at_work = max(procs, adding, finding)
    processes = least_memory(config.n_procs) + (at_work * _WORKER if at_work > 1 else 0)
    peaks = [
        _DRAWING,
        _drizzling(work, procs),
        adding * _adding(work),
        _backgrounds(work, procs),
        work.mosaic * _PER_MAPPED_PIXEL,
    ]
    peaks.append(min(work.mosaic, _SKY * work.cut / work.detector) * _PER_SKY_PIXEL)
    if config.outliers == "spare_stars":
        peaks.append(procs * work.detector * _PER_DETECTOR_PIXEL_SPARED)
    if fallback:
        peaks.append(_whole(work, fallback))
    if with_catalogue:
        peaks.append(_catalogue(work, config, finding))
    if config.do_drizzle or config.do_blot:
        peaks.append(_postprocess(work, config, procs))
    return int(processes + work.n_exposures * _PER_EXPOSURE + max(peaks))


def catalogue_by_tiles(wanted: str, n_pixels: float) -> bool:
    """Whether the catalogue of a mosaic is made of windows of it.

    Parameters
    ----------
    wanted : str
        Value of the key ``catalogue``.
    n_pixels : float
        Of the mosaic.
    """
    return wanted == "tiles" or (wanted == "auto" and n_pixels > _WHOLE)


def _drizzling(work: Work, procs: int) -> float:
    """Data in memory while each process has an exposure at work."""
    subtracted = _PER_SUBTRACTED_PIXEL if work.backgrounds else 0
    return procs * (work.detector * (_PER_DETECTOR_PIXEL + subtracted) + work.cut * _PER_CUT_PIXEL)


def _n_adding(work: Work, config: Lv3Config) -> int:
    """Number of processes that put the mosaic together, a band each; tiles are put together by one."""
    return 1 if work.tiles else min(config.n_procs, ceil(work.mosaic / BAND))


def _adding(work: Work) -> float:
    """Data in memory while one process puts a tile, or a band of the mosaic, together."""
    added = max(work.tiles, default=min(work.mosaic, BAND))
    planes = (work.n_planes - 1) * _PER_PLANE_PIXEL
    return work.cut * _PER_CUT_PIXEL_ADDED + added * (_PER_MOSAIC_PIXEL + planes)


def _n_finding(work: Work, config: Lv3Config) -> int:
    """Number of processes that find sources: in a tile each, in windows of the mosaic, or in the whole, one."""
    if work.tiles:
        return min(config.n_procs, len(work.tiles))
    by_windows = catalogue_by_tiles(config.catalogue, work.mosaic)
    return min(config.n_procs, ceil(work.mosaic / TILE**2)) if by_windows else 1


def _catalogue(work: Work, config: Lv3Config, at_a_time: int) -> float:
    """Data in memory while sources are found and measured: of the whole, of tiles, or of windows of the mosaic."""
    if not work.tiles and catalogue_by_tiles(config.catalogue, work.mosaic):
        return at_a_time * min(work.mosaic, _WINDOW) * _PER_WINDOW_PIXEL + work.covered * _PER_COVERED_PIXEL
    return at_a_time * work.held * _PER_CATALOGUE_PIXEL


def _backgrounds(work: Work, procs: int) -> float:
    """Data in memory while median images of background exposures are made."""
    each = [max(b.pixels * _PER_IMAGE_PIXEL, b.strip * _PER_STRIP_PIXEL) for b in work.backgrounds]
    return sum(sorted(each)[-procs:])


def _whole(work: Work, fallback: SerialFallback) -> float:
    """Data in memory while jwst's own implementation works, each exposure drizzled onto the whole mosaic."""
    mosaic = work.mosaic * (_PER_MOSAIC_PIXEL_WHOLE + (work.n_planes - 1) * _PER_PLANE_PIXEL)
    resampling = fallback.pixels * _PER_PIXEL_KEPT + work.detector * _PER_DETECTOR_PIXEL_WHOLE + mosaic
    return max(resampling, fallback.kept(work.mosaic) + work.mosaic * _PER_MEDIAN_PIXEL)


def _postprocess(work: Work, config: Lv3Config, procs: int) -> float:
    """Data in memory while exposures, some together, are drizzled, or the mosaic is blotted."""
    together = work.drizzled_with(config)
    per_cut_pixel = _PER_CUT_PIXEL_LATER if together == 1 else _PER_CUT_PIXEL_TOGETHER
    per_pixel = _PER_DETECTOR_PIXEL_DRIZZLED if config.do_drizzle else _PER_DETECTOR_PIXEL_BLOTTED
    making = work.detector * (per_pixel + (together - 1) * _PER_PIXEL_KEPT)
    making += min(together * work.cut, work.mosaic) * per_cut_pixel
    return procs * (making + config.do_drizzle * min(work.mosaic, PLACED) * _PER_PLACED_PIXEL)
