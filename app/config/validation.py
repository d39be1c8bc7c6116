"""Refuse a configuration that cannot work, all its problems at once, without looking at any file."""

import math
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, replace
from itertools import chain
from typing import Any

from app.config.forms import as_list, misfits
from app.config.schema import NAMED_BACKGROUND, NOT_GIVEN, PRESETS, Lv3Config, nearest
from app.crds import CrdsOptions
from app.observation.bands import find_bands
from app.observation.hlsp import FIELDS
from app.observation.names import TILE
from app.runtime.errors import ConfigError, Lv3Error

__all__ = ["REQUIRED", "check"]

#: What an option of a config group sets a key to that the user has to give (``???`` does not override a default).
REQUIRED = "required"

#: What has to be given for actions that look at no observation, or at all that are there.
_NEEDED: dict[str, tuple[str, ...]] = {
    "init": ("in_dir",),
    **dict.fromkeys(("help", "compare", "selftest", "demo", "summary", "failed", "release"), ()),
}

_FARTHEST = 60.0  # [arcsec] beyond it chance coincidences of stars are as good as a displaced visit
_LONGEST_NAME = 150  # [byte] leaves room for the rest of a file name, of 255 bytes
_SMALLEST_TILE = 64  # [pixel] the header of a smaller one takes more room than its pixels


def check(config: Lv3Config) -> None:
    """Refuse a configuration that cannot work.

    Raises
    ------
    ConfigError
        With all problems at once.
    """
    problems = {item.name: list(_of_one(config, item)) for item in fields(config)}
    refused = {name for name, found in problems.items() if found}
    # The rest is looked at as if what is refused were not there: it may count on types, and no problem is listed twice.
    rest = replace(config, **{item.name: _default(item) for item in fields(config) if item.name in refused})
    checks = (_names, _choices, _band, _observations, _numbers, _presets, _mosaic, _tiles, _release, _contradictions)
    found = [*chain.from_iterable(problems.values()), *(problem for check in checks for problem in check(rest))]
    if found:
        raise ConfigError(found)


def _of_one(config: Lv3Config, item: Field) -> Iterator[str]:
    """What keeps one key from being used at all: it is missing, or not of its type."""
    value = getattr(config, item.name)
    nothing: tuple[Any, ...] = (NOT_GIVEN, "", [NOT_GIVEN], [""], [])
    if value in (REQUIRED, [REQUIRED]) or (item.default == NOT_GIVEN and value in nothing):
        if item.name in _NEEDED.get(str(config.action), (item.name,)):
            yield f"{item.name}: not given; {item.metadata['doc']}: write {item.name}=..."
    elif item.name == "crds":
        yield from _crds(value)
    else:
        yield from misfits(item.name, value, item.type)


def _default(item: Field) -> Any:
    return item.default if item.default_factory is MISSING else item.default_factory()


def _names(config: Lv3Config) -> Iterator[str]:
    """Names that become part of file names must not lead elsewhere."""
    for name in ("target", "dr_version", "step_ext"):
        value = getattr(config, name)
        if value != NOT_GIVEN and not _is_name(value):
            rule = f"at most {_LONGEST_NAME} bytes, printable, without / and \\, and neither . nor - the first"
            yield f"{name}={value[:_LONGEST_NAME]!r}: becomes part of file names: {rule}"
    if not config.dr_version.isascii():
        yield f"dr_version={config.dr_version!r}: becomes part of FITS headers, which hold ASCII letters alone"
    if config.targets and config.target not in [*config.targets, NOT_GIVEN]:
        near = nearest(config.target, config.targets)
        yield f"target={config.target}: is not in targets ({', '.join(config.targets)}){near}"


def _is_name(text: str) -> bool:
    is_short = len(text.lower().encode(errors="replace")) <= _LONGEST_NAME
    return is_short and text.isprintable() and not set(text) & set("/\\") and text[:1] not in (".", "-")


