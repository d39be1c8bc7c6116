"""Where a run begins: afresh, or where an earlier start of the same run was cut off."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.config.paths import listed_catalogues, named_files
from app.config.schema import Lv3Config
from app.observation.names import REPORT_NAME
from app.plan.corrections import TABLE_NAME
from app.plan.plan import Plan
from app.record.provenance import versions
from app.record.record import FINISHED
from app.record.standing import differences, identity
from app.run.folder import OutputFolder
from app.runtime.disk import folder_size
from app.runtime.files import sha256

__all__ = ["Beginning", "beginning", "identity_of"]

#: What a record says of the whole run, which is found anew.
_FOUND_ANEW = {"measurements", "alignment_verdict"}


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


def identity_of(record: dict[str, Any], config: Lv3Config) -> str:
    """Identity of the run of a record, whose inputs are listed."""
    return identity(record, sorted(set(_files(config))))


def beginning(
    plan: Plan, folder: OutputFolder, earlier: dict[str, Any] | None, found: dict[str, Any] | None
) -> Beginning:
    """Find out where a run begins; nothing is changed.

    Parameters
    ----------
    plan : Plan
    folder : OutputFolder
        It is taken.
    earlier : dict or None
        The record of a run whose mosaic is there, with all that the configuration asks of it (see `standing`).
    found : dict or None
        The record in the folder, whatever it is.
    """
    config, record, owner = plan.config, earlier or found, folder.owner
    where = f"{folder.work}: what an earlier start finished is not used"
    if not config.resume:
        return Beginning(earlier, words=[f"{where}: resume=false"] if owner else [])
    if record is None:
        return Beginning(words=[f"{where}: its record is gone"] if owner else [])
    if earlier is None and record["state"] in FINISHED:  # and is to be replaced
        return Beginning()
    if earlier is None and (different := differences(record, config, plan.members, versions())):
        return Beginning(words=[f"{where}: {text}" for text in different] if owner else [])
    is_owner = owner is not None and owner == identity_of(record, config)
    words = [] if is_owner or owner is None else [f"{where}: files that the configuration names have changed"]
    if earlier is not None:
        return Beginning(earlier, is_owner, words)
    if "pipeline" in record and (lost := _lost(record, plan, folder.path)):
        return Beginning(words=[*words, f"{folder.path}: {lost} are not as they were made: all is made again"])
    if not (is_owner or "pipeline" in record):
        return Beginning(words=words)
    return Beginning(_cleared(record), is_owner, [*words, _said(record, folder)])


def _said(record: dict[str, Any], folder: OutputFolder) -> str:
    """What the log says of a run that goes on."""
    last, size = (record.get("starts") or [record])[-1], folder_size(folder.work) / 1e9
    return f"goes on where the start of {last['started']} ended, with {size:.3f} GB in {folder.work}"


def _cleared(record: dict[str, Any]) -> dict[str, Any]:
    """A record without what is going to be found anew."""
    return {key: value for key, value in record.items() if key not in _FOUND_ANEW} | {"caveats": []}


def _lost(record: dict[str, Any], plan: Plan, folder: Path) -> str:
    """Names of published products that are gone or were changed, of those that were whole when the record said so."""

    def is_whole(product: dict[str, Any]) -> bool:
        path = folder / Path(product["file"]).name
        return path.is_file() and path.stat().st_size == product["size"] and sha256(path) == product["sha256"]

    others = {REPORT_NAME, *((plan.names.catalogue, plan.names.segments) if record["pipeline"] == "mosaic" else ())}
    products = [product for product in record["products"] if product["file"] not in others]
    with ThreadPoolExecutor(2) as pool:
        whole = list(pool.map(is_whole, products))
    return ", ".join(product["file"] for product, is_there in zip(products, whole, strict=True) if not is_there)


def _files(config: Lv3Config) -> Iterator[Path]:
    """Files that a run reads beside its exposures, and does not write."""
    for path in _named(config):
        if path.is_file() and not path.absolute().is_relative_to(config.output_folder):
            yield path.absolute()


def _named(config: Lv3Config) -> Iterator[Path]:
    for keys, path in named_files(config):
        yield path
        yield from listed_catalogues(path) if "catfile" in keys else ()
    if config.aligned_by == "from_run":
        yield Path(str(config.align_from)) / TABLE_NAME
