"""Where a run begins: afresh, where an earlier start of it was cut off, or after the sky levels of a finished run."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.config.paths import listed_catalogues, named_files
from app.config.schema import Lv3Config
from app.observation.names import CRF, REPORT_NAME, exposure_product
from app.plan.checks import look_ahead
from app.plan.corrections import TABLE_NAME
from app.plan.plan import Plan
from app.record.provenance import versions
from app.record.record import FINISHED
from app.record.standing import (
    FOUND_BEFORE,
    Standing,
    differences,
    has_other_content,
    identity,
    missing_products,
    standing,
)
from app.run.folder import OutputFolder
from app.runtime.disk import folder_size
from app.runtime.errors import ConfigError, InputError
from app.runtime.words import listed

__all__ = ["Beginning", "beginning", "files_read", "left_before"]

#: What a record says of the whole run, which is found anew.
_FOUND_ANEW = {"measurements", "alignment_verdict"}
#: What a record says of alignment and sky, and of what they were made of.
_OF_ALIGNMENT = ("inputs", "read", "groups", "sources", "alignment", "sky_solution", "sky_subtracted", "products")


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where a run begins.

    Parameters
    ----------
    record : dict or None
        The record that it continues; None where it begins afresh.
    keeps_work : bool
        What the work folder holds belongs to it.
    words : list of str
        What the log says of it.
    """

    record: dict[str, Any] | None = None
    keeps_work: bool = False
    words: list[str] = field(default_factory=list)

    @property
    def is_made(self) -> bool:
        """The mosaic and its catalogue are there."""
        return self.record is not None and self.record.get("pipeline") == "complete"

    @property
    def has_mosaic(self) -> bool:
        """The mosaic and its exposures are there."""
        return self.record is not None and "pipeline" in self.record

    @property
    def is_aligned(self) -> bool:
        """Exposures are there with alignment and sky of an earlier run; all after that is to be made."""
        return self.record is not None and "kept_from" in self.record and not self.has_mosaic


def left_before(plan: Plan) -> Standing:
    """What an earlier run left in out_dir.

    Raises
    ------
    ConfigError
        It is finished, and made another mosaic, which may not be replaced.
    """
    found = standing(plan.config, plan.members, versions())
    if found.differences and found.aligned is None:
        # First the errors that do not depend on the folder, such as a mistyped value.
        look_ahead(plan).conclude(strict=False)
        where = f"out_dir={plan.config.output_folder} holds a finished run that differs"
        raise ConfigError([f"{where}; set overwrite=true, or another out_dir", *found.differences])
    return found


def beginning(plan: Plan, folder: OutputFolder, found: dict[str, Any] | None) -> Beginning:
    """Find out where a run begins; nothing is changed.

    Parameters
    ----------
    plan : Plan
    folder : OutputFolder
        It is taken.
    found : dict or None
        The record in the folder, whatever it is.

    Raises
    ------
    ConfigError
        As by `left_before`.
    InputError
        Outliers are to be flagged again in exposures that were changed since.
    """
    left = left_before(plan)  # now that the folder is taken: another run may have ended since
    earlier = left.record
    config, record, owner = plan.config, earlier or found, folder.owner
    where = f"{folder.work}: what an earlier start finished is not used"
    if left.aligned is not None:
        return _after_sky(plan, folder, left.aligned, left.differences)
    if not config.resume:
        return Beginning(earlier, words=[f"{where}: resume=false"] if owner else [])
    if record is None:
        return Beginning(words=[f"{where}: its record is gone"] if owner else [])
    if earlier is None and record["state"] in FINISHED:  # and is to be replaced
        gone = [] if config.overwrite else missing_products(record, folder.path)
        return Beginning(words=[f"{folder.path}: {listed(gone)} are gone: all is made again"] if gone else [])
    if earlier is None and (different := differences(record, config, plan.members, versions())):
        return Beginning(words=[f"{where}: {text}" for text in different] if owner else [])
    is_owner = owner is not None and owner == identity(record)
    if owner is not None and not is_owner:
        return Beginning(words=[f"{where}: it belongs to another run"])
    if earlier is not None:
        return Beginning(earlier, is_owner)
    begin = Beginning(_cleared(record), is_owner, [_said(record, folder)])
    if (begin.has_mosaic or begin.is_aligned) and (lost := _lost(record, plan, folder.path)):
        return Beginning(words=[f"{folder.path}: {lost} are not as they were made: all is made again"])
    if not (is_owner or begin.has_mosaic or begin.is_aligned):
        return Beginning(words=_left_elsewhere(record, folder))
    return begin


