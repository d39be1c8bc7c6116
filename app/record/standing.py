"""Whether the run in a folder is finished, and how it differs from what is asked for; used by runs and sweeps."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.config.paths import with_resolved_paths
from app.config.schema import Lv3Config
from app.observation.members import Member, Role
from app.observation.names import CRF, REPORT_NAME, exposure_product
from app.observation.packed import unpacked_name
from app.record.product_kinds import is_made_after, option_differences, product_kinds
from app.record.record import FINISHED, plain, read_record
from app.runtime.files import sha256

__all__ = ["FOUND_BEFORE", "Standing", "differences", "has_other_content", "identity", "missing_products", "standing"]

# Config keys that do not change the products: they may differ between a run and its continuation.
_HOW = {
    *("action", "procs", "out_dir", "out_root", "data", "targets", "work_dir", "overwrite", "memory", "crds", "report"),
    *(
        "resume",
        "verbose",
        "strict",
        "offline",
        "plan_format",
        "max_mosaic_megapixels",
        "keep_going",
        "fail_fast",
        "sif",
        "bands",
        "observations",
        "notify",
        *("a", "b", "key", "tolerance"),
    ),
    *("release_dir", "accept", "split", "compress"),
    *("hlsp_id", "hlsp_version", "hlsp_name", "hlsp_lead", "hlsp_contact", "hlsp_doi", "hlsp_reference"),
}
#: The steps before outlier detection, whose results a run can have from one that flagged outliers otherwise.
FOUND_BEFORE = ("tweakreg", "assign_mtwcs", "skymatch")
#: The step that flags outliers.
_FLAGS = "outlier_detection"
_LATER = {"do_drizzle", "do_blot", "blot_fillval", "drizzle_footprint_only", "drizzle_by"}


@dataclass(frozen=True, slots=True)
class Standing:
    """What is in an output folder, compared with the run that is asked for.

    Parameters
    ----------
    record : dict or None
        The record of an earlier run whose mosaic is there, so that nothing but what comes after it is to be made.
    differences : list of str
        How that run differs from the one that is asked for.
    is_finished : bool
        All that is asked for is there.
    aligned : dict or None
        The record of a finished run that differs by nothing but how outliers are flagged: alignment and sky can be its.
    """

    record: dict[str, Any] | None = None
    differences: list[str] = field(default_factory=list)
    is_finished: bool = False
    aligned: dict[str, Any] | None = None


def standing(config: Lv3Config, members: Sequence[Member], versions: Mapping[str, str] | None) -> Standing:
    """Compare what is asked for with what is in its output folder.

    Parameters
    ----------
    config : Lv3Config
    members : sequence of Member
        Every exposure with its role.
    versions : mapping or None
        Versions of programs that the run has (see `provenance.versions`); None where they are not known.
    """
    folder = config.output_folder
    record = read_record(folder)
    if config.overwrite or record is None or record.get("pipeline") != "complete":
        return Standing()
    of_inputs = _made_of_other(record, members, versions or {})
    of_mosaic = [*_config_differences(record, config), *of_inputs]
    found = [*of_mosaic, *option_differences(record, config)]
    if of_mosaic and not of_inputs and _can_keep_alignment(record, config, members):
        return Standing(differences=found, aligned=record)
    if found:
        return Standing(record, found)
    has_missing = any(kind.missing(record, folder) for kind in product_kinds(config))
    if has_missing or not missing_products(record, folder):
        return Standing(record, is_finished=record["state"] in FINISHED and not has_missing)
    return Standing()


def differences(
    record: dict[str, Any], config: Lv3Config, members: Iterable[Member], versions: Mapping[str, str]
) -> list[str]:
    """How a run that is asked for differs from one that is recorded, in what its mosaic is made of and by.

    Parameters
    ----------
    record : dict
    config : Lv3Config
    members : iterable of Member
        Every exposure with its role.
    versions : mapping
        Versions of programs that the run has.
    """
    return [*_config_differences(record, config), *_made_of_other(record, members, versions)]


def identity(record: dict[str, Any]) -> str:
    """A text that is another one for records, with their inputs, of runs that would make other mosaics."""
    config = {key: value for key, value in record["config"].items() if key not in _HOW | _LATER}
    inputs = [[entry[key] for key in ("file", "role", "sha256")] for entry in record["inputs"]]
    read = [[entry[key] for key in ("file", "sha256")] for entry in record.get("read", ())]
    parts = [config, record["config"]["crds"]["context"], inputs, record["versions"], read]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _can_keep_alignment(record: dict[str, Any], config: Lv3Config, members: Sequence[Member]) -> bool:
    """Whether a finished run of the same inputs differs by how outliers are flagged alone, and left its alignment."""
    made = {product["file"] for product in record["products"]}
    exposures = {exposure_product(m.exposure.name, CRF) for m in members if m.role is Role.SCIENCE}
    is_left = record["state"] in FINISHED and "sky_subtracted" in record and exposures <= made
    alike = replace(config, outliers=record["config"].get("outliers"), jwst_parameters=_with_own(record, config))
    return is_left and not _config_differences(record, alike)


def _with_own(record: dict[str, Any], config: Lv3Config) -> dict[str, Any]:
    """The parameters that are asked for, with a run's own for outlier detection."""
    others = {step: table for step, table in config.jwst_parameters.items() if step != _FLAGS}
    return others | {step: table for step, table in record["config"]["jwst_parameters"].items() if step == _FLAGS}