def _choices(config: Lv3Config) -> Iterator[str]:
    for item in fields(config):
        allowed = item.metadata.get("choices", ())
        for value in as_list(getattr(config, item.name)) if allowed else ():
            if value not in allowed:
                yield f"{item.name}={value}: allowed are {', '.join(allowed)}{nearest(str(value), allowed)}"


def _band(config: Lv3Config) -> list[str]:
    try:
        if config.band != NOT_GIVEN:
            find_bands(config.band)
    except Lv3Error as error:
        return error.problems
    return []


def _observations(config: Lv3Config) -> Iterator[str]:
    for target, bands in config.observations.items():
        for name in bands:
            try:
                find_bands(name)
            except Lv3Error as error:
                yield from (f"observations.{target}: {problem}" for problem in error.problems)


def _numbers(config: Lv3Config) -> Iterator[str]:
    if config.procs is not None and config.procs < 1:
        yield f"procs={config.procs}: a whole number from 1 on is needed, or null for every usable core"
    if not _is_fill_value(config.blot_fillval):
        yield f"blot_fillval={config.blot_fillval!r}: a number or nan is needed"
    if not 0 <= config.search_displaced <= _FARTHEST:
        yield f"search_displaced={config.search_displaced!r}: a number from 0 to {_FARTHEST:g} is needed [arcsec]"
    if config.max_mosaic_megapixels <= 0:
        yield f"max_mosaic_megapixels={config.max_mosaic_megapixels:g}: a positive number is needed [million pixels]"


def _is_fill_value(text: str) -> bool:
    try:
        return not math.isinf(float(text))
    except ValueError:
        return False


def _presets(config: Lv3Config) -> Iterator[str]:
    for group, table in config.presets.items():
        if group not in PRESETS:
            yield f"presets.{group}: allowed are {', '.join(PRESETS)}{nearest(str(group), PRESETS)}"
        elif not isinstance(table, dict):
            yield f"presets.{group}={table!r}: a table is needed, {{step: {{parameter: value}}}}"


def _crds(given: Any) -> Iterator[str]:
    known = {item.name: item.type for item in fields(CrdsOptions)}
    if isinstance(given, dict):
        yield from (f"crds.{n}: no such key{nearest(str(n), known)}" for n in given if n not in known)
    elif isinstance(given, CrdsOptions):
        for name, kind in known.items():
            yield from misfits(f"crds.{name}", getattr(given, name), kind)
    else:
        yield f"crds={given!r}: a table with {', '.join(known)} is needed, or the name of a mode"


def _mosaic(config: Lv3Config) -> Iterator[str]:
    center, shape, scale = config.mosaic_center, config.mosaic_shape, config.mosaic_pixel_scale
    if center is not None and not _is_position(center):
        yield f"mosaic_center={center}: [right ascension, declination] is needed, 0 to 360 and -90 to 90 degrees"
    if shape is not None and not (len(shape) == 2 and min(shape) >= 2):
        yield f"mosaic_shape={shape}: [columns, rows] is needed, whole numbers from 2 on"
    if scale is not None and scale <= 0:
        yield f"mosaic_pixel_scale={scale!r}: a positive number is needed [arcsec]"
    if shape is not None and center is None:
        yield "mosaic_shape: is given without mosaic_center, so it is not known which part of the sky is wanted"


def _tiles(config: Lv3Config) -> Iterator[str]:
    """Size, overlap and names of tiles, and what is made of one mosaic only."""
    size, overlap = config.tile_size, config.tile_overlap
    if size is None:
        for key in ("tile_overlap", "tiles"):
            if value := getattr(config, key):
                yield f"{key}={value}: is for a mosaic in tiles: choose mosaic=tiles, or set tile_size"
        return
    if size < _SMALLEST_TILE:
        yield f"tile_size={size}: a whole number from {_SMALLEST_TILE} on is needed [pixel]"
    if not 0 <= overlap < size:
        yield f"tile_overlap={overlap}: a whole number from 0 to less than tile_size={size} is needed [pixel]"
    for name in config.tiles:
        if not TILE.fullmatch(name):
            yield f"tiles: {name!r}: a tile is named by row and column, each with two digits or more: r03c07"
    for key in ("do_drizzle", "do_blot"):
        if getattr(config, key):
            yield (
                f"{key}=true: is made of one mosaic, and tile_size={size} asks for tiles: leave it out, or make the "
                "mosaic in one piece"
            )


