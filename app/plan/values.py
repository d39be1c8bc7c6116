"""Values of jwst's parameters that its steps take at first and refuse when they are at work, after hours."""

from collections.abc import Callable
from typing import Any

__all__ = ["bit_flags", "fill_value", "problem_with_value"]

#: What a step divides by, or hands to a library that wants more than nothing.
_POSITIVE = {
    *("pixel_scale", "pixel_scale_ratio", "pixmap_stepsize", "kernel_fwhm", "npixels", "brightest"),
    *("searchrad", "abs_searchrad", "tolerance", "abs_tolerance"),
}


def problem_with_value(name: str, value: Any) -> str:
    """What is wrong with a value of a parameter, of the type that it has to have, and what is allowed; else empty."""
    if name in _POSITIVE and value is not None and not value > 0:
        return f"={value!r}: it is too small. Allowed: more than 0"
    if name in _TEXTS and value is not None:
        read, allowed = _TEXTS[name]
        try:
            read(value)
        except (ValueError, KeyError):
            return f"={value!r}: it cannot be read. Allowed: {allowed}"
    return ""


def fill_value(text: str) -> float:
    """The value of pixels without data that ``fillval`` says; an empty text and INDEF are NaN, as `drizzle` has them.

    Raises
    ------
    ValueError
        It is neither a number nor one of these words.
    """
    return float("nan") if text.strip().upper() in ("", "INDEF") else float(text)


def bit_flags(text: str) -> int | None:
    """The flags of data quality that ``good_bits`` or ``dqbits`` names, as one number; None for all of them.

    Raises
    ------
    ValueError, KeyError
        It names others.
    """
    from astropy.nddata.bitmask import interpret_bit_flags
    from stdatamodels.jwst.datamodels.dqflags import pixel

    return interpret_bit_flags(text, flag_name_map=pixel)


def _two_numbers(text: str) -> tuple[float, float]:
    first, second = map(float, text.split())
    return first, second


_PAIR = (_two_numbers, "two numbers, as in '5.0 4.0'")
_BITS = (
    bit_flags,
    "names of flags of data quality, as in 'NON_SCIENCE+JUMP_DET', or all but these, as in '~DO_NOT_USE'",
)
#: How the steps read texts that have a form of their own, and what may stand there.
_TEXTS: dict[str, tuple[Callable[[str], Any], str]] = {
    "fillval": (fill_value, "a number, NAN or INDEF"),
    "snr": _PAIR,
    "scale": _PAIR,
    "good_bits": _BITS,
    "dqbits": _BITS,
}