def _after_sky(plan: Plan, folder: OutputFolder, record: dict[str, Any], different: list[str]) -> Beginning:
    """The beginning of a run that keeps alignment and sky of one that is finished."""
    old = {"started": record["started"], "finished": record["finished"]} | record.get("kept_from", {})
    kept_from = old | {"differences": different, "products": record["products"]}
    kept = {key: record[key] for key in _OF_ALIGNMENT if key in record}
    kept["times"] = {step: seconds for step, seconds in record["times"].items() if step in FOUND_BEFORE}
    begin = Beginning(
        kept | {"kept_from": kept_from, "caveats": _of_alignment(record)},
        words=[
            f"alignment and sky are those of the run of {old['started']}, outliers are flagged again: {text}"
            for text in different
        ],
    )
    if lost := _lost(kept | {"kept_from": kept_from}, plan, folder.path):
        raise InputError(
            f"out_dir={folder.path}: {lost} are not as they were made, so outliers cannot be flagged again in them; "
            "set overwrite=true to make all again, or another out_dir"
        )
    return begin


def _left_elsewhere(record: dict[str, Any], folder: OutputFolder) -> list[str]:
    """What the log says where an earlier start left its work in a folder that is not this one's."""
    place = Path(record.get("kept", {}).get("folder", folder.work))
    if place == folder.work or not place.exists():
        return []
    return [f"{place}: what an earlier start, with another work_dir, finished is not used, and stays: remove it"]


def _said(record: dict[str, Any], folder: OutputFolder) -> str:
    """What the log says of a run that goes on."""
    last, size = (record.get("starts") or [record])[-1], folder_size(folder.work) / 1e9
    return f"goes on where the start of {last['started']} ended, with {size:.3f} GB in {folder.work}"


def _cleared(record: dict[str, Any]) -> dict[str, Any]:
    """A record without what is going to be found anew."""
    kept = {key: value for key, value in record.items() if key not in _FOUND_ANEW}
    return kept | {"caveats": _of_alignment(record)}  # a step that is run again says its own once more, and that is one


def _of_alignment(record: dict[str, Any]) -> list[dict[str, str]]:
    """Caveats that the steps gave which are not run again."""
    return [caveat for caveat in record["caveats"] if caveat.get("step") in FOUND_BEFORE]


def _lost(record: dict[str, Any], plan: Plan, folder: Path) -> str:
    """Names of published products that are needed and are gone or were changed since the record was written.

    Of a mosaic without its catalogue these are all but that; of exposures whose outliers are flagged again, they.
    """
    if "pipeline" in record:
        made_again = {REPORT_NAME}
        made_again |= {plan.names.catalogue, plan.names.segments} if record["pipeline"] == "mosaic" else set()
        names = [product["file"] for product in record["products"] if product["file"] not in made_again]
    else:
        names = [exposure_product(exposure.name, CRF) for exposure in plan.science]
    # While products are replaced, one of them may be that of the run before.
    entries = [*record["products"], *record.get("kept_from", {}).get("products", ())]

    def is_whole(name: str) -> bool:
        path = folder / Path(name).name
        own = [product for product in entries if product["file"] == name]
        return path.is_file() and not all(has_other_content(path, product) for product in own)

    with ThreadPoolExecutor(2) as pool:
        return ", ".join(name for name, is_there in zip(names, pool.map(is_whole, names), strict=True) if not is_there)


def files_read(config: Lv3Config) -> list[Path]:
    """Files that a run reads beside its exposures, and does not write."""
    paths = {path.absolute() for path in _named(config) if path.is_file()}
    return sorted(path for path in paths if not path.is_relative_to(config.output_folder))


def _named(config: Lv3Config) -> Iterator[Path]:
    for keys, path in named_files(config):
        yield path
        yield from listed_catalogues(path) if "catfile" in keys else ()
    if config.aligned_by == "from_run":
        yield Path(str(config.align_from)) / TABLE_NAME
