"""Refuse a configuration that cannot work, all its problems at once, without looking at any file."""

import math
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from app.config.schema import LISTS, NAMED_BACKGROUND, PRESETS, Lv3Config, as_list, nearest
from app.crds import CrdsOptions
from app.observation.bands import find_bands
from app.runtime.errors import ConfigError, Lv3Error

__all__ = ["REQUIRED", "check"]

#: What an option of a config group sets a key to that the user has to give (``???`` does not override a default).
REQUIRED = "required"

_TEXTS = (
    *("target", "band", "in_dir", "out_dir", "dr_version", "step_ext", "work_dir", "bgr_background_name"),
    *("out_root", "data", "sif", "sky_levels", "sky_anchor", "mosaic_like", "align_from"),
    *("bands", "exclude", "targets"),
)
_SEVERAL = ("bgr_background_name", *LISTS)  # texts of which there may be a list
_FARTHEST = 60.0  # [arcsec] beyond it chance coincidences of stars are as good as a displaced visit
_LONGEST_NAME = 150  # [byte] leaves room for the rest of a file name, of 255 bytes


def check(config: Lv3Config) -> None:
    """Refuse a configuration that cannot work.

    Raises
    ------
    ConfigError
        With all problems at once.
    """
    checks = (_missing, _texts, _names, _choices, _booleans, _band, _numbers, _tables, _crds, _mosaic, _contradictions)
    if found := [problem for check in checks for problem in check(config)]:
        raise ConfigError(found)


def _missing(config: Lv3Config) -> Iterator[str]:
    if config.action in ("selftest", "summary", "failed"):  # they look at no observation
        return
    for item in fields(config):
        value = getattr(config, item.name)
        if value in (REQUIRED, [REQUIRED]) or (item.default == "???" and value in (None, "???", "")):
            yield f"{item.name}: not given; {item.metadata['doc']}: write {item.name}=..."


def _texts(config: Lv3Config) -> Iterator[str]:
    """YAML reads an unquoted off as false and 001 as 1: what must be a text has to arrive as one."""
    for name in _TEXTS:
        given = getattr(config, name)
        for value in as_list(given) if name in _SEVERAL or given is None else [given]:
            if isinstance(value, bool):
                word = "on, yes or true" if value else "off, no or false"
                yield f"{name}={value}: a text is needed, and YAML reads an unquoted {word} as {value}: quote it"
            elif isinstance(value, (int, float)):
                yield f"{name}={value}: a text is needed, and YAML reads 001 as 1: quote it, {name}='\"{value}\"'"
            elif not isinstance(value, str):
                yield f"{name}={value!r}: a text is needed"


def _names(config: Lv3Config) -> Iterator[str]:
    """Names that become part of file names must not lead elsewhere."""
    for name in ("target", "dr_version", "step_ext"):
        value = getattr(config, name)
        if isinstance(value, str) and value != "???" and not _is_name(value):
            rule = f"at most {_LONGEST_NAME} bytes, printable, without / and \\, and neither . nor - the first"
            yield f"{name}={value[:_LONGEST_NAME]!r}: becomes part of file names: {rule}"
    if isinstance(config.dr_version, str) and not config.dr_version.isascii():
        yield f"dr_version={config.dr_version!r}: becomes part of FITS headers, which hold ASCII letters alone"
    if config.targets and isinstance(config.target, str) and config.target not in [*config.targets, "???"]:
        near = nearest(config.target, map(str, config.targets))
        yield f"target={config.target}: is not in targets ({', '.join(map(str, config.targets))}){near}"


def _is_name(text: str) -> bool:
    is_short = len(text.lower().encode(errors="replace")) <= _LONGEST_NAME
    return is_short and text.isprintable() and not set(text) & set("/\\") and text[:1] not in (".", "-")


def _choices(config: Lv3Config) -> Iterator[str]:
    for item in fields(config):
        allowed = item.metadata.get("choices", ())
        for value in as_list(getattr(config, item.name)) if allowed else []:
            if value not in allowed:
                yield f"{item.name}={value}: allowed are {', '.join(allowed)}{nearest(str(value), allowed)}"


def _booleans(config: Lv3Config) -> Iterator[str]:
    for item in fields(config):
        value = getattr(config, item.name)
        if (isinstance(item.default, bool) or item.name == "offline") and not isinstance(value, bool | None):
            yield f"{item.name}={value!r}: true or false is needed"
        elif isinstance(item.default, bool) and value is None:
            yield f"{item.name}: is empty; true or false is needed"


def _band(config: Lv3Config) -> list[str]:
    if not isinstance(config.band, str) or config.band in ("???", ""):
        return []
    try:
        find_bands(config.band)
    except Lv3Error as error:
        return error.problems
    return []


