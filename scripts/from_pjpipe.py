#!/usr/bin/env python
"""Turn a configuration of pjpipe into one of jwst-lv3, and say what could not be carried over.

Reads ``[parameters.lv3]``, targets, bands, version and, from the local file, the folder with the data. Writes a YAML
file for ``jwst-lv3 --config-dir FOLDER -cn NAME`` and prints the lines that start the sweep. Nothing else is touched.
"""

import argparse
import re
import shlex
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from app.config.schema import Lv3Config, nearest
from app.config.validation import check
from app.observation.bands import Instrument, find_bands
from app.plan.parameters import check_parameters, layers
from app.plan.specification import PIPELINE, specification
from app.runtime.errors import ConfigError, Lv3Error
from app.runtime.files import write_text

# Names become parts of paths and of a command line.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*")

# Parameters of pjpipe's Lv3Step that are ours too, under the same name.
_LV3 = (
    *("tweakreg_degroup_nircam_modules", "tweakreg_degroup_nircam_short_chips", "tweakreg_group_dithers"),
    *("tweakreg_degroup_dithers", "skymatch_group_dithers", "skymatch_degroup_dithers", "bgr_check_type"),
    *("bgr_background_name", "process_bgr_like_science", "do_drizzle", "do_blot", "blot_fillval", "overwrite"),
)
# Why others are not.
_GONE = {
    "blot_ref_index": "every exposure is blotted to its own detector frame",
    "align_to_gaia": "is no parameter of this jwst: set jwst_parameters.tweakreg.abs_refcat to GAIADR3 or to a file",
    "save_results": "products are always saved",
}
# pjpipe's steps that work on all bands at once and leave the exposures where they are.
_COMBINED = {"download", "gaia_query", "get_wcs_adjust", "anchoring", "release", "regress_against_previous"}


@dataclass
class Moved:
    """What became of a configuration.

    Parameters
    ----------
    config : dict
        Ours, for YAML.
    sweeps : list of list of str
        Arguments of ``jwst-lv3`` behind the name of the configuration.
    notes : list of str
        What could not be carried over, or needs a look.
    """

    config: dict[str, Any] = field(default_factory=dict)
    sweeps: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_toml(path: Path, notes: list[str]) -> dict[str, Any]:
    """Read a TOML file; ``np.nan``, as pjpipe's documentation has it, is no TOML and is read as a text.

    Raises
    ------
    ConfigError
        It cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
        plain = re.sub(r"=[ \t]*np\.nan\b", '= "nan"', text)
        if plain != text:
            notes.append(f"{path}: np.nan is no TOML; read as nan")
        return tomllib.loads(plain)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as TOML: {error}") from error


def move(config: Mapping[str, Any], local: Mapping[str, Any], notes: list[str]) -> Moved:
    """Turn the content of pjpipe's files into ours.

    Raises
    ------
    ConfigError
        Names that could become other paths or commands, values that interpolate.
    """
    moved = Moved(notes=notes)
    targets, bands = _names(config, "targets"), _names(config, "bands")
    lv3 = _table(_table(config, "parameters"), "lv3", "parameters.lv3")
    _refuse_interpolation({"config": config, "local": local})
    moved.config = {"defaults": ["config", "_self_"], "targets": targets}
    if version := config.get("version"):
        moved.config["dr_version"] = _name(version, "version")
    moved.config |= _from_lv3(lv3, notes) | _from_local(local, config.get("version"), notes)
    moved.config["jwst_parameters"] = dict(_from_jwst(_table(lv3, "jwst_parameters"), notes))
    moved.sweeps = [*_sweeps(targets, bands, config.get("steps", []))]
    notes += [f"parameters.{step}: is no part of level 3" for step in config.get("parameters", {}) if step != "lv3"]
    notes += _problems(moved.config, targets, bands)
    return moved


def _table(table: Mapping[str, Any], key: str, where: str = "") -> dict[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise ConfigError(f"{where or key}={value!r}: a table is needed")
    return value


def _names(config: Mapping[str, Any], key: str) -> list[str]:
    values = config.get(key)
    if not isinstance(values, list) or not values:
        raise ConfigError(f"{key}={values!r}: a list of names is needed")
    return [_name(value, key) for value in values]


def _name(value: Any, key: str) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ConfigError(f"{key}: {value!r} is no name that can be part of a path: letters, digits and _ . + - can be")
    return value


def _refuse_interpolation(value: Any, where: str = "") -> None:
    """``${...}`` in a YAML file is looked up; a foreign file has no say in that."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            _refuse_interpolation(str(key), where)
            _refuse_interpolation(item, f"{where}.{key}".lstrip("."))
    elif isinstance(value, list):
        for item in value:
            _refuse_interpolation(item, where)
    elif isinstance(value, str) and "${" in value:
        raise ConfigError(f"{where}: {value!r}: ${{...}} has a meaning of its own here; take it out")


