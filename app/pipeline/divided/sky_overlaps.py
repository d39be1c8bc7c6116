"""Sky levels measured by exposure: each process reads one image and measures all its overlaps.

stcal's `skymatch` compares all images with all others. Here footprints that are too far apart to overlap are
left out, the others are measured by stcal's own `SkyImage` before `skymatch` asks for them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from astropy.nddata.bitmask import bitfield_to_boolean_mask
from stcal.skymatch import SkyGroup, SkyImage, SkyStats, skymatch

from app.pipeline.divided.exposure_files import ExposureFile, Light
from app.pipeline.divided.jwst_internals import FootprintImage, fast_intersections
from app.runtime.pool import run_all

__all__ = ["SkyParameters", "SkyResult", "match_sky"]

# By how much distorted edges may bulge beyond the corners' circle [rad]: an arcsecond.
_BULGE = np.radians(1 / 3600)

_Measure = tuple[float | None, int, float]


@dataclass(frozen=True)
class SkyParameters:
    """How the sky is measured.

    Parameters
    ----------
    statistics : mapping
        Arguments of `stcal.skymatch.SkyStats`.
    dqbits : int or None
        Bits of DQ that do not matter; None where none does.
    stepsize : int or None
        Distance of a footprint's vertices [pixel].
    """

    statistics: Mapping[str, Any]
    dqbits: int | None
    stepsize: int | None


@dataclass(frozen=True)
class SkyResult:
    """The sky of one exposure: its level, whether one was found, and what to subtract from the pixels, in turn."""

    level: float
    is_valid: bool
    subtracted: tuple[Light, ...]


def match_sky(
    exposures: Sequence[ExposureFile],
    groups: Iterable[Sequence[int]],
    parameters: SkyParameters,
    options: Mapping[str, Any],
    procs: int,
) -> list[SkyResult]:
    """Find the sky levels.

    Parameters
    ----------
    exposures : sequence of ExposureFile
    groups : iterable of sequence of int
        Places of the exposures that have one level.
    parameters : SkyParameters
    options : mapping
        Arguments of `stcal.skymatch.skymatch`: ``skymethod``, ``match_down``, ``subtract``.
    procs : int
        Number of processes; the levels do not depend on it.

    Returns
    -------
    list of SkyResult
        For each exposure.
    """
    images: list[_DistantImage] = []

    def measure_whole() -> None:
        _measure_all(images, [[None]] * len(images), parameters, procs)

    images += [_DistantImage(exposure, parameters, measure_whole) for exposure in exposures]
    entities = [
        images[group[0]] if len(group) == 1 else SkyGroup([images[i] for i in group], sky_id=n)
        for n, group in enumerate(groups)
    ]
    if "match" in options["skymethod"]:
        _measure_all(images, [_neighbours(image, entities) for image in images], parameters, procs)
    skymatch(entities, **options)
    return [SkyResult(image.sky, image.is_sky_valid, tuple(image.image)) for image in images]


class _Levels(list):
    """In place of an image's pixels: the levels that are subtracted from it."""

    def __isub__(self, level: float) -> "_Levels":
        self.append(level)
        return self


class _DistantImage(FootprintImage):
    """An image without pixels; what `skymatch` asks of it is measured by other processes.

    Attributes
    ----------
    measured : dict
        Measures by ``sky_id`` of what the image overlaps; by None that of the whole image.
    """

    def __init__(self, exposure: ExposureFile, parameters: SkyParameters, measure_whole: Callable[[], None]) -> None:
        meta = exposure.tree["meta"]
        wcs = meta["wcs"]
        pixels = np.broadcast_to(np.float32(np.nan), exposure.shape)
        super().__init__(pixels, pixels, wcs.__call__, wcs.invert, None, meta["filename"], parameters.stepsize)
        self.image, self.mask = _Levels(), None
        self.exposure = exposure
        self.measured: dict[Any, _Measure] = {}
        self._measure_whole = measure_whole
        self.centre, self.radius = _circle(wcs, exposure.shape)

    def calc_sky(self, overlap: Any = None, delta: bool = True) -> _Measure:
        if overlap is None and None not in self.measured:
            self._measure_whole()
        level, n_pixels, area = self.measured.get(_name(overlap), (None, 0, 0.0))
        return (level - self.sky if delta and level is not None else level), n_pixels, area

    def meets(self, other: "_DistantImage") -> bool:
        """Whether the footprints can share anything."""
        distance = 2 * np.arcsin(np.linalg.norm(self.centre - other.centre) / 2)
        return distance <= self.radius + other.radius + 2 * _BULGE


def _name(overlap: Any) -> Any:
    """Name of what an image overlaps: a file name of an image, a number of a group."""
    return None if overlap is None else overlap.sky_id


def _circle(wcs: Any, shape: tuple[int, int]) -> tuple[np.ndarray, float]:
    """Centre, as a unit vector, and radius [rad] of a circle on the sky around an image's corners."""
    x, y = np.array([-0.5, 1, 1, -0.5]), np.array([-0.5, -0.5, 1, 1])
    x[1:3], y[2:] = shape[1] - 0.5, shape[0] - 0.5
    ra, dec = np.radians(wcs(x, y, with_bounding_box=False))
    corners = np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=1)
    centre = corners.mean(axis=0) / np.linalg.norm(corners.mean(axis=0))
    return centre, float(np.max(2 * np.arcsin(np.linalg.norm(corners - centre, axis=1) / 2)))


def _neighbours(image: _DistantImage, entities: Sequence[Any]) -> list[Any]:
    """Images and groups, other than its own, that an image can overlap."""
    members = [(entity, [entity] if isinstance(entity, SkyImage) else list(entity)) for entity in entities]
    return [entity for entity, others in members if image not in others and any(map(image.meets, others))]


def _measure_all(
    images: Sequence[_DistantImage], overlaps: Sequence[list[Any]], parameters: SkyParameters, procs: int
) -> None:
    """Measure every image in its overlaps."""
    tasks = [(image.exposure.subtract(image.image), partners) for image, partners in zip(images, overlaps, strict=True)]
    measures = run_all(partial(_measure, parameters), tasks, procs)
    for image, partners, found in zip(images, overlaps, measures, strict=True):
        image.measured |= dict(zip(map(_name, partners), found, strict=True))


def _measure(parameters: SkyParameters, task: tuple[ExposureFile, list[Any]]) -> list[_Measure]:
    """The sky of one exposure in its overlaps, or in the whole image where an overlap is None."""
    exposure, overlaps = task
    if not overlaps:
        return []
    data, quality = exposure.image()
    good = np.isfinite(data)
    if parameters.dqbits is not None:
        good &= bitfield_to_boolean_mask(quality, parameters.dqbits, good_mask_value=True, dtype=bool)
    wcs = exposure.tree["meta"]["wcs"]
    statistics = SkyStats(**parameters.statistics)
    inverse = wcs.backward_transform  # once: `WCS.invert` puts it together each time, which takes longer than its use
    image = SkyImage(data, good, wcs.__call__, inverse, statistics, stepsize=parameters.stepsize)
    with fast_intersections():
        return [image.calc_sky(overlap, delta=False) for overlap in overlaps]
