"""Write ``app/simulation/distortion.json`` from pysiaf, once per PRD version.

The simulation needs the distortion of the imaging detectors and nothing else of pysiaf, which weighs 200 MB; a test
compares the file with pysiaf. SIAF's own inverse polynomials miss their forward ones by up to 0.13 pixel, so the
inverse written here is a fit to the forward one.

    python scripts/extract_distortion.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pysiaf
from numpy.typing import NDArray

OUTPUT = Path(__file__).resolve().parents[1] / "app" / "simulation" / "distortion.json"

#: (instrument, module, channel, SIAF aperture of the full frame, prefix of its subarrays), by detector name.
DETECTORS = {
    **{
        f"NRC{module}{chip}": ("NIRCAM", module, "SHORT", f"NRC{module}{chip}_FULL", f"NRC{module}{chip}_")
        for module in "AB"
        for chip in "1234"
    },
    **{f"NRC{module}LONG": ("NIRCAM", module, "LONG", f"NRC{module}5_FULL", f"NRC{module}5_") for module in "AB"},
    "MIRIMAGE": ("MIRI", None, None, "MIRIM_FULL", "MIRIM_"),
    "NIS": ("NIRISS", None, None, "NIS_CEN", "NIS_"),
}
SUBARRAYS = ("SUB640", "SUB320", "SUB256", "SUB160", "SUB128", "SUB64", "BRIGHTSKY")
INVERSE_DEGREE = 8
FIT_POINTS = 60


def exponents(degree: int) -> list[tuple[int, int]]:
    """Powers of x and y in SIAF's order: 1; x, y; x2, xy, y2; ..."""
    return [(total - power, power) for total in range(degree + 1) for power in range(total + 1)]


def forward_coefficients(aperture: pysiaf.Aperture) -> dict[str, NDArray[np.float64]]:
    """Coefficients from SCI pixels, counted from the reference pixel, to the ideal frame [arcsec]."""
    coefficients = aperture.get_polynomial_coefficients()
    return {axis: np.asarray(coefficients[f"Sci2Idl{axis}"]) for axis in "XY"}


def fit_inverse(aperture: pysiaf.Aperture) -> dict[str, list[float]]:
    """Fit the polynomial that takes the ideal frame [arcsec] back to SCI pixels from the reference pixel."""
    # One pixel of margin: the bounding box reaches half a pixel beyond the centres.
    x, y = np.meshgrid(
        np.linspace(0, aperture.XSciSize + 1, FIT_POINTS), np.linspace(0, aperture.YSciSize + 1, FIT_POINTS)
    )
    x_ideal, y_ideal = (axis.ravel() for axis in aperture.sci_to_idl(x, y))
    scale = max(np.abs(x_ideal).max(), np.abs(y_ideal).max())  # keeps the powers near one
    powers = exponents(INVERSE_DEGREE)
    design = np.stack([(x_ideal / scale) ** i * (y_ideal / scale) ** j for i, j in powers], axis=-1)
    units = np.array([scale ** -(i + j) for i, j in powers])
    pixels = {"X": x.ravel() - aperture.XSciRef, "Y": y.ravel() - aperture.YSciRef}
    return {axis: (np.linalg.lstsq(design, pixel, rcond=None)[0] * units).tolist() for axis, pixel in pixels.items()}


def subarray_corners(siaf: pysiaf.Siaf, full: pysiaf.Aperture, prefix: str) -> dict[str, list[int]]:
    """Named windows: first column and row (from 1), number of columns and rows, in DMS orientation."""
    windows = {}
    for name in SUBARRAYS:
        if prefix + name in siaf.apernames:
            aperture = siaf[prefix + name]
            column, row = full.tel_to_sci(*aperture.sci_to_tel(1, 1))
            windows[name] = [round(column), round(row), int(aperture.XSciSize), int(aperture.YSciSize)]
    return windows


def describe(siaf: pysiaf.Siaf, module: str | None, channel: str | None, name: str, prefix: str) -> dict[str, Any]:
    """All that the simulation knows of one detector."""
    aperture = siaf[name]
    return {
        "instrument": siaf.instrument.upper(),
        "module": module,
        "channel": channel,
        "aperture": name,
        "size": [int(aperture.XSciSize), int(aperture.YSciSize)],
        "reference_pixel": [aperture.XSciRef, aperture.YSciRef],
        "v2_ref": aperture.V2Ref,
        "v3_ref": aperture.V3Ref,
        "v3_ideal_angle": aperture.V3IdlYAngle,
        "ideal_parity": int(aperture.VIdlParity),
        "sci_to_ideal": {axis: values.tolist() for axis, values in forward_coefficients(aperture).items()},
        "ideal_to_sci": fit_inverse(aperture),
        "subarrays": subarray_corners(siaf, aperture, prefix),
    }


def main() -> None:
    """Read the SIAF of each instrument and write the file."""
    siafs = {instrument: pysiaf.Siaf(instrument) for instrument in ("NIRCAM", "MIRI", "NIRISS")}
    detectors = {name: describe(siafs[instrument], *rest) for name, (instrument, *rest) in DETECTORS.items()}
    content = {"source": f"pysiaf {pysiaf.__version__}, PRD {pysiaf.JWST_PRD_VERSION}", "detectors": detectors}
    OUTPUT.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(f"{OUTPUT}: {len(detectors)} detectors, {content['source']}")


if __name__ == "__main__":
    main()