def _from_lv3(lv3: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    """Parameters of the step, without those of jwst."""
    found = {}
    for key, value in lv3.items():
        if key == "jwst_parameters":
            continue
        if key in _LV3 and isinstance(value, dict):
            notes.append(f"parameters.lv3.{key}: depends on {', '.join(value)}, which only jwst_parameters can here")
        elif key in _LV3:
            found[key] = value
        else:
            notes.append(f"parameters.lv3.{key}: {_GONE.get(key, 'is no parameter of Lv3Step')}{nearest(key, _LV3)}")
    return found


def _from_jwst(table: Mapping[str, Any], notes: list[str]) -> Iterator[tuple[str, Any]]:
    """Parameters of jwst's pipeline and steps that this version of jwst knows."""
    spec = specification()
    for key, value in table.items():
        if key in spec and isinstance(value, dict):
            yield key, {k: v for k, v in value.items() if _is_known(k, v, spec[key], f"{key}.{k}", notes)}
        elif isinstance(value, dict) or _is_known(key, value, spec[PIPELINE], key, notes):
            yield key, value


def _is_known(name: str, value: Any, known: Mapping[str, str], where: str, notes: list[str]) -> bool:
    if name in known or (isinstance(value, dict) and name not in _GONE):
        return True
    notes.append(f"jwst_parameters.{where}: {_GONE.get(name, 'is no parameter of this jwst')}")
    return False


def _from_local(local: Mapping[str, Any], version: str | None, notes: list[str]) -> dict[str, Any]:
    """Where the data are, and how many processes; the rest is about other steps or about reference files."""
    found: dict[str, Any] = {}
    if "reprocess_dir" not in local:
        notes.append("reprocess_dir: is not known without --local; set data to pjpipe's folder of targets")
    else:
        found["data"] = str(Path(str(local["reprocess_dir"]), version or ""))
    if "processors" in local:
        found["procs"] = local["processors"]
    if "crds_context" in local:
        notes.append(f"crds_context={local['crds_context']}: crds.context is that of this jwst; give it to insist")
    if "crds_path" in local:
        notes.append(f"crds_path={local['crds_path']}: use crds=server crds.path=... to go on with that cache")
    others = sorted(set(local) - {"reprocess_dir", "processors", "crds_context", "crds_path"})
    notes += [f"{key}: is about other steps" for key in others]
    return found


def _sweeps(targets: list[str], bands: list[str], steps: list[str]) -> Iterator[list[str]]:
    """One sweep for each folder that level 3 reads from, science and background separately."""
    by_place: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for full in bands:
        is_bgr = full.endswith("_bgr")
        band = full.removesuffix("_bgr")
        by_place[_folder(steps, find_bands(band)[0].instrument, is_bgr), is_bgr].append(band)
    for (folder, is_bgr), names in by_place.items():
        place = "${data}/${target}/${band}" + ("_bgr" if is_bgr else "") + f"/{folder}"
        options = ["is_bgr=true"] if is_bgr else []
        yield [f"target={','.join(targets)}", f"band={','.join(names)}", f"in_dir={place}", *options]


def _folder(steps: list[str], instrument: Instrument, is_bgr: bool) -> str:
    """Folder of the last step before level 3 that works on these exposures; steps look like ``name.miri.sci``."""
    folder = "cal"
    for full in steps:
        name, *conditions = str(full).split(".")
        if name == "lv3":
            break
        others = {*map(str, Instrument)} - {instrument} | {"sci" if is_bgr else "bgr"}
        if name not in _COMBINED and not others & set(conditions):
            folder = _name(name, "steps")
    return folder


def _problems(config: dict[str, Any], targets: list[str], bands: list[str]) -> Iterator[str]:
    """What our own checks say of the result, for every target and band."""
    keys = {key: value for key, value in config.items() if key != "defaults"}
    said = set()
    for target in targets:
        for band in dict.fromkeys(band.removesuffix("_bgr") for band in bands):
            ours = Lv3Config(target=target, band=band, in_dir="in", **keys)
            for problem in _problems_of(ours):
                if problem not in said:
                    said.add(problem)
                    yield f"to be put right: {problem}"


def _problems_of(config: Lv3Config) -> list[str]:
    try:
        check(config)
        band = find_bands(config.band)[0]
        check_parameters(config, band, layers(config, band))
    except Lv3Error as error:
        return error.problems
    return []


def main(argv: list[str] | None = None) -> int:
    """Read, turn, write, say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path, help="pjpipe's config.toml")
    parser.add_argument("--local", type=Path, help="pjpipe's local.toml")
    parser.add_argument("--output", type=Path, default=Path("pjpipe.yaml"), help="default: %(default)s")
    arguments = parser.parse_args(argv)
    notes: list[str] = []
    try:
        config = read_toml(arguments.config, notes)
        moved = move(config, read_toml(arguments.local, notes) if arguments.local else {}, notes)
    except Lv3Error as error:
        print("\n".join(f"error: {problem}" for problem in error.problems), file=sys.stderr)
        return error.exit_code
    output = arguments.output.absolute()
    heading = f"# Made from pjpipe's {arguments.config.name} by from_pjpipe.py.\n"
    write_text(output, heading + yaml.safe_dump(moved.config, sort_keys=False))
    print("".join(f"note: {note}\n" for note in moved.notes), end="", file=sys.stderr)
    for sweep in moved.sweeps:
        print(shlex.join(["jwst-lv3", "--config-dir", str(output.parent), "-cn", output.stem, "-m", *sweep]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
