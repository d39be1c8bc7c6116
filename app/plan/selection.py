"""Which files of a download belong to one mosaic: those of its band and target; the others are counted, by reason."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from app.config.schema import Lv3Config
from app.observation.bands import Band, find_bands
from app.observation.heads import Head, read_heads
from app.observation.targets import is_named_by
from app.runtime.errors import InputError
from app.runtime.words import listed

__all__ = ["Selected", "select"]

_SHOWN = 20  # kinds of files in a message


@dataclass(frozen=True, slots=True)
class Selected:
    """The files of one band and target.

    Parameters
    ----------
    files : list of Path
        Also those of which it cannot be told what they are: the close look says what is wrong with them.
    left_out : dict
        Number of the other files by reason.
    note : str
        Where no exposure has the target's name: that all are taken. Else empty.
    """

    files: list[Path]
    left_out: dict[str, int]
    note: str = ""


def select(files: Iterable[Path], config: Lv3Config) -> Selected:
    """Choose the files of the configuration's band and target, by their primary headers.

    Exposures whose proposer's name for the target fits no `targprop`, or where that is not given is not named by
    `target`, are left out, but for declared background. Without `targprop`, all are taken where none is named so, and
    of files that somebody has put into one folder; in a survey that lists `observations` these are told apart too.

    Parameters
    ----------
    files : iterable of Path
    config : Lv3Config

    Raises
    ------
    InputError
        No file is of the band, two instruments share its name and both are there, or no target fits `targprop`.
    """
    paths = list(files)
    heads = read_heads(paths, config.n_procs)
    unknown = [head for head in heads if not head.is_known]
    of_band = _of_band([head for head in heads if head.is_known], config, bool(unknown))
    is_sorted = len({path.parent for path in paths}) == 1 and not config.observations
    of_target, note = _of_target(of_band, config, is_sorted)
    kept = {head.path for head in (*unknown, *of_target)}
    left_out = Counter(head.kind for head in heads if head.path not in kept and head not in of_band)
    left_out += Counter(f"target {head.target or 'without a name'}" for head in of_band if head.path not in kept)
    return Selected([head.path for head in heads if head.path in kept], dict(left_out.most_common()), note)


def _of_band(heads: list[Head], config: Lv3Config, may_be_none: bool) -> list[Head]:
    """Exposures in the band; of one instrument."""
    bands = find_bands(config.band)
    found = {band: [head for head in heads if head.is_in(band)] for band in bands}
    there = [band for band, members in found.items() if members]
    if len(there) > 1:
        counts = ", ".join(f"{len(found[band])} of {band.instrument}" for band in there)
        names = " or ".join(f"band={band.name}_{band.instrument}" for band in there)
        raise InputError(f"band={config.band}: in_dir holds {counts}: write {names}")
    if not there and not may_be_none:
        raise InputError(_none_of_band(heads, config, bands))
    return found[there[0]] if there else []


def _none_of_band(heads: list[Head], config: Lv3Config, bands: list[Band]) -> str:
    wanted = " or ".join(f"{band.instrument} {band.name}".upper() for band in bands)
    kinds = listed((f"{kind} ({n})" for kind, n in sorted(Counter(head.kind for head in heads).items())), _SHOWN)
    places = ", ".join(config.in_dir)
    return f"band={config.band}: none of {len(heads)} files in in_dir={places} is {wanted}; it holds {kinds}"


def _of_target(heads: list[Head], config: Lv3Config, is_sorted: bool) -> tuple[list[Head], str]:
    """Exposures of the target, and a note where others are taken too."""
    names = {head.target for head in heads}
    if config.targprop:
        meant = {name for name in names if any(_fits(name, entry) for entry in config.targprop)}
        if heads and not meant:
            raise InputError(
                f"targprop={', '.join(config.targprop)}: fits no target of the {len(heads)} exposures in band="
                f"{config.band}; they are of {listed(sorted(names), _SHOWN)}"
            )
    else:
        meant = {name for name in names if is_named_by(name, config.target)}
    others = sorted({head.target for head in heads if head.target not in meant and not head.is_background_target})
    if not meant and len(names) > 1:
        return heads, f"no exposure's target is named {config.target}, so all are taken: {listed(others, _SHOWN)}"
    if not meant or (is_sorted and not config.targprop):
        also = f"in_dir is one folder, so exposures of other targets are taken too: {listed(others, _SHOWN)}; "
        return heads, f"{also}targprop leaves them out" if meant and others else ""
    return [head for head in heads if head.target in meant or head.is_background_target], ""


def _fits(name: str, entry: str) -> bool:
    return fnmatchcase(name.upper(), entry.upper())
