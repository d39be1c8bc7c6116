"""What a run would write, replace or remove: no file that it reads, and none that is not its own."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from app.config.paths import listed_catalogues, named_files
from app.observation.grouping import groups
from app.observation.names import RECORD_NAME, REPORT_FILES, REPORT_NAME, TILES_INDEX
from app.plan.corrections import TABLE_NAME
from app.plan.plan import Plan
from app.record.product_kinds import product_kinds
from app.record.record import read_record
from app.record.report_files import are_ours
from app.runtime.errors import InputError
from app.runtime.logs import LOG_NAME
from app.runtime.words import listed

__all__ = ["check", "check_strangers", "strangers"]


def check(plan: Plan) -> Iterator[InputError]:
    """Find inputs that the run would replace, by whatever path, and files in out_dir that are not the run's own."""
    folder, work = plan.config.output_folder, plan.config.work_folder.resolve()
    written = _Places(folder / name for name in {*_names(plan), *_listed(folder)})
    for key, paths in _inputs(plan).items():
        if found := [path for path in paths if path in written or path.resolve().is_relative_to(work)]:
            yield InputError(
                f"{key}: {listed(sorted(map(str, found)))} would be replaced or removed by this run: inputs are never "
                f"written to; set another out_dir (it is {folder}), and another work_dir where one is set"
            )
    above = [place for place in plan.config.in_dir if work.is_relative_to(Path(place).resolve())]
    if plan.config.work_dir and above:
        yield InputError(
            f"work_dir={plan.config.work_dir}: lies in in_dir={above[0]}: set it to a folder outside of it"
        )
    if twice := [name for name, n in Counter(plan.exposure_products).items() if n > 1]:
        yield InputError(f"in_dir: two exposures would both give {listed(sorted(twice))}: leave one out, with exclude")
    if odd := [exposure.name for exposure in plan.science if not exposure.name.isascii()]:
        yield InputError(
            f"in_dir: {listed(sorted(odd))}: jwst writes file names into FITS headers, which hold ASCII alone: rename"
        )
    if os.path.expandvars(work) != str(work):
        yield InputError(f"{work}: jwst would take the part with $ for a variable: set another out_dir, or work_dir")
    yield from check_strangers(plan)


def check_strangers(plan: Plan) -> Iterator[InputError]:
    """Find files in out_dir that have the name of one of our products and are in no record of ours."""
    folder = plan.config.output_folder
    if found := strangers(folder, _names(plan), _listed(folder)):
        yield InputError(
            f"out_dir={folder}: holds {listed(sorted(found))}, which no run of this program listed in {RECORD_NAME} "
            "there; they would be replaced, which overwrite=true does not allow either: move them away, or set another "
            "out_dir"
        )
    if plan.config.report and not are_ours(folder):
        yield InputError(
            f"out_dir={folder}: holds {REPORT_FILES}, in which there is something else than parts of a report; the "
            "report of this run may need a folder of that name: move it away, or set another out_dir"
        )


def strangers(folder: Path, names: Iterable[str], own: Iterable[str]) -> list[str]:
    """Names that are taken in a folder by files that are not ours.

    Parameters
    ----------
    folder : Path
    names : iterable of str
        Names that are going to be written.
    own : iterable of str
        Names of files that the record lists.
    """
    return sorted(name for name in set(names) - set(own) if os.path.lexists(folder / name))


def _names(plan: Plan) -> set[str]:
    """Names of all that a run writes into out_dir."""
    names, science = plan.names, [exposure.name for exposure in plan.science]
    made_later = (name for kind in product_kinds(plan.config) for name in kind.names(science, groups(plan.science)))
    return {
        *(RECORD_NAME, LOG_NAME, *([REPORT_NAME] if plan.config.report else [])),
        *(names.association, TABLE_NAME, *(_of_tiles(plan) if plan.tiling else _of_mosaic(plan))),
        *(*plan.exposure_products, *made_later),
    }


def _of_mosaic(plan: Plan) -> tuple[str, ...]:
    return plan.names.mosaic, plan.names.catalogue, plan.names.segments


def _of_tiles(plan: Plan) -> Iterator[str]:
    """The index, and what is there by a name that a tile can have: which there will be is known after alignment."""
    folder = plan.config.output_folder
    yield from TILES_INDEX
    if folder.is_dir():
        yield from (path.name for path in folder.iterdir() if plan.names.are_of_tile(path.name))


def _listed(folder: Path) -> set[str]:
    """Names of what earlier runs made in a folder, by their record; the log, which is added to where there is none."""
    record = read_record(folder)
    if record is None:
        return {LOG_NAME}
    return {RECORD_NAME, LOG_NAME, REPORT_NAME, *(Path(product["file"]).name for product in record["products"])}


def _inputs(plan: Plan) -> dict[str, list[Path]]:
    """What the run reads, by the key that names it."""
    found = {"in_dir": [member.exposure.file for member in plan.members]}
    for keys, path in named_files(plan.config):
        found[".".join(keys)] = [path, *(listed_catalogues(path) if "catfile" in keys else ())]
    return found


class _Places:
    """Identities of files, the same by whatever path, link or hard link they are reached."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._known = {identity for path in paths for identity in _identities(path)}

    def __contains__(self, path: Path) -> bool:
        return not self._known.isdisjoint(_identities(path))


def _identities(path: Path) -> Iterator[object]:
    yield path.resolve()
    if path.exists():
        status = path.stat()
        yield status.st_dev, status.st_ino
