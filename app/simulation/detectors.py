"""The imaging detectors: size, place in the telescope, distortion."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any

import numpy as np
from astropy.modeling import Model
from astropy.modeling.models import AffineTransformation2D, Mapping, Polynomial2D, Shift
from numpy.typing import NDArray

from app.runtime.errors import ConfigError

__all__ = ["Detector", "Window", "detector", "detector_names"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """The part of a detector that is read out.

    Parameters
    ----------
    x_start, y_start : int
        First column and row, counted from 1 as in the headers.
    x_size, y_size : int
        Columns and rows.
    name : str
        Value of the keyword SUBARRAY; the one here is that of a subarray without a name.
    """

    x_start: int
    y_start: int
    x_size: int
    y_size: int
    name: str = "GENERIC"

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of the array: rows, columns."""
        return self.y_size, self.x_size


@dataclass(frozen=True)
class Detector:
    """One detector, as the observatory's SIAF describes it.

    Pixel coordinates are those of the science frame, counted from 0 at the centre of the first pixel of the full
    frame. ``distortion.json`` and ``scripts/extract_distortion.py`` tell where the numbers come from.
    """

    name: str
    instrument: str
    module: str | None
    channel: str | None
    aperture: str
    size: tuple[int, int]
    reference_pixel: tuple[float, float]
    v2_ref: float
    v3_ref: float
    v3_ideal_angle: float
    ideal_parity: int
    sci_to_ideal: dict[str, list[float]]
    ideal_to_sci: dict[str, list[float]]
    subarrays: dict[str, list[int]]

    @cached_property
    def to_v2v3(self) -> Model:
        """Transform from pixels of the full frame to V2, V3 [arcsec], with its inverse."""
        forward, backward = self._ideal_frame()
        origin = [pixel - 1.0 for pixel in self.reference_pixel]
        transform = Shift(-origin[0]) & Shift(-origin[1]) | _polynomials(self.sci_to_ideal) | forward
        transform.inverse = backward | _polynomials(self.ideal_to_sci) | Shift(origin[0]) & Shift(origin[1])
        return transform

    def _ideal_frame(self) -> tuple[Model, Model]:
        """From the ideal frame to V2, V3 and back: SIAF's plane approximation (JWST-STScI-001550, section 5.3)."""
        angle = math.radians(self.v3_ideal_angle)
        parity, cosine, sine = self.ideal_parity, math.cos(angle), math.sin(angle)
        matrix = np.array([[parity * cosine, sine], [-parity * sine, cosine]])
        offset = np.array([self.v2_ref, self.v3_ref])
        inverse = np.linalg.inv(matrix)
        return (
            AffineTransformation2D(matrix=matrix, translation=offset),
            AffineTransformation2D(matrix=inverse, translation=-inverse @ offset),
        )

    @cached_property
    def pixel_area(self) -> float:
        """Solid angle of the reference pixel [arcsec2]."""
        x, y = (pixel - 1.0 for pixel in self.reference_pixel)
        return float(self.solid_angle(np.array(x), np.array(y)))

    def solid_angle(self, x: Array, y: Array) -> Array:
        """Solid angle that one pixel sees [arcsec2] at pixels of the full frame."""
        right, left = self.to_v2v3(x + 0.5, y), self.to_v2v3(x - 0.5, y)
        above, below = self.to_v2v3(x, y + 0.5), self.to_v2v3(x, y - 0.5)
        dx = [a - b for a, b in zip(right, left, strict=True)]
        dy = [a - b for a, b in zip(above, below, strict=True)]
        return np.abs(dx[0] * dy[1] - dx[1] * dy[0])

    def window(self, window: str | tuple[int, int] | Window | None) -> Window:
        """Resolve what a caller asks for into columns and rows.

        Parameters
        ----------
        window : str, tuple, Window or None
            Name of a subarray, (columns, rows) around the reference pixel, or None for the full frame.

        Raises
        ------
        ConfigError
            The detector has no such subarray, or is smaller.
        """
        if isinstance(window, Window):
            return window
        if window is None or window == "FULL":
            return Window(1, 1, *self.size, "FULL")
        if isinstance(window, str):
            if window not in self.subarrays:
                known = ", ".join(["FULL", *self.subarrays])
                raise ConfigError(f"window={window}: {self.name} has {known}, or any size as columns, rows")
            x_start, y_start, x_size, y_size = self.subarrays[window]
            return Window(x_start, y_start, x_size, y_size, window)
        if not all(1 <= wanted <= full for wanted, full in zip(window, self.size, strict=True)):
            raise ConfigError(f"window={window}: {self.name} has {self.size[0]} columns and {self.size[1]} rows")
        x_start, y_start = (
            min(max(round(pixel - size / 2), 1), full - size + 1)
            for pixel, size, full in zip(self.reference_pixel, window, self.size, strict=True)
        )
        return Window(x_start, y_start, *window)


def _polynomials(coefficients: dict[str, list[float]]) -> Model:
    """Two polynomials of x and y side by side; the order of the coefficients is 1; x, y; x2, xy, y2; ..."""
    return Mapping((0, 1, 0, 1)) | _polynomial(coefficients["X"]) & _polynomial(coefficients["Y"])


def _polynomial(coefficients: list[float]) -> Polynomial2D:
    degree = round((math.sqrt(8 * len(coefficients) + 1) - 3) / 2)
    powers = [(total - j, j) for total in range(degree + 1) for j in range(total + 1)]
    return Polynomial2D(degree, **{f"c{i}_{j}": value for (i, j), value in zip(powers, coefficients, strict=True)})


@cache
def _read() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("distortion.json").read_text(encoding="utf-8")
    return json.loads(text)["detectors"]


@cache
def detector(name: str) -> Detector:
    """Return the detector of this name, as in the keyword DETECTOR.

    Raises
    ------
    ConfigError
        There is no such imaging detector.
    """
    if name not in _read():
        raise ConfigError(f"detectors={name}: no such imaging detector; there are {', '.join(_read())}")
    facts = _read()[name]
    pairs = {key: tuple(facts[key]) for key in ("size", "reference_pixel")}
    return Detector(name=name, **(facts | pairs))


def detector_names(instrument: str, channel: str | None = None, module: str | None = None) -> tuple[str, ...]:
    """Names of the detectors of an instrument, of one channel and module where given."""
    return tuple(
        name
        for name, facts in _read().items()
        if facts["instrument"] == instrument.upper()
        and (channel is None or facts["channel"] == channel.upper())
        and (module is None or facts["module"] == module.upper())
    )
