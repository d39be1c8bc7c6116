"""``action=init``: what a download holds, as a table, and a survey file that sweeps it."""

import logging
import shlex
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.cli.survey_file import survey_text
from app.config.schema import Lv3Config
from app.observation.bands import find_bands
from app.observation.files import find_files
from app.observation.heads import Head, read_heads
from app.observation.names import safe_name
from app.observation.targets import plain_name, same_targets
from app.plan.text import columns
from app.runtime.errors import ConfigError, InputError
from app.runtime.files import write_new_text
from app.runtime.words import listed

__all__ = ["Observed", "init"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Observed:
    """One target in one band.

    Parameters
    ----------
    target : str
        Its plain name, by which a run selects it.
    proposed : list of str
        Proposers' names for it, in this band.
    band : str
        As the key ``band`` takes it.
    n_visits, n_exposures, n_files : int
        An exposure has a file for each detector.
    n_background : int
        Exposures that are declared background.
    """

    target: str
    proposed: list[str]
    band: str
    n_visits: int
    n_exposures: int
    n_files: int
    n_background: int


def init(config: Lv3Config) -> None:
    """Print what in_dir holds, and write a survey file of it.

    Raises
    ------
    InputError
        There is no image, or the survey file is there already.
    """
    heads = read_heads(find_files(config.in_dir, config.step_ext, config.exclude, unmatched=True), config.n_procs)
    images = [head for head in heads if head.is_known and _bands(head)]
    observed = sorted(_observed(images), key=lambda row: (row.target, _wavelength(row.band)))
    sys.stdout.write("\n".join([*_table(observed), *_rest(heads, images)]) + "\n")
    if not observed:
        raise InputError(f"in_dir={', '.join(config.in_dir)}: none of {len(heads)} files is an image of a known band")
    name = safe_name(plain_name(Path(config.in_dir[0]).absolute().name))
    path = Path(config.out_dir or ".").absolute() / "survey" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        write_new_text(path, survey_text(name, path, config, observed))
    except FileExistsError as error:
        raise InputError(f"{path}: is there already: move it away, or set out_dir to another folder") from error
    command = shlex.join(["jwst-lv3", "-m", "--config-dir", str(path.parent.parent), f"survey={name}"])
    log.info("survey file: %s; look at it, then: %s", path, command)


def _bands(head: Head) -> list[str]:
    """The names of the band that a file is of, without and with its instrument; none where it is of no known band."""
    if not head.is_image:
        return []
    try:
        known = find_bands(head.band_name)
    except ConfigError:
        return []
    return [name for band in known if head.is_in(band) for name in (band.name, f"{band.name}_{band.instrument}")]


def _observed(images: list[Head]) -> Iterator[Observed]:
    """Images by target and band; where two instruments share a band of a target, with the instrument."""
    for target, proposed in same_targets(head.target for head in images).items():
        by_band: dict[tuple[str, ...], list[Head]] = {}
        for head in images:
            if head.target in proposed:
                by_band.setdefault(tuple(_bands(head)[:2]), []).append(head)
        instruments = Counter(short for short, _ in by_band)
        for (short, long), files in by_band.items():
            yield _row(target, long if instruments[short] > 1 else short, files)


def _row(target: str, band: str, files: list[Head]) -> Observed:
    return Observed(
        target,
        sorted({head.target for head in files}),
        band,
        len({head.visit_id for head in files}),
        len({head.exposure_id for head in files}),
        len(files),
        len({head.exposure_id for head in files if head.is_background_target}),
    )


def _wavelength(band: str) -> tuple[int, str]:
    digits = band[1:].partition("W")[0].partition("M")[0].partition("N")[0]
    return (int(digits) if digits.isdecimal() else 0, band)


def _table(observed: list[Observed]) -> Iterator[str]:
    head = ["target", "band", "visits", "exposures", "background", "files", "name in the headers"]
    rows = [
        [
            row.target,
            row.band,
            *map(str, (row.n_visits, row.n_exposures, row.n_background, row.n_files)),
            listed(row.proposed),
        ]
        for row in observed
    ]
    yield from columns([head, *rows])


def _rest(heads: list[Head], images: list[Head]) -> Iterator[str]:
    """What is no image of a known band."""
    taken = {head.path for head in images}
    kinds = Counter(head.kind or "not readable" for head in heads if head.path not in taken)
    if kinds:
        yield f"Not for mosaics: {listed((f'{kind} {n}' for kind, n in sorted(kinds.items())), shown=12)}"
