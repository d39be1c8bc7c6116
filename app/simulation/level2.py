"""An exposure as the JWST pipeline writes it: ``ImageModel``, headers, ``_cal.fits``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.time import Time
from jwst.assign_wcs.util import calc_rotation_matrix, update_fits_wcsinfo, update_s_region_imaging
from numpy.typing import NDArray
from stdatamodels.jwst.datamodels import ImageModel

from app.observation.bands import Band, Instrument
from app.simulation.camera import Camera
from app.simulation.detectors import Detector, Window
from app.simulation.plan import SECONDS_PER_EXPOSURE, TARGET, PlannedExposure
from app.simulation.pointing import VA_SCALE, Attitude, exposure_wcs
from app.simulation.render import ARCSEC2_TO_SR

__all__ = ["Pixels", "file_name", "write_exposure"]

LEVEL_2_STEPS = (
    "assign_wcs", "dark_sub", "dq_init", "flat_field", "gain_scale", "jump", "linearity", "photom", "ramp_fit",
    "refpix", "saturation",
)  # fmt: skip
#: An old context: if it appears in a product, the keyword was not updated.
CRDS_CONTEXT = "jwst_0042.pmap"
#: Largest error of the inverse of the FITS approximation [pixel]: SIP cannot do better in the corners of MIRI.
SIP_INVERSE_ERROR = 0.2
#: DN/s to MJy/sr: of the right order of magnitude; it cancels.
MJY_PER_SR = 0.5


class _DatedImageModel(ImageModel):
    """An image whose file carries the date of its exposure instead of that of its writing."""

    def on_save(self, init: str | None = None) -> None:
        super().on_save(init)
        self.meta.date = self.meta.observation.date_end
        self.meta.model_type = "ImageModel"


@dataclass(frozen=True)
class Pixels:
    """Arrays of one image, all of one shape.

    Parameters
    ----------
    data : ndarray
        Surface brightness [MJy/sr]; NaN where ``dq`` says DO_NOT_USE.
    dq : ndarray of uint32
    var_poisson, var_rnoise : ndarray
        Variances [(MJy/sr)2].
    """

    data: NDArray[np.float64]
    dq: NDArray[np.uint32]
    var_poisson: NDArray[np.float64]
    var_rnoise: NDArray[np.float64]


def file_name(exposure: PlannedExposure, detector: Detector) -> str:
    """Name of the file, ``jw01234001001_02101_00001_mirimage_cal.fits``."""
    return f"{exposure.name}_{detector.name.lower()}_cal.fits"


def write_exposure(folder: Path, exposure: PlannedExposure, camera: Camera, attitude: Attitude, pixels: Pixels) -> Path:
    """Write one image and return its path.

    Parameters
    ----------
    folder : Path
    exposure : PlannedExposure
    camera : Camera
    attitude : Attitude
        Where the telescope believes that the detector's reference point points.
    pixels : Pixels
    """
    path = folder / file_name(exposure, camera.detector)
    with _DatedImageModel(data=pixels.data.astype(np.float32)) as model:
        model.dq = pixels.dq.copy()
        model.err = np.sqrt(pixels.var_poisson + pixels.var_rnoise).astype(np.float32)
        model.area = camera.area.astype(np.float32)
        model.var_poisson = pixels.var_poisson.astype(np.float32)
        model.var_rnoise = pixels.var_rnoise.astype(np.float32)
        model.var_flat = np.zeros_like(model.data)
        for section, values in _meta(exposure, camera, attitude).items():
            setattr(model.meta, section, values)
        model.meta.filename = path.name
        model.meta.wcs = exposure_wcs(camera.detector, camera.window, attitude)
        update_s_region_imaging(model)
        update_fits_wcsinfo(model, max_inv_pix_error=SIP_INVERSE_ERROR)
        model.save(path)
    return path


def _meta(exposure: PlannedExposure, camera: Camera, attitude: Attitude) -> dict[str, Any]:
    """All sections of ``meta``."""
    detector = camera.detector
    return {
        "telescope": "JWST",
        "origin": "STSCI",
        "data_processing_software_version": "simulated",
        "bunit_data": "MJy/sr",
        "bunit_err": "MJy/sr",
        "program": {"title": "Simulated", "pi_name": "Nobody", "category": "GO"},
        "target": {
            "proposer_name": exposure.target_name, "catalog_name": exposure.target_name,
            "type": "MOVING" if exposure.motion else "FIXED",
            "ra": attitude.ra_ref, "dec": attitude.dec_ref,
        },
        "instrument": _instrument(detector, camera.band),
        "subarray": _subarray(camera.window),
        "aperture": {"name": detector.aperture, "pps_name": detector.aperture},
        "photometry": {
            "conversion_megajanskys": MJY_PER_SR,
            "conversion_microjanskys": MJY_PER_SR / ARCSEC2_TO_SR * 1e-12,
            "pixelarea_steradians": detector.pixel_area * ARCSEC2_TO_SR,
            "pixelarea_arcsecsq": detector.pixel_area,
        },
        "velocity_aberration": {"scale_factor": VA_SCALE},
        "coordinates": {"reference_frame": "ICRS"},
        "wcsinfo": _wcsinfo(detector, camera.window, attitude) | _target_place(exposure),
        "cal_step": dict.fromkeys(LEVEL_2_STEPS, "COMPLETE"),
        "ref_file": {"crds": {"context_used": CRDS_CONTEXT, "sw_version": "0.0.0"}},
        **_observation(exposure, detector),
    }  # fmt: skip


def _instrument(detector: Detector, band: Band) -> dict[str, str]:
    facts = {"name": detector.instrument, "detector": detector.name, **band.wheels}
    optional = {"module": detector.module, "channel": detector.channel}
    return facts | {key: value for key, value in optional.items() if value is not None}


def _subarray(window: Window) -> dict[str, Any]:
    return {
        "name": window.name, "xstart": window.x_start, "ystart": window.y_start,
        "xsize": window.x_size, "ysize": window.y_size, "fastaxis": 1, "slowaxis": 2,
    }  # fmt: skip


def _wcsinfo(detector: Detector, window: Window, attitude: Attitude) -> dict[str, Any]:
    """Pointing and plain FITS keywords; the SIP ones come from the gwcs."""
    angle, parity = np.radians(detector.v3_ideal_angle), detector.ideal_parity
    names = ("pc1_1", "pc1_2", "pc2_1", "pc2_2")
    rotation = calc_rotation_matrix(np.radians(attitude.roll_ref), angle, vparity=parity)
    return {
        "wcsaxes": 2, "ctype1": "RA---TAN", "ctype2": "DEC--TAN", "cunit1": "deg", "cunit2": "deg",
        "crval1": attitude.ra_ref, "crval2": attitude.dec_ref,
        "crpix1": detector.reference_pixel[0] - window.x_start + 1,
        "crpix2": detector.reference_pixel[1] - window.y_start + 1,
        **dict(zip(names, map(float, rotation), strict=True)),
        "v2_ref": attitude.v2_ref, "v3_ref": attitude.v3_ref, "roll_ref": attitude.roll_ref,
        "ra_ref": attitude.ra_ref, "dec_ref": attitude.dec_ref,
        "vparity": parity, "v3yangle": detector.v3_ideal_angle,
    }  # fmt: skip


def _target_place(exposure: PlannedExposure) -> dict[str, float]:
    """Where a moving target is, in the middle of the exposure."""
    if exposure.motion is None:
        return {}
    target = Attitude(0.0, 0.0, *TARGET, exposure.roll).shifted(*exposure.motion)
    return {"mt_ra": target.ra_ref, "mt_dec": target.dec_ref}


def _observation(exposure: PlannedExposure, detector: Detector) -> dict[str, Any]:
    """Sections with the identity of the exposure, its time and its settings."""
    begin = Time(exposure.start_mjd, format="mjd")
    end = Time(exposure.start_mjd + SECONDS_PER_EXPOSURE / 86400, format="mjd")
    middle = (begin.mjd + end.mjd) / 2
    date, time = begin.isot.split("T")
    return {
        "observation": {
            "program_number": f"{exposure.program:05d}", "observation_number": f"{exposure.observation:03d}",
            "visit_number": f"{exposure.visit:03d}", "visit_group": f"{exposure.visit_group:02d}",
            "sequence_id": f"{exposure.sequence:d}", "activity_id": f"{exposure.activity:02d}",
            "exposure_number": f"{exposure.exposure:05d}", "visit_id": exposure.visit_name[2:],
            "obs_id": f"V{exposure.visit_name[2:]}P0000000001{exposure.visit_group:02d}{exposure.sequence}"
            f"{exposure.activity:02d}",
            "date": date, "time": time, "date_beg": begin.isot, "date_end": end.isot,
            "bkgdtarg": exposure.is_background,
        },
        "visit": {"type": "PRIME_TARGETED_FIXED", "status": "SUCCESSFUL", "start_time": begin.iso},
        "exposure": {
            "type": Instrument(detector.instrument.lower()).exp_type,
            "count": 1, "nints": 1, "ngroups": 40, "nframes": 1,
            "prime_parallel": "PARALLEL_COORDINATED" if exposure.sequence == 2 else "PRIME",
            "readpatt": "FASTR1" if detector.instrument == "MIRI" else "RAPID",
            "start_time": begin.mjd, "mid_time": middle, "end_time": end.mjd,
            "start_time_mjd": begin.mjd, "mid_time_mjd": middle, "end_time_mjd": end.mjd,
            "exposure_time": SECONDS_PER_EXPOSURE, "effective_exposure_time": SECONDS_PER_EXPOSURE,
            "integration_time": SECONDS_PER_EXPOSURE, "measurement_time": SECONDS_PER_EXPOSURE,
            "duration": SECONDS_PER_EXPOSURE, "elapsed_exposure_time": SECONDS_PER_EXPOSURE,
        },
        "dither": {"x_offset": exposure.east, "y_offset": exposure.north},
    }  # fmt: skip