def _numbers(config: Lv3Config) -> Iterator[str]:
    procs = config.procs
    if procs is not None and not (_is_integer(procs) and procs >= 1):
        yield f"procs={procs}: a whole number from 1 on is needed, or null for every usable core"
    try:
        if isinstance(config.blot_fillval, bool) or math.isinf(float(config.blot_fillval)):
            raise ValueError
    except (TypeError, ValueError):
        yield f"blot_fillval={config.blot_fillval!r}: a number or nan is needed"
    if not (_is_number(config.search_displaced) and 0 <= config.search_displaced <= _FARTHEST):
        yield f"search_displaced={config.search_displaced!r}: a number from 0 to {_FARTHEST:g} is needed [arcsec]"
    largest = config.max_mosaic_megapixels
    if not (_is_number(largest) and largest > 0):
        yield f"max_mosaic_megapixels={largest!r}: a positive number is needed [million pixels]"


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _tables(config: Lv3Config) -> Iterator[str]:
    for name in ("jwst_parameters", "presets"):
        if not isinstance(getattr(config, name), dict):
            yield f"{name}={getattr(config, name)!r}: a table is needed, {{step: {{parameter: value}}}}"
    for group, table in config.presets.items() if isinstance(config.presets, dict) else ():
        if group not in PRESETS:
            yield f"presets.{group}: allowed are {', '.join(PRESETS)}{nearest(str(group), PRESETS)}"
        elif not isinstance(table, dict | None):
            yield f"presets.{group}={table!r}: a table is needed, {{step: {{parameter: value}}}}"


def _crds(config: Lv3Config) -> Iterator[str]:
    given: Any = config.crds
    known = [item.name for item in fields(CrdsOptions)]
    if isinstance(given, dict):
        yield from (f"crds.{n}: no such key{nearest(str(n), known)}" for n in given if n not in known)
    elif not isinstance(given, CrdsOptions):
        yield f"crds={given!r}: a table with {', '.join(known)} is needed, or the name of a mode"


def _mosaic(config: Lv3Config) -> Iterator[str]:
    keys = ("mosaic_center", "mosaic_shape", "mosaic_pixel_scale")
    center, shape, scale = (None if (value := getattr(config, key)) == REQUIRED else value for key in keys)
    if center is not None and not _is_position(center):
        yield f"mosaic_center={center}: [right ascension, declination] is needed, 0 to 360 and -90 to 90 degrees"
    if shape is not None and not (_is_pair(shape) and all(_is_integer(n) and n >= 2 for n in shape)):
        yield f"mosaic_shape={shape}: [columns, rows] is needed, whole numbers from 2 on"
    if scale is not None and not (_is_number(scale) and scale > 0):
        yield f"mosaic_pixel_scale={scale!r}: a positive number is needed [arcsec]"
    if config.mosaic_rotation is not None and not _is_number(config.mosaic_rotation):
        yield f"mosaic_rotation={config.mosaic_rotation!r}: a number is needed [deg]"
    if shape is not None and config.mosaic_center is None:
        yield "mosaic_shape: is given without mosaic_center, so it is not known which part of the sky is wanted"


def _is_pair(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 2


def _is_position(value: Any) -> bool:
    return _is_pair(value) and all(map(_is_number, value)) and 0 <= value[0] <= 360 and abs(value[1]) <= 90


def _contradictions(config: Lv3Config) -> Iterator[str]:
    for step in ("tweakreg", "skymatch"):
        grouped, degrouped = (
            set(map(str, as_list(getattr(config, f"{step}_{w}_dithers")))) for w in ("group", "degroup")
        )
        for channel in sorted(grouped & degrouped):
            both = f"{step}_group_dithers and {step}_degroup_dithers both name {channel}"
            yield f"{both}: its dithers cannot be together and apart; take it out of one"
    if (config.alignment == "from_run") != bool(config.align_from):
        what = (
            "names no run to follow" if config.alignment == "from_run" else f"alignment={config.alignment} ignores it"
        )
        yield f"align_from={config.align_from}: {what}; alignment=from_run align_from=FOLDER belong together"
    yield from _background(config)
    others = [
        key for key in ("center", "shape", "pixel_scale", "rotation") if getattr(config, f"mosaic_{key}") is not None
    ]
    if config.mosaic_like and others:
        yield f"mosaic_like: gives the whole grid; take out {', '.join('mosaic_' + key for key in others)}"
    yield from _sky(config)
    if config.sky_levels and isinstance(config.presets, dict) and config.presets.get("sky"):
        yield "sky_levels: is for sky=user_levels; the config group sky asks for something else"


def _background(config: Lv3Config) -> Iterator[str]:
    """What bgr_check_type takes as bgr_background_name."""
    names, kind = config.bgr_background_name, config.bgr_check_type
    if kind == "check_in_name" and isinstance(names, (list, tuple)):
        yield f"bgr_background_name={names}: bgr_check_type=check_in_name takes one name"
    if kind in NAMED_BACKGROUND and not (names and all(as_list(names))):
        yield f"bgr_background_name={names!r}: is empty, and an empty text is in every name"
    if kind not in NAMED_BACKGROUND and as_list(names) not in ([], ["off"]):
        users = " and ".join(NAMED_BACKGROUND)
        yield f"bgr_background_name={names}: bgr_check_type={kind} looks at no name, as {users} do; take it out"


def _sky(config: Lv3Config) -> Iterator[str]:
    """Keys of the solution, and what it takes the place of."""
    if config.sky_order not in (0, 1) or isinstance(config.sky_order, bool):
        yield f"sky_order={config.sky_order!r}: 0, a level for each group, or 1, a plane, is needed"
    if config.sky_anchor in (None, ""):
        yield "sky_anchor: is empty; lowest, mean, none, or the path of an i2d file is needed"
    if config.sky_method != "solution":
        for key, usual in (("sky_order", 0), ("sky_anchor", "lowest")):
            if getattr(config, key) != usual:
                yield f"{key}={getattr(config, key)}: is for sky=solution"
        return
    if config.sky_levels or (isinstance(config.presets, dict) and config.presets.get("sky")):
        yield "sky_method=solution: levels are asked for in another way too (sky_levels, or the config group sky)"
