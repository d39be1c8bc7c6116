"""The page: what the record says, in the order in which a reader asks."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from app.assess.findings.limits import most_in_cores
from app.assess.measure.catalogue import MAGNITUDE_BIN
from app.observation.bands import find_bands
from app.observation.names import REPORT_NAME, TILES_INDEX, base_name
from app.record.record import seconds_of
from app.record.tiles import read_index
from app.report import figures
from app.report.beside_limits import beside_limits
from app.report.depth import depth, faint_end
from app.report.exposures import Looks, look
from app.report.methods import methods
from app.report.missing import Missing, attempt
from app.report.pictures import coverage_picture, picture, weight_picture
from app.report.residuals import residuals
from app.report.star_pairs import star_pairs
from app.report.stars import Stars, cutouts, profile, read_stars
from app.report.tile_pictures import tile_pictures
from app.report.viewer import cell_side, leaflet, view
from app.runtime.files import write_text

__all__ = ["write_report"]

_VERDICTS = {
    "running": "running",
    "success": "success",
    "success_with_caveats": "success with caveats",
    "poor": "poor: not to be used",
    "failed": "failed",
    "interrupted": "interrupted",
}


def write_report(record: Mapping[str, Any], folder: Path) -> Path:
    """Write the report of a run.

    Parameters
    ----------
    record : mapping
        Content of lv3_run.json.
    folder : Path
        The run's out_dir, with the products that are there.

    Returns
    -------
    Path
        ``lv3_report.html``.
    """
    loader = PackageLoader("app.report", "templates")
    # Names of files and targets come from outside: all that is put into the page is escaped.
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters |= {
        f.__name__: f for f in (number, percent, length_of, base_name, size, duration, most_in_cores)
    }
    page = environment.get_template("report.html").render(**_context(record, folder))
    return write_text(folder / REPORT_NAME, page)


def _context(record: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """All that the template uses."""
    measured = record.get("measurements") or {}
    exposures, overlaps = measured.get("exposures", []), measured.get("overlaps", [])
    mosaic, catalogue = measured.get("mosaic"), measured.get("catalogue")
    unit = mosaic["unit"] if mosaic else "MJy/sr"
    text, works = methods(record, _instrument(record))
    there = mosaic is not None and not measured.get("tiles") and (folder / mosaic["file"]).is_file()
    stars = attempt(_read_stars, record, folder) if there else None
    looks = attempt(_look, record, folder, stars) if there else None
    limit = depth(mosaic, _fwhm(record)) if mosaic else None
    return {
        "judged": record.get("alignment_verdict"),
        "record": record,
        "verdict": _VERDICTS[record["state"]],
        "step": record.get("step"),
        "references": record.get("references"),
        "seconds": seconds_of(record),
        "exposures": exposures,
        "overlaps": overlaps,
        "mosaic": mosaic,
        "catalogue": catalogue,
        "not_measured": measured.get("failed", {}),
        "unit": unit,
        "tiles": measured.get("tiles", []),
        "pictures": _pictures(folder, mosaic),
        "view": _view(record, folder, looks),
        "leaflet": leaflet(),
        "beside_limits": beside_limits(measured),
        "depth": limit,
        "faint_end": faint_end(catalogue["magnitudes"], limit) if catalogue else "",
        "residuals": _of(looks, lambda seen: attempt(residuals, seen.residuals, mosaic and mosaic.get("noise"))),
        "level_errors": _level_errors(record),
        "figures": _figures(record, unit),
        "stars": _of(stars, lambda found: attempt(_stars, record, found, _of(looks, lambda seen: seen.stamps))),
        "parameters": _changed_parameters(record),
        "methods": text,
        "works": works,
    }


def _figures(record: Mapping[str, Any], unit: str) -> dict[str, Any]:
    measured = record.get("measurements") or {}
    exposures, overlaps = measured.get("exposures", []), measured.get("overlaps", [])
    mosaic, catalogue = measured.get("mosaic"), measured.get("catalogue")
    noise = mosaic and (mosaic.get("noise") or mosaic["depth"])
    return {
        "footprints": attempt(figures.footprints, exposures),
        "alignment": attempt(figures.alignment, exposures),
        "offsets": attempt(figures.offsets, overlaps),
        "sky_levels": attempt(figures.sky_levels, exposures, unit, _level_errors(record)),
        "sky_steps": attempt(figures.sky_steps, overlaps, noise, unit),
        "outliers": attempt(figures.outliers, exposures),
        "outlier_map": attempt(figures.outlier_map, measured.get("outlier_map")),
        "unused": attempt(figures.unused, exposures),
        "magnitudes": attempt(figures.magnitudes, catalogue["magnitudes"] if catalogue else [], MAGNITUDE_BIN),
    }


def _instrument(record: Mapping[str, Any]) -> str:
    """The instrument: products are named after it, and two instruments share names of bands."""
    bands = find_bands(record["config"]["band"])
    names = " ".join(product["file"] for product in record["products"])
    return str(next((b.instrument for b in bands if f"_{b.instrument}_lv3_" in names), bands[0].instrument))


def _pictures(folder: Path, mosaic: Mapping[str, Any] | None) -> dict[str, Any]:
    if mosaic is None or not (path := folder / mosaic["file"]).is_file():
        return {}
    if mosaic["file"] == TILES_INDEX[0]:
        shown = attempt(tile_pictures, folder, read_index(folder) or {}, mosaic["unit"])
        return {"mosaic": shown, "weight": None} if isinstance(shown, Missing) else shown
    return {
        "mosaic": attempt(picture, path, mosaic["footprint"], mosaic["unit"]),
        "weight": attempt(weight_picture, path),
        "coverage": attempt(coverage_picture, path),
    }


def _view(record: Mapping[str, Any], folder: Path, looks: Looks | Missing | None) -> Any:
    """The viewer of the mosaic; where exposures could not be looked at, or it is in tiles, without flagged pixels."""
    mosaic = (record.get("measurements") or {}).get("mosaic")
    if mosaic is None or not (folder / mosaic["file"]).is_file():
        return None
    flagged = looks.flagged if isinstance(looks, Looks) else []
    return attempt(view, record, folder, [] if isinstance(flagged, Missing) else flagged)


def _of(part: Any, function: Callable[[Any], Any]) -> Any:
    """What a function makes of a part, where there is one; else the part itself."""
    return part if part is None or isinstance(part, Missing) else function(part)


def _look(record: Mapping[str, Any], folder: Path, stars: Stars | None) -> Looks:
    """Read the exposures; of a moving target, which leaves the stars behind, without those."""
    is_wanted = stars is not None and "assign_mtwcs" not in record["times"]
    places = stars.sky if stars is not None and is_wanted else np.empty((0, 2))
    return look(record, folder, cell_side(record["measurements"]["mosaic"]), places)


def _read_stars(record: Mapping[str, Any], folder: Path) -> Stars | None:
    """Ten stars, where there is a catalogue with sources."""
    mosaic, catalogue = (record["measurements"].get(name) for name in ("mosaic", "catalogue"))
    if not (mosaic and catalogue and catalogue["n_sources"] and (folder / catalogue["file"]).is_file()):
        return None
    return read_stars(folder / mosaic["file"], folder / catalogue["file"])


def _stars(record: Mapping[str, Any], stars: Stars, stamps: Any) -> dict[str, Any]:
    """The stars' cutouts, before and after alignment too, and their profile."""
    return {
        "n": len(stars.images),
        "cutouts": cutouts(stars),
        "pairs": _of(stamps, lambda found: attempt(star_pairs, found)),
        "profile": profile(stars, _fwhm(record) / record["measurements"]["mosaic"]["pixel_scale"]),
    }


