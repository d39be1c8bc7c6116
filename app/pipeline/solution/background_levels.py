"""Levels of background exposures of one detector, by their differences at the same places of the detector."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from astropy.stats import sigma_clip
from numpy.typing import NDArray

from app.pipeline.divided.background_image import usable_rows
from app.pipeline.solution.sky_differences import MEDIAN
from app.pipeline.solution.sky_samples import sample_pixels
from app.runtime.errors import SkyError
from app.runtime.pool import run_all

__all__ = ["Level", "background_levels"]

#: Samples that are further from the median than this many standard deviations are of sources.
CLIP = 3.0


class Level(NamedTuple):
    """The level of an exposure and its standard error [unit of the data]."""

    value: float
    error: float


def background_levels(files: Sequence[Path], dqbits: int | None, procs: int) -> list[Level]:
    """The sky of each of these exposures of blank fields.

    Where the sky is blank, what exposures have in common is fixed to the detector: stray light, flat fields. So they
    are compared at the same places of the detector, unlike science exposures. Samples on sources are left out.

    Parameters
    ----------
    files : sequence of Path
        Of one detector; of the same pixels, or each is measured for itself.
    dqbits : int or None
        Bits of DQ that do not matter; None where none does.
    procs : int
        Number of processes; the levels do not depend on it.

    Raises
    ------
    SkyError
        Exposures have no samples; the error names them.
    """
    samples = list(run_all(partial(_sample, dqbits), files, procs))
    if empty := [path for path, one in zip(files, samples, strict=True) if not np.isfinite(one).any()]:
        raise SkyError(
            [f"{path}: a background exposure without a level: all of it is masked; exclude it" for path in empty]
        )
    if len({one.shape for one in samples}) > 1:
        return [_middle(one) for one in samples]
    usual = np.full(samples[0].shape, np.nan, np.float32)
    stack = np.array(samples)
    known = np.isfinite(stack).any(axis=0)
    usual[known] = np.nanmedian(stack[:, known], axis=0)
    common = _middle(usual)
    differences = [_middle(one - usual) for one in samples]
    return [Level(common.value + one.value, float(np.hypot(common.error, one.error))) for one in differences]


def _sample(dqbits: int | None, path: Path) -> NDArray[np.float32]:
    return sample_pixels(usable_rows(path, dqbits)[0])


def _middle(samples: NDArray[np.float32]) -> Level:
    """The median of samples without those that are of sources."""
    values = samples[np.isfinite(samples)].astype(float)
    kept = sigma_clip(values, sigma=CLIP, maxiters=None, masked=False)
    return Level(float(np.median(kept)), float(MEDIAN * np.std(kept) / np.sqrt(len(kept))))
