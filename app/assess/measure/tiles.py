"""A mosaic in tiles: each is measured as a mosaic is, and what is said of all together counts no sky twice."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from app.assess.measure.catalogue import read_catalogue
from app.assess.measure.contribution import contributions, sampled
from app.assess.measure.frames import SR_TO_ARCSEC2, open_fits
from app.assess.measure.mosaic import measure_mosaic
from app.observation.names import TILES_INDEX
from app.runtime.pool import run_all

__all__ = ["measure_tiles", "tile_contributions"]


def measure_tiles(
    folder: Path, index: Mapping[str, Any], fwhm: float, detector_scale: float, procs: int
) -> dict[str, Any]:
    """Measure the tiles of a mosaic.

    Parameters
    ----------
    folder : Path
    index : mapping
        Content of ``tiles.json``.
    fwhm : float
        Width of the PSF [arcsec].
    detector_scale : float
        Side of the detectors' pixels [arcsec].
    procs : int

    Returns
    -------
    dict
        ``tiles``, a table of what was measured of each; ``mosaic``, of all together: coverage is the sum, depth, noise
        and width of stars the median of the tiles, correlated noise that of the tile with the most sky; ``catalogue``,
        the sums of sources, each counted in the tile whose own pixels it is on; None where no tile has a catalogue.
    """
    measure = partial(_measure, folder=folder, fwhm=fwhm, detector_scale=detector_scale)
    rows = list(run_all(measure, index["tiles"], procs))
    catalogues = [row["catalogue"] for row in rows if row["catalogue"]]
    return {
        "tiles": [_entry(row) for row in rows],
        "mosaic": _together([row["mosaic"] for row in rows], [row["coverage"] for row in rows], index),
        "catalogue": _all_sources(catalogues) if catalogues else None,
    }


def tile_contributions(folder: Path, index: Mapping[str, Any], places: Sequence[int]) -> list[float] | None:
    """How much of the sky exposures contribute to all tiles [arcsec2] (see `contribution.contributions`)."""
    tiles = index["tiles"]
    found = [contributions(folder / tile["file"], places, _own_pixels(tile)) for tile in tiles]
    known = [areas for areas in found if areas is not None]
    return np.sum(known, axis=0).tolist() if len(known) == len(found) else None


def _own_pixels(tile: Mapping[str, Any]) -> tuple[slice, slice]:
    """Index of a tile's own pixels in its arrays."""
    _, _, x1, y1 = np.array(tile["own"]) - (tile["limits"][:2] * 2)
    return np.s_[:y1, :x1]


def _measure(tile: Mapping[str, Any], folder: Path, fwhm: float, detector_scale: float) -> dict[str, Any]:
    """One tile's name, measurements, coverage of its own pixels [arcmin2], and its catalogue, if there is one."""
    path, own = folder / tile["file"], _own_pixels(tile)
    with open_fits(path) as hdus:
        weight = hdus["WHT"].data[own]
        area = weight.size * float(hdus["SCI"].header["PIXAR_SR"]) * SR_TO_ARCSEC2 / 3600
        coverage = float((sampled(weight) > 0).mean()) * area
    catalogue = folder / tile["file"].replace("_i2d.fits", "_cat.ecsv")
    return {
        "name": tile["name"],
        "coverage": coverage,
        "mosaic": asdict(measure_mosaic(path, fwhm, detector_scale)),
        "catalogue": asdict(read_catalogue(catalogue, (own[1].stop, own[0].stop))) if catalogue.is_file() else None,
    }


def _entry(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the record says of one tile."""
    mosaic = {key: row["mosaic"][key] for key in ("file", "coverage", "depth", "noise", "fwhm", "n_psf_stars")}
    sources = row["catalogue"]["n_sources"] if row["catalogue"] else None
    return {"name": row["name"], **mosaic, "n_sources": sources}


def _together(mosaics: Sequence[Mapping[str, Any]], coverages: Sequence[float], index: Mapping[str, Any]) -> dict:
    """The tiles as one mosaic."""
    numbers = sorted({number for mosaic in mosaics for number in mosaic["exposures"]}, key=int)
    sky = sum(coverages) or 1.0
    shares = {
        number: sum(m["exposures"].get(number, 0.0) * c for m, c in zip(mosaics, coverages, strict=True)) / sky
        for number in numbers
    }
    correlated = [m["correlated_noise"] for _, m in sorted(zip(coverages, mosaics, strict=True), key=lambda x: -x[0])]
    return {
        "file": TILES_INDEX[0],
        "shape": index["shape"],
        "unit": mosaics[0]["unit"],
        "pixel_scale": mosaics[0]["pixel_scale"],
        "footprint": index["corners"],
        "coverage": sum(coverages),
        "exposures": shares,
        **{key: _median(mosaic[key] for mosaic in mosaics) for key in ("depth", "noise", "fwhm")},
        "correlated_noise": next((noise for noise in correlated if noise), None),
        "n_psf_stars": sum(mosaic["n_psf_stars"] for mosaic in mosaics),
    }


def _all_sources(catalogues: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    magnitudes: dict[float, int] = {}
    for start, count in (bin_ for catalogue in catalogues for bin_ in catalogue["magnitudes"]):
        magnitudes[start] = magnitudes.get(start, 0) + count
    return {
        "file": TILES_INDEX[0],
        "n_sources": sum(catalogue["n_sources"] for catalogue in catalogues),
        "n_extended": sum(catalogue["n_extended"] for catalogue in catalogues),
        "magnitudes": sorted(magnitudes.items()),
    }


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None
