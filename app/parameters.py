"""Parameters of jwst's pipeline and steps: chosen by target and band, checked by the steps' own specification.

A later layer wins: step default, CRDS parameter reference, band, presets (config groups), user.
"""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from app.bands import BANDS, Band, Channel, Instrument
from app.config import Lv3Config
from app.errors import ConfigError

__all__ = ["Layer", "check_layers", "layers", "merged", "resolve"]

STEPS = ("assign_mtwcs", "tweakreg", "skymatch", "outlier_detection", "resample", "source_catalog")

_PIXELS = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*pix\s*")
_BAND_LIKE = re.compile(r"f\d{3,4}[wmn]2?(_\w+)?", re.IGNORECASE)

# What the program itself decides: where products go, and that they are written.
_OURS = {"output_dir", "output_file", "output_ext", "search_output_file", "suffix", "pre_hooks", "post_hooks"}


@dataclass(frozen=True, slots=True)
class Layer:
    """Parameters of one origin.

    Parameters
    ----------
    origin : str
        ``band``, ``preset <group>`` or ``user``.
    values : dict
        ``{step: {parameter: value}}``; parameters of the pipeline itself are at the root.
    """

    origin: str
    values: dict[str, Any]


def layers(config: Lv3Config, band: Band) -> list[Layer]:
    """The parameters that a configuration asks for, resolved for its target and `band`, weakest first.

    Raises
    ------
    ConfigError
        A selector that can never match, a length that is none.
    """
    named = [("band", _band_defaults(band))]
    named += [(f"preset {group}", table) for group, table in config.presets.items() if table]
    named += [("user", config.jwst_parameters)]
    problems: list[str] = []
    result = [Layer(origin, resolve(table, str(config.target), band, problems)) for origin, table in named]
    if problems:
        raise ConfigError(problems)
    return result


def _band_defaults(band: Band) -> dict[str, Any]:
    """Widths of the star finders' kernels [pixel]."""
    return {step: {"kernel_fwhm": band.fwhm} for step in ("tweakreg", "source_catalog")}


def merged(chosen: list[Layer]) -> dict[str, Any]:
    """One table of all layers, the later winning."""
    result: dict[str, Any] = {}
    for layer in chosen:
        for key, value in layer.values.items():
            if isinstance(value, Mapping):
                result.setdefault(key, {}).update(deepcopy(dict(value)))
            else:
                result[key] = deepcopy(value)
    return result


def resolve(table: Mapping[str, Any], target: str, band: Band, problems: list[str] | None = None) -> dict[str, Any]:
    """Choose what holds for one target and band.

    Parameters
    ----------
    table : mapping
        ``{step: {parameter: value}}``. At any depth a value may be a table of selectors: target, band, channel
        (``nircam_short``), instrument (``nircam``), in this priority; where none fits, nothing is set.
    target : str
    band : Band
    problems : list of str, optional
        Takes what is wrong; without it the first problem is raised.

    Returns
    -------
    dict
        The same without selectors, and with lengths such as ``"2pix"`` in arcsec.

    Raises
    ------
    ConfigError
        A selector that can never match.
    """
    found: list[str] = []
    value = _choose(table, _Selection(target, band), "jwst_parameters", found)
    if found and problems is None:
        raise ConfigError(found)
    if problems is not None:
        problems += found
    return {} if value is _UNSET else value


_UNSET = object()


@dataclass(frozen=True, slots=True)
class _Selection:
    target: str
    band: Band

    def keys(self) -> list[str]:
        """Selectors that fit, the most special first."""
        band = self.band
        names = [self.target, f"{band.name}_{band.instrument}", band.name, band.channel, band.instrument]
        return [str(name).lower() for name in names]


def _choose(value: Any, selection: _Selection, where: str, problems: list[str]) -> Any:
    if isinstance(value, str) and (pixels := _PIXELS.fullmatch(value)):
        return float(pixels[1]) * selection.band.pixel_scale
    if not isinstance(value, Mapping):
        return deepcopy(value)
    if _is_structure(value, where):
        chosen = {k: _choose(v, selection, f"{where}.{k}", problems) for k, v in value.items()}
        return {k: v for k, v in chosen.items() if v is not _UNSET}
    problems += _impossible(value, where)
    table = {str(key).lower(): item for key, item in value.items()}
    for key in selection.keys():  # noqa: SIM118
        if key in table:
            return _choose(table[key], selection, where, problems)
    return _UNSET


def _is_structure(table: Mapping[str, Any], where: str) -> bool:
    """Whether the keys are steps or parameters, not selectors: depth tells, and selectors have names of their own."""
    depth = where.count(".")
    if depth >= 2:
        return False
    return not any(_is_selector(str(key)) for key in table)


def _is_selector(key: str) -> bool:
    return key.lower() in _SELECTORS or _BAND_LIKE.fullmatch(key) is not None


_SELECTORS = {str(name) for name in [*Channel, *Instrument]}
_BAND_SELECTORS = {b.name.lower() for b in BANDS} | {f"{b.name}_{b.instrument}".lower() for b in BANDS}


def _impossible(table: Mapping[str, Any], where: str) -> Iterator[str]:
    """Selectors that can never match. Any other word may be the name of another target."""
    for key in map(str, table):
        name = key.lower()
        near = get_close_matches(name, _SELECTORS, n=1, cutoff=0.8)
        if name in _SELECTORS or name in _BAND_SELECTORS:
            continue
        if near:
            yield f"{where}.{key}: no such selector; did you mean {near[0]}?"
        elif _BAND_LIKE.fullmatch(name):
            yield f"{where}.{key}: no instrument has this band"


def check_layers(chosen: list[Layer]) -> None:
    """Check names and values against the steps' own specification.

    Raises
    ------
    ConfigError
        Unknown or ill-typed parameters, all of them, with the nearest name or what is allowed.
    """
    from jwst.pipeline import Image3Pipeline

    spec = Image3Pipeline.load_spec_file()
    problems: list[str] = []
    for layer in chosen:
        for key, value in layer.values.items():
            if isinstance(value, Mapping) and key in STEPS:
                problems += _check_table(value, spec["steps"][key], f"{key}.", layer.origin)
            else:
                problems += _check_table({key: value}, spec, "", layer.origin, STEPS)
    if problems:
        raise ConfigError(problems)


def _check_table(
    table: Mapping[str, Any], spec: Any, prefix: str, origin: str, also: tuple[str, ...] = ()
) -> Iterator[str]:
    from configobj.validate import ValidateError, Validator

    known = {name for name in spec.scalars if name not in _OURS}
    for name, value in table.items():
        where = f"jwst_parameters.{prefix}{name}" + ("" if origin == "user" else f" ({origin})")
        if name in _OURS:
            yield f"{where}: the program decides this itself; take it out"
        elif name not in known:
            near = get_close_matches(name, known | set(also), n=1)
            yield f"{where}: no such parameter" + (f"; did you mean {near[0]}?" if near else "")
        else:
            check = spec[name].rstrip(", ")
            try:
                Validator().check(check, deepcopy(value))
            except ValidateError as error:
                yield f"{where}={value!r}: {error}; allowed: {check}"
