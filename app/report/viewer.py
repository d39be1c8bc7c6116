"""What the viewer of the mosaic shows: its tiles, and what is laid over them, as data of the page."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from astropy.table import Table
from astropy.wcs import WCS
from markupsafe import Markup
from numpy.typing import NDArray

from app.observation.names import REPORT_FILES, base_name
from app.record.report_files import report_files
from app.report.levels import alpha_uri
from app.report.pictures import step_of
from app.report.pixels import pixels_of
from app.report.pyramid import TILE, depth_of, finest_in_page, pyramid
from app.report.style import colour_of
from app.runtime.resources import usable_cores

__all__ = ["cell_side", "leaflet", "view"]

Array = NDArray[np.float64]

#: Most blocks along a side of the mosaic in which flagged pixels are shown.
SIDE = 2048
#: Most sources that are drawn, the brightest.
SOURCES = 5000
_RED = (255, 64, 64)


def leaflet() -> dict[str, Markup]:
    """The viewer's program and its style sheet (Leaflet, see its LICENSE beside it), as they go into the page."""
    folder = resources.files("app.report") / "templates" / "leaflet"
    texts = {kind: (folder / f"leaflet.{kind}").read_text(encoding="utf-8") for kind in ("js", "css")}
    return {kind: Markup(text.partition("//# sourceMappingURL")[0]) for kind, text in texts.items()}  # noqa: S704


def cell_side(mosaic: Mapping[str, Any]) -> int:
    """Pixels of the mosaic along a side of the blocks in which flagged pixels are shown."""
    return step_of(mosaic["shape"], SIDE)


