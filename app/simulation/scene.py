"""What is observed and how well: brightness of the sky, noise, faults."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from app.simulation.faults import Faults

__all__ = ["Scene"]


@dataclass(frozen=True)
class Scene:
    """What the sky and the detectors are like.

    Parameters
    ----------
    n_stars : int
        Stars in each window, about.
    random_stars : bool
        Stars lie anywhere, some beside each other and some places empty, as on the real sky; else none is near another.
    star_peaks : (float, float)
        Limits of the stars' peaks above the sky [MJy/sr].
    diffuse_peak : float
        Brightest smooth light [MJy/sr].
    n_blobs : int
        Blobs of smooth light in the field.
    blob_sizes : (float, float)
        Limits of their widths (standard deviations), as shares of the field's height.
    emission_peak : float
        Brightness of the brightest clouds and filaments, which fill the field [MJy/sr]; 0 for none.
    emission_contrast : float
        How much brighter they are than what is between them (see `Emission`).
    sky_level : float
        Common sky level [MJy/sr].
    read_noise : float
        Noise of a dark pixel [MJy/sr].
    photon_variance : float
        Variance that a signal of 1 MJy/sr adds [(MJy/sr)2].
    faults : Faults
    """

    n_stars: int = 80
    random_stars: bool = False
    star_peaks: tuple[float, float] = (5.0, 200.0)
    diffuse_peak: float = 1.0
    n_blobs: int = 4
    blob_sizes: tuple[float, float] = (0.05, 0.12)
    emission_peak: float = 0.0
    emission_contrast: float = 1.0
    sky_level: float = 1.0
    read_noise: float = 0.03
    photon_variance: float = 0.0005
    faults: Faults = field(default_factory=Faults)

    @property
    def noise(self) -> float:
        """Noise of a pixel that sees the sky level alone [MJy/sr]."""
        return float(np.hypot(self.read_noise, np.sqrt(self.photon_variance * self.sky_level)))
