"""Where the telescope points, and the WCS of an exposure that follows from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
from astropy import units as u
from astropy.coordinates import ICRS, SkyCoord
from astropy.modeling import Model, bind_bounding_box
from astropy.modeling.models import Shift
from gwcs import coordinate_frames as frames
from gwcs.wcs import WCS
from jwst.assign_wcs.pointing import compute_roll_ref, dva_corr_model, v23tosky

from app.simulation.detectors import Detector, Window

__all__ = ["Attitude", "exposure_wcs", "field_centre", "window_to_v2v3"]

#: Differential velocity aberration of every exposure, a value typical of JWST.
VA_SCALE = 1.00003


@dataclass(frozen=True)
class Attitude:
    """A point of the telescope's field of view and the sky that it sees, as in the keywords of the same names.

    Parameters
    ----------
    v2_ref, v3_ref : float
        The point in the telescope's frame [arcsec].
    ra_ref, dec_ref : float
        Its place on the sky [deg].
    roll_ref : float
        Position angle of the V3 axis there [deg].
    """

    v2_ref: float
    v3_ref: float
    ra_ref: float
    dec_ref: float
    roll_ref: float

    def to_sky(self) -> Model:
        """Transform from V2, V3 [arcsec] to right ascension and declination [deg]."""
        return v23tosky(SimpleNamespace(meta=SimpleNamespace(wcsinfo=self)))

    def at(self, v2: float, v3: float) -> Attitude:
        """Return the same attitude for another point of the field of view."""
        ra, dec = self.to_sky()(v2, v3)
        roll = compute_roll_ref(self.v2_ref, self.v3_ref, self.roll_ref, self.ra_ref, self.dec_ref, v2, v3)
        return Attitude(v2, v3, float(ra), float(dec), float(roll))

    def following(self, motion: tuple[float, float] | None) -> Attitude:
        """Return the attitude of a telescope that follows a target that has moved east and north [arcsec]."""
        return self if motion is None else self.shifted(*motion)

    def shifted(self, d_ra: float, d_dec: float, d_roll: float = 0.0) -> Attitude:
        """Return the attitude after an offset on the sky, east and north [arcsec], and a rotation [deg]."""
        here = SkyCoord(self.ra_ref, self.dec_ref, unit="deg")
        there = here.spherical_offsets_by(d_ra * u.arcsec, d_dec * u.arcsec)
        return replace(self, ra_ref=there.ra.deg, dec_ref=there.dec.deg, roll_ref=self.roll_ref + d_roll)


def window_to_v2v3(detector: Detector, window: Window) -> Model:
    """Transform from pixels of the window, counted from 0, to V2, V3 [arcsec], with its inverse."""
    corner = Shift(window.x_start - 1.0) & Shift(window.y_start - 1.0)
    return corner | detector.to_v2v3


def exposure_wcs(detector: Detector, window: Window, attitude: Attitude) -> WCS:
    """WCS of one exposure, with the frames that the JWST pipeline gives an image.

    Parameters
    ----------
    detector : Detector
    window : Window
    attitude : Attitude
        For the detector's own reference point.

    Returns
    -------
    gwcs.wcs.WCS
        From pixels, counted from 0, over ``v2v3`` and ``v2v3vacorr`` [arcsec] to ``world`` [deg]; the bounding box
        holds the whole window.
    """
    distortion = window_to_v2v3(detector, window).copy()
    box = ((-0.5, window.x_size - 0.5), (-0.5, window.y_size - 0.5))
    bind_bounding_box(distortion, box, order="F")
    telescope = {"axes_order": (0, 1), "axes_names": ("v2", "v3"), "unit": (u.arcsec, u.arcsec)}
    return WCS(
        [
            (frames.Frame2D(name="detector", axes_order=(0, 1), unit=(u.pix, u.pix)), distortion),
            (frames.Frame2D(name="v2v3", **telescope), dva_corr_model(VA_SCALE, attitude.v2_ref, attitude.v3_ref)),
            (frames.Frame2D(name="v2v3vacorr", **telescope), attitude.to_sky()),
            (frames.CelestialFrame(reference_frame=ICRS(), name="world"), None),
        ]
    )


def field_centre(detectors: list[Detector]) -> tuple[float, float]:
    """Mean of the detectors' reference points in V2, V3 [arcsec]."""
    return float(np.mean([d.v2_ref for d in detectors])), float(np.mean([d.v3_ref for d in detectors]))