def view(record: Mapping[str, Any], folder: Path, flagged: Sequence[NDArray[np.int32]]) -> dict[str, Any]:
    """The data of the viewer; what of a large mosaic does not go into the page is written into a folder beside it.

    Parameters
    ----------
    record : mapping
        Content of lv3_run.json.
    folder : Path
        Where the products are, the mosaic among them.
    flagged : sequence of ndarray
        Columns and rows of blocks in which each exposure has outliers, shape (n, 2).

    Returns
    -------
    dict
        Places are pixels of the mosaic, from 0 at the middle of the first.
    """
    measured = record["measurements"]
    mosaic = measured["mosaic"]
    pixels = pixels_of(folder, mosaic)
    n_pixels = mosaic["coverage"] * (60 / mosaic["pixel_scale"]) ** 2
    finest = finest_in_page(n_pixels, depth_of(mosaic["shape"]))
    with report_files(folder) as files:
        shown = pyramid(pixels, finest, files, record["config"].get("procs") or usable_cores())
    wcs, step = pixels.wcs(), cell_side(mosaic)
    exposures = measured.get("exposures", [])
    catalogue = measured.get("catalogue")
    return {
        "tiles": shown.tiles,
        "beside": shown.beside,
        "folder": REPORT_FILES,
        "side": TILE,
        "depth": shown.depth,
        "size": mosaic["shape"][::-1],
        "step": step,
        "levels": astuple(shown.levels),
        "cut": shown.cut,
        "unit": mosaic["unit"],
        "sky": _projection(wcs),
        "exposures": _outlines(exposures, wcs),
        "groups": _groups(exposures, wcs),
        "sources": _sources(folder / catalogue["file"]) if catalogue else [],
        "flagged": _flagged(flagged, [-(-n // step) for n in mosaic["shape"]]),
        "displaced": _displaced(measured.get("displaced_stars", []), wcs),
    }


def _projection(wcs: WCS) -> dict[str, Any] | None:
    """A gnomonic projection as its reference pixel (from 0), reference place, and matrix [deg / pixel]."""
    if not wcs.has_celestial or list(wcs.wcs.ctype) != ["RA---TAN", "DEC--TAN"]:
        return None
    matrix = wcs.pixel_scale_matrix
    return {"pixel": (wcs.wcs.crpix - 1).tolist(), "place": wcs.wcs.crval.tolist(), "matrix": matrix.tolist()}


def _pixels(wcs: WCS, places: Any) -> list[list[float]]:
    """Pixels of places on the sky, shape (n, 2), or nothing where the mosaic does not say where it is."""
    if not wcs.has_celestial or not len(places):
        return []
    return np.round(np.stack(wcs.wcs_world2pix(*np.transpose(places), 0), -1), 2).tolist()


def _outlines(exposures: Sequence[Mapping[str, Any]], wcs: WCS) -> list[dict[str, Any]]:
    colours = colour_of([e["group"] for e in exposures])
    return [
        {
            "name": base_name(e["file"]),
            "group": e["group"],
            "colour": colours[e["group"]],
            "outline": _pixels(wcs, e["footprint"]),
        }
        for e in exposures
    ]


def _groups(exposures: Sequence[Mapping[str, Any]], wcs: WCS) -> list[dict[str, Any]]:
    """What the exposures of each group cover together; parts that do not touch are outlines of their own."""
    members: dict[str, list[shapely.Polygon]] = {}
    for exposure in exposures:
        if outline := _pixels(wcs, exposure["footprint"]):
            members.setdefault(exposure["group"], []).append(shapely.Polygon(outline).buffer(0))
    colours = colour_of([e["group"] for e in exposures])
    return [
        {
            "name": group,
            "n": len(outlines),
            "colour": colours[group],
            "outlines": [
                np.round(part.exterior.coords, 1).tolist()
                for part in shapely.get_parts(shapely.union_all(outlines))
                if part.geom_type == "Polygon"
            ],
        }
        for group, outlines in members.items()
    ]


def _sources(catalogue: Path) -> list[list[float | bool | None]]:
    """Column, row, total magnitude, and whether it is wider than a star, of the brightest."""
    if not catalogue.is_file() or catalogue.suffix != ".ecsv":  # tiles have one each
        return []
    table = Table.read(catalogue, format="ascii.fast_basic", guess=False)
    brightness = np.asarray(table["aper_total_abmag"], float)
    wide = np.asarray(table["is_extended"], str) == "True"
    x, y = (np.round(np.asarray(table[f"{axis}centroid"], float), 1) for axis in "xy")
    order = [i for i in np.argsort(brightness) if np.isfinite(x[i]) and np.isfinite(y[i])][:SOURCES]
    magnitudes = [round(float(m), 2) if np.isfinite(m) else None for m in brightness]
    return [[float(x[i]), float(y[i]), magnitudes[i], bool(wide[i])] for i in order]


def _flagged(cells: Sequence[NDArray[np.int32]], shape: Sequence[int]) -> str | None:
    """Where outliers are, in how many exposures, as a picture with a pixel for each block."""
    counts = np.zeros(shape, np.int32)
    for column, row in (places.T for places in cells):
        counts[row, column] += 1
    return alpha_uri(counts, _RED) if counts.any() else None


def _displaced(stars: Sequence[Mapping[str, Any]], wcs: WCS) -> list[dict[str, Any]]:
    """Stars with their offset in pixels, and what is said of them."""
    places = np.array([star["place"] for star in stars]).reshape(-1, 2)
    offsets = np.array([star["offset"] for star in stars]).reshape(-1, 2) / 3600
    shrink = np.cos(np.radians(places[:, 1:]))
    here = _pixels(wcs, places)
    there = _pixels(wcs, places + np.concatenate([offsets[:, :1] / shrink, offsets[:, 1:]], axis=1))
    return [
        {"place": a, "by": np.round(np.subtract(b, a), 3).tolist(), "text": _apart(star)}
        for star, a, b in zip(stars, here, there, strict=False)
    ]


def _apart(star: Mapping[str, Any]) -> str:
    length, error = 1000 * np.hypot(*star["offset"]), 1000 * star["error"]
    names = f"{base_name(star['first'])} and {base_name(star['second'])}"
    return f"{length:.0f} \N{PLUS-MINUS SIGN} {error:.0f} mas apart in {names}"
