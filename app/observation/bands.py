"""What a band is: instrument, channel, pixel scale and PSF width."""

import re
from dataclasses import dataclass
from enum import StrEnum

from app.runtime.errors import ConfigError

__all__ = ["BANDS", "Band", "Channel", "Instrument", "find_bands", "spelled", "split_band"]


class Instrument(StrEnum):
    """Instruments with an imaging mode that this program combines."""

    NIRCAM = "nircam"
    MIRI = "miri"
    NIRISS = "niriss"


class Channel(StrEnum):
    """What shares detectors and pixel scale; the unit in which dithers are grouped."""

    MIRI = "miri"
    NIRCAM_SHORT = "nircam_short"
    NIRCAM_LONG = "nircam_long"
    NIRISS = "niriss"


@dataclass(frozen=True, slots=True)
class Band:
    """One filter of one instrument.

    Parameters
    ----------
    name : str
        Name of the filter or pupil element, ``F770W``.
    channel : Channel
    fwhm : float
        Full width at half maximum of the point-spread function [pixel].
    """

    name: str
    channel: Channel
    fwhm: float

    @property
    def instrument(self) -> Instrument:
        """The instrument that holds the filter."""
        return Instrument(self.channel.split("_")[0])

    @property
    def pixel_scale(self) -> float:
        """Nominal pixel scale [arcsec]."""
        return _PIXEL_SCALE[self.channel]


# Nominal scales [arcsec per pixel]: JWST User Documentation, detector overview of each instrument.
_PIXEL_SCALE = {Channel.MIRI: 0.11, Channel.NIRCAM_SHORT: 0.031, Channel.NIRCAM_LONG: 0.063, Channel.NIRISS: 0.066}

# PSF widths [pixel]: JWST User Documentation, "NIRCam Point Spread Functions" and "MIRI Point Spread Functions". F2550WR
# is the spare of F2550W, of the same make.
_FWHM = {
    Channel.NIRCAM_SHORT: {
        "F070W": 0.987, "F090W": 1.103, "F115W": 1.298, "F140M": 1.553, "F150W": 1.628, "F162M": 1.770, "F164N": 1.801,
        "F150W2": 1.494, "F182M": 1.990, "F187N": 2.060, "F200W": 2.141, "F210M": 2.304, "F212N": 2.341,
    },
    Channel.NIRCAM_LONG: {
        "F250M": 1.340, "F277W": 1.444, "F300M": 1.585, "F322W2": 1.547, "F323N": 1.711, "F335M": 1.760, "F356W": 1.830,
        "F360M": 1.901, "F405N": 2.165, "F410M": 2.179, "F430M": 2.300, "F444W": 2.302, "F460M": 2.459, "F466N": 2.507,
        "F470N": 2.535, "F480M": 2.574,
    },
    Channel.MIRI: {
        "F560W": 1.882, "F770W": 2.445, "F1000W": 2.982, "F1130W": 3.409, "F1280W": 3.818, "F1500W": 4.436,
        "F1800W": 5.373, "F2100W": 6.127, "F2550W": 7.300, "F2550WR": 7.300,
    },
}  # fmt: skip

_NIRISS_BANDS = [
    "F090W",
    "F115W",
    "F140M",
    "F150W",
    "F158M",
    "F200W",
    "F277W",
    "F356W",
    "F380M",
    "F430M",
    "F444W",
    "F480M",
]


def _diffraction_fwhm(name: str) -> float:
    """Width of an Airy disc, 1.03 lambda/D at 6.5 m, in NIRISS pixels; the wavelength is the filter's name [0.01 um]."""
    wavelength = int(re.findall(r"\d+", name)[0]) * 1e-8
    return 1.03 * wavelength / 6.5 * 206264.806 / _PIXEL_SCALE[Channel.NIRISS]


BANDS = [
    *(Band(name, channel, fwhm) for channel, widths in _FWHM.items() for name, fwhm in widths.items()),
    *(Band(name, Channel.NIRISS, round(_diffraction_fwhm(name), 3)) for name in _NIRISS_BANDS),
]


def split_band(band: str) -> tuple[str, Instrument | None]:
    """Split ``F200W_niriss`` into the filter and the instrument, which is None where the name carries none."""
    name, _, instrument = band.partition("_")
    return name.upper(), Instrument(instrument.lower()) if instrument else None


def spelled(band: str) -> str:
    """A band as it is spelled everywhere, ``F200W_niriss``; what is none stays as it is."""
    try:
        name, instrument = split_band(band)
    except ValueError:
        return band
    return f"{name}_{instrument}" if instrument else name


def find_bands(band: str) -> list[Band]:
    """Bands that a config value can mean: several where two instruments share a filter name.

    Parameters
    ----------
    band : str
        ``F770W``, in any case, or with the instrument, ``F200W_niriss``.

    Raises
    ------
    ConfigError
        No such band; the message lists those that there are.
    """
    try:
        name, instrument = split_band(band)
    except ValueError:
        name, instrument = "", None
    found = [b for b in BANDS if b.name == name and instrument in (None, b.instrument)]
    if not found:
        known = {i: ", ".join(b.name for b in BANDS if b.instrument is i) for i in Instrument}
        raise ConfigError(
            f"band={band}: no such band; allowed, with _<instrument> behind it where two share a name: "
            + "; ".join(f"{i}: {names}" for i, names in known.items())
        )
    return found
