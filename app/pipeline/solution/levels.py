"""The sky of exposures by one solution: sampled by several processes, solved in one, told to the exposures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jwst.datamodels import ImageModel

from app.pipeline.divided.exposure_files import ExposureFile, Plane
from app.pipeline.divided.sky_overlaps import SkyResult
from app.pipeline.solution.sky_samples import Sampling, SkySamples, sample_exposure, sample_image, sampling_of
from app.pipeline.solution.sky_solution import GroupSky, solve_sky
from app.runtime.pool import run_all

__all__ = ["SkyOptions", "solve_levels"]


@dataclass(frozen=True, slots=True)
class SkyOptions:
    """What is asked of the solution.

    Parameters
    ----------
    order : int
        0 for a level, 1 for a plane for each group.
    anchor : str
        ``lowest``, ``mean``, ``none`` (see `solve_sky`), or the path of a mosaic.
    """

    order: int
    anchor: str

    @property
    def mosaic(self) -> Path | None:
        """The mosaic that the levels are to follow, if any."""
        return None if self.anchor in ("lowest", "mean", "none") else Path(self.anchor)


def solve_levels(
    exposures: Sequence[ExposureFile],
    groups: Mapping[str, Sequence[int]],
    options: SkyOptions,
    *,
    dqbits: int | None,
    subtract: bool,
    procs: int,
) -> tuple[list[SkyResult], dict[str, Any]]:
    """Find the sky of all exposures.

    Parameters
    ----------
    exposures : sequence of ExposureFile
    groups : mapping
        Places of the exposures that share their sky, by the name of the group.
    options : SkyOptions
    dqbits : int or None
        Bits of DQ that do not matter; None where none does.
    subtract : bool
        Subtract levels from the pixels, as `skymatch.subtract` says. Planes are always subtracted, since no step after
        this one knows of them.
    procs : int
        Number of processes; the sky does not depend on it.

    Returns
    -------
    list of SkyResult
        For each exposure.
    dict
        ``sky_solution`` of the record.
    """
    sampling = sampling_of(exposures[0], dqbits)
    samples = list(run_all(partial(sample_exposure, sampling), exposures, procs))
    labels = np.empty(len(exposures), int)
    for label, members in enumerate(groups.values()):
        labels[list(members)] = label
    found = solve_sky(
        samples,
        labels.tolist(),
        spacing=sampling.spacing,
        order=options.order,
        anchor="lowest" if options.mosaic else options.anchor,
        reference=_sample_mosaic(options.mosaic, sampling) if options.mosaic else None,
    )
    skies = [found[label] for label in labels]
    results = [_result(*one, sampling, subtract) for one in zip(exposures, skies, strict=True)]
    return results, _entry(options, sampling, dict(zip(groups, found, strict=True)))


def _sample_mosaic(path: Path, sampling: Sampling) -> SkySamples:
    with ImageModel(path) as mosaic:
        return sample_image(mosaic.data, mosaic.meta.wcs, sampling)


def _result(exposure: ExposureFile, sky: GroupSky, sampling: Sampling, subtract: bool) -> SkyResult:
    """The sky of an exposure, and what is to be subtracted from its pixels."""
    plane = (_plane(exposure, sky, sampling),) if np.isfinite(sky.slope_error) else ()
    return SkyResult(sky.level, bool(np.isfinite(sky.error)), ((sky.level,) if subtract else ()) + plane)


def _plane(exposure: ExposureFile, sky: GroupSky, sampling: Sampling) -> Plane:
    """The slopes of a group as a plane over the pixels of an exposure, in which distortion is below a hundredth."""
    ny, nx = exposure.shape
    x, y = (a.ravel() for a in np.meshgrid(np.linspace(0, nx - 1, 9), np.linspace(0, ny - 1, 9)))
    places = sampling.plane.from_sky(*exposure.tree["meta"]["wcs"](x, y, with_bounding_box=False))
    rise = (places - sky.centre) @ np.array(sky.slope)
    constant, per_column, per_row = np.linalg.lstsq(np.stack([np.ones(len(x)), x, y], axis=1), rise, rcond=None)[0]
    return Plane(float(constant), float(per_column), float(per_row))


def _entry(options: SkyOptions, sampling: Sampling, groups: Mapping[str, GroupSky]) -> dict[str, Any]:
    """What the record says of the solution."""
    return {
        "order": options.order,
        "anchor": options.anchor,
        "spacing": sampling.spacing,
        "groups": [
            {
                "group": name,
                "level": sky.level,
                "error": _number(sky.error),
                "slope": list(sky.slope) if np.isfinite(sky.slope_error) else None,
                "slope_error": _number(sky.slope_error),
                "part": sky.part,
                "n_samples": sky.n_samples,
                "anchored": sky.is_anchored if options.mosaic else None,
            }
            for name, sky in groups.items()
        ],
    }


def _number(value: float) -> float | None:
    """JSON knows no NaN."""
    return value if np.isfinite(value) else None
