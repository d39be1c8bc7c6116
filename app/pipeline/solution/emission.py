"""Emission that fills a field: in exposures without an empty part no statistic of the brightness is a sky level."""

from collections.abc import Sequence

import numpy as np

from app.pipeline.divided.exposure_files import ExposureFile
from app.pipeline.solution.sky_samples import sample_pixels, usable_image

__all__ = ["faint_variation", "filled_field"]

#: What is faintest in an exposure: its samples between these shares. Where all is empty they are one noise of a sample
#: apart, which is a quarter of that of a pixel; where a third is empty, two.
FAINT = (0.05, 0.25)
#: Share of the pixels whose ERR is that of faint ones: photons of sources add to the others.
QUIET = 0.25


def faint_variation(dqbits: int | None, exposure: ExposureFile) -> tuple[float, float]:
    """By how much the faintest quarter of an exposure varies, and the noise of a pixel there.

    Parameters
    ----------
    dqbits : int or None
        Bits of DQ that do not matter; None where none does.
    exposure : ExposureFile

    Returns
    -------
    variation, noise : float
        [unit of the data]; the variation is 0 where nothing can be measured.
    """
    with exposure.open("data", "dq", "err") as model:
        samples = sample_pixels(usable_image(model, dqbits))
        known = samples[np.isfinite(samples)]
        errors = model.err[np.isfinite(model.err) & (model.err > 0)]
    if not known.size or not errors.size:
        return 0.0, 0.0
    low, high = np.quantile(known, FAINT)
    return float(high - low), float(np.quantile(errors, QUIET))


def filled_field(found: Sequence[tuple[float, float]]) -> str | None:
    """A sentence about a field that emission fills, or None.

    Emission fills it where in more than half of the exposures even the faintest quarter varies by more than the noise
    of a pixel: there is no empty part, and two exposures that see other parts of the emission have other levels by any
    statistic.

    Parameters
    ----------
    found : sequence of (float, float)
        From `faint_variation`, for all exposures.
    """
    filled = [(variation, noise) for variation, noise in found if variation > noise]
    if 2 * len(filled) <= len(found):
        return None
    variation, noise = np.median(filled, axis=0)
    return (
        f"Emission fills {len(filled)} of {len(found)} exposures: even their faintest quarter varies by "
        f"{variation:.3g} in the median (noise of a pixel: {noise:.3g}). skymatch compares statistics of exposures "
        "that see other parts of it, so its levels may be wrong by as much, and outliers be flagged that are none."
    )