def missing_products(record: Mapping[str, Any], folder: Path) -> list[str]:
    """Names of what the pipeline made and is not there; what is made after it may be less than before."""
    names = [product["file"] for product in record["products"]]
    return [name for name in names if name != REPORT_NAME and not is_made_after(name) and not (folder / name).is_file()]


def _config_differences(record: dict[str, Any], config: Lv3Config) -> list[str]:
    """Keys in which a configuration asks for another result than the one recorded."""
    old, new = record["config"], plain(with_resolved_paths(config))
    # A single in_dir was a text in records of earlier versions.
    keys = [k for k in new if k not in _HOW | _LATER and new[k] not in (old.get(k), [old.get(k)])]
    keys += ["crds"] if old["crds"]["context"] != new["crds"]["context"] else []
    return [f"{key}: was {old.get(key)!r}, is {new[key]!r}" for key in keys]


def _made_of_other(record: dict[str, Any], members: Iterable[Member], versions: Mapping[str, str]) -> list[str]:
    """Inputs, versions and other files that are not those recorded."""
    return [*_input_differences(record, members), *_version_differences(record, versions), *_changed_files(record)]


def _version_differences(record: dict[str, Any], versions: Mapping[str, str]) -> list[str]:
    old = record["versions"]
    return [
        f"version of {name}: was {old.get(name)}, is {new}" for name, new in versions.items() if new != old.get(name)
    ]


def _input_differences(record: dict[str, Any], members: Iterable[Member]) -> list[str]:
    """Input files that were added, removed or changed since the record was written."""
    old = {unpacked_name(Path(entry["file"]).name): entry for entry in record["inputs"]}
    new = {member.exposure.name: member for member in members}
    found = [f"{name}: is new" for name in sorted(new.keys() - old.keys())]
    found += [f"{name}: is gone" for name in sorted(old.keys() - new.keys())]
    found += [f"{name}: has changed" for name in sorted(old.keys() & new.keys()) if _changed(old[name], new[name])]
    return found


def _changed_files(record: Mapping[str, Any]) -> list[str]:
    """Files that the run has read beside its exposures, and whose content is another since."""
    read = [(Path(entry["file"]), entry) for entry in record.get("read", ())]
    return [f"{path}: has changed" for path, entry in read if path.is_file() and has_other_content(path, entry)]


def _changed(entry: dict[str, Any], member: Member) -> bool:
    return entry["role"] != member.role or has_other_content(member.exposure.file, entry)


def has_other_content(path: Path, entry: Mapping[str, Any]) -> bool:
    """Whether a file differs from its entry in a record; it is not read where that says its modification time."""
    status = path.stat()
    if status.st_size != entry["size"]:
        return True
    return status.st_mtime_ns != entry.get("mtime_ns") and sha256(path) != entry["sha256"]