def _fwhm(record: Mapping[str, Any]) -> float:
    """Of the band [arcsec]."""
    instrument = _instrument(record)
    band = next(band for band in find_bands(record["config"]["band"]) if band.instrument == instrument)
    return band.fwhm * band.pixel_scale


def _level_errors(record: Mapping[str, Any]) -> dict[str, float | None]:
    """Errors of sky levels by file name; empty where no solution found them."""
    members = record["groups"].get("skymatch", {})
    found = (record.get("sky_solution") or {}).get("groups", [])
    return {file: group["error"] for group in found for file in members.get(group["group"], [])}


def _changed_parameters(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Parameters that are not the step's own default, with value and origin."""
    steps = record.get("parameters", {}).get("steps", {})
    return [
        {"step": step, "name": name, "value": steps.get(step, {}).get(name), "origin": origin}
        for step, table in record.get("parameter_origins", {}).items()
        for name, origin in table.items()
    ]


def number(value: float | None, form: str = ".3g") -> str:
    """A number in this form; an en dash where there is none."""
    return "\u2013" if value is None else format(value, form)


def percent(share: float | None) -> str:
    """A share, in percent."""
    return number(None if share is None else 100 * share, ".3f")


def length_of(offset: list[float] | None) -> float | None:
    """Length of an offset, or None."""
    return None if offset is None else math.hypot(*offset)


def size(n_bytes: int) -> str:
    """A size that a reader grasps."""
    value, units = float(n_bytes), ["B", "kB", "MB", "GB"]
    while value >= 1000 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:.3g} {units[0]}"


def duration(seconds: float | None) -> str:
    """A time that a reader grasps."""
    if seconds is None:
        return "\u2013"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, hours = seconds // 60, seconds // 3600
    return f"{hours:.0f} h {minutes % 60:02.0f} min" if hours else f"{minutes:.0f} min {seconds % 60:02.0f} s"
