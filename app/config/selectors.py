"""Values that depend on target, band, channel or instrument: ``{"snr_threshold": {"nircam_short": 3, "miri": 5}}``.

A table of parameters may hold, beside or instead of its own names, selectors: the target, a band, a channel, an
instrument. What fits best wins, for each parameter on its own; where nothing fits, nothing is set.
"""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from app.observation.bands import BANDS, Band, Channel, Instrument

__all__ = ["Names", "Selection", "choose", "selector_problems"]

#: What a table may hold by itself: parameters (None), and steps with the names of their own parameters.
Names = Mapping[str, Any]

_PIXELS = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*pix\s*")
_BAND_LIKE = re.compile(r"f\d{3,4}[wmn]2?(_\w+)?")
_WORDS = {
    *map(str, [*Channel, *Instrument]),
    *(name for b in BANDS for name in (b.name.lower(), f"{b.name}_{b.instrument}".lower())),
}
_UNSET = object()


@dataclass(frozen=True, slots=True)
class Selection:
    """What a run is about.

    Parameters
    ----------
    target : str
    band : Band
    targets : tuple of str
        All targets of a survey; empty where they are not known, and any word may be the name of another target.
    """

    target: str
    band: Band
    targets: tuple[str, ...] = ()

    @property
    def fitting(self) -> list[str]:
        """Selectors that fit, the most specific first."""
        band = self.band
        names = [self.target, f"{band.name}_{band.instrument}", band.name, band.channel, band.instrument]
        return list(dict.fromkeys(str(name).lower() for name in names))


def choose(table: Mapping[str, Any], selection: Selection, names: Names) -> dict[str, Any]:
    """Choose what holds for one target and band.

    Parameters
    ----------
    table : mapping
        ``{step: {parameter: value}}``, with selectors at any depth.
    selection : Selection
    names : Names
        What is a step or a parameter, and so no selector.

    Returns
    -------
    dict
        The same without selectors, and with lengths such as ``"2pix"`` in arcsec.
    """
    own, special = _split(table, names)
    result = {key: _choose(value, selection, names.get(key)) for key, value in own.items()}
    for name in reversed(selection.fitting):
        if name in special:
            _merge(result, choose(special[name], selection, names))
    return {key: value for key, value in result.items() if value is not _UNSET}


def _choose(value: Any, selection: Selection, names: Names | None) -> Any:
    if names and isinstance(value, Mapping):
        return choose(value, selection, names)
    if not isinstance(value, Mapping):
        return _length(value, selection.band)
    table = _lower(value)
    values = (_choose(table[name], selection, None) for name in selection.fitting if name in table)
    return next((found for found in values if found is not _UNSET), _UNSET)


def _split(table: Mapping[str, Any], names: Names) -> tuple[dict[str, Any], dict[str, Any]]:
    """Steps or parameters, and tables under a selector. What is neither is kept as a parameter: it will be refused."""
    special = {k: v for k, v in table.items() if k not in names and (isinstance(v, Mapping) or _is_word(k))}
    own = {str(k): v for k, v in table.items() if k not in special}
    return own, _lower({k: v for k, v in special.items() if isinstance(v, Mapping)})


def _is_word(key: Any) -> bool:
    return str(key).lower() in _WORDS


def _lower(table: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key).lower(): value for key, value in table.items()}


def _merge(result: dict[str, Any], other: Mapping[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, Mapping) and isinstance(result.get(key), dict):
            result[key] |= value
        else:
            result[key] = value


def _length(value: Any, band: Band) -> Any:
    if isinstance(value, str) and (pixels := _PIXELS.fullmatch(value)):
        return float(pixels[1]) * band.pixel_scale
    return deepcopy(value)


def selector_problems(
    table: Mapping[Any, Any], selection: Selection, names: Names | None, where: str = "jwst_parameters"
) -> Iterator[str]:
    """Selectors that can never match, also below those that do not match this time.

    Parameters
    ----------
    table : mapping
    selection : Selection
    names : Names or None
        Steps or parameters that the table may hold; None for a table of values.
    where : str
        Where the table stands.

    Yields
    ------
    str
        A problem, with the nearest selector.
    """
    for key, value in table.items():
        here = f"{where}.{key}"
        if not isinstance(key, str):
            yield f"{here}: a text is needed, and YAML reads an unquoted {key} as {type(key).__name__}: quote it"
        elif names and key in names:
            if isinstance(value, Mapping):
                yield from selector_problems(value, selection, names[key], here)
        elif isinstance(value, Mapping) or names is None or _is_word(key):
            yield from _problems_of(key, selection, names or {}, here)
            if isinstance(value, Mapping):
                yield from selector_problems(value, selection, names, here)
            elif names is not None:
                yield f"{here}={value}: a table of parameters is needed under a selector"


def _problems_of(key: str, selection: Selection, names: Names, where: str) -> Iterator[str]:
    name, targets = key.lower(), [target.lower() for target in selection.targets]
    if name in _WORDS or name in (selection.target.lower(), *targets):
        return
    near = get_close_matches(name, [*targets, *sorted(_WORDS), *names], n=1, cutoff=0.8)
    if near:
        yield f"{where}: matches nothing; did you mean {near[0]}?"
    elif _BAND_LIKE.fullmatch(name):
        yield f"{where}: no instrument has this band"
    elif targets:
        yield f"{where}: is no target, band, channel or instrument; targets are {', '.join(selection.targets)}"