def _release(config: Lv3Config) -> Iterator[str]:
    """What a release has to be told, and whether it can be part of names and headers."""
    wanted = ("release_dir", "hlsp_id", "hlsp_name", "hlsp_lead", "hlsp_contact") if config.action == "release" else ()
    for key in wanted:
        if not getattr(config, key):
            yield f"{key}: not given; action=release needs it: write {key}=..."
    for key, name in (("hlsp_id", "proj-id"), ("hlsp_version", "version")):
        value = getattr(config, key)
        if value and not FIELDS[name].fits(value):
            yield f"{key}={value}: becomes part of file names: {FIELDS[name].rule}"
    for key in ("hlsp_name", "hlsp_lead", "hlsp_doi", "hlsp_reference"):
        value = getattr(config, key)
        if value and not (value.isascii() and value.isprintable()):
            yield f"{key}={value!r}: becomes part of FITS headers, which hold ASCII letters alone"


def _is_position(value: list[float]) -> bool:
    return len(value) == 2 and 0 <= value[0] <= 360 and abs(value[1]) <= 90


def _contradictions(config: Lv3Config) -> Iterator[str]:
    for step in ("tweakreg", "skymatch"):
        grouped, degrouped = (set(getattr(config, f"{step}_{w}_dithers")) for w in ("group", "degroup"))
        for channel in sorted(grouped & degrouped):
            both = f"{step}_group_dithers and {step}_degroup_dithers both name {channel}"
            yield f"{both}: its dithers cannot be grouped and separate; take it out of one"
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
    if config.sky_levels and config.presets.get("sky"):
        yield "sky_levels: is for sky=user_levels; the config group sky asks for something else"


def _background(config: Lv3Config) -> Iterator[str]:
    """What bgr_check_type takes as bgr_background_name, and background that is used and science at once."""
    names, kind = config.bgr_background_name, config.bgr_check_type
    if kind == "check_in_name" and len(names) > 1:
        yield f"bgr_background_name={names}: bgr_check_type=check_in_name takes one name"
    if kind in NAMED_BACKGROUND and not (names and all(names)):
        yield f"bgr_background_name={names}: is empty, and an empty text is in every name"
    if kind not in NAMED_BACKGROUND and names not in ([], ["off"]):
        users = " and ".join(NAMED_BACKGROUND)
        yield f"bgr_background_name={names}: bgr_check_type={kind} looks at no name, as {users} do; take it out"
    for key in ("is_bgr", "process_bgr_like_science"):
        if config.background_use != "none" and getattr(config, key):
            yield f"background_use={config.background_use}: with {key}=true no exposure is background; take one out"


def _sky(config: Lv3Config) -> Iterator[str]:
    """Keys of the solution, and what it takes the place of."""
    if config.sky_order not in (0, 1):
        yield f"sky_order={config.sky_order!r}: 0, a level for each group, or 1, a plane, is needed"
    if not config.sky_anchor:
        yield "sky_anchor: is empty; lowest, mean, none, or the path of an i2d file is needed"
    if config.sky_method != "solution":
        for key, usual in (("sky_order", 0), ("sky_anchor", "lowest")):
            if getattr(config, key) != usual:
                yield f"{key}={getattr(config, key)}: is for sky=solution"
        return
    if config.sky_levels or config.presets.get("sky"):
        yield "sky_method=solution: levels are asked for in another way too (sky_levels, or the config group sky)"
