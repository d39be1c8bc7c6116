"""The source catalogue: how many sources there are, and how bright they are."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

__all__ = ["MAGNITUDE_BIN", "Catalogue", "read_catalogue"]

MAGNITUDE_BIN = 0.25
#: Columns of the catalogue with the place of a source [pixel].
PLACE = ("xcentroid", "ycentroid")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Counts from the source catalogue.

    Parameters
    ----------
    file : str
        Name of the file.
    n_sources, n_extended : int
        Sources, and those that are wider than stars.
    magnitudes : list of (float, int)
        Bright ends of bins of `MAGNITUDE_BIN`, total AB magnitude, and the sources in each that has some.
    """

    file: str
    n_sources: int
    n_extended: int
    magnitudes: list[tuple[float, int]]


def read_catalogue(path: Path, limits: tuple[int, int] | None = None) -> Catalogue:
    """Read what is counted of a source catalogue (``*_cat.ecsv``); a full table of it would take seconds.

    Parameters
    ----------
    path : Path
    limits : (int, int), optional
        Columns and rows of the image, from the first on, whose sources are counted; default all [pixel].
    """
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader((line for line in file if not line.startswith("#")), delimiter=" "))
    if limits:
        rows = [row for row in rows if _is_below(row, limits)]
    magnitudes = np.array([_number(row.get("aper_total_abmag")) for row in rows], dtype=float)
    bins = np.floor(magnitudes[np.isfinite(magnitudes)] / MAGNITUDE_BIN)
    starts, counts = np.unique(bins, return_counts=True)
    return Catalogue(
        file=path.name,
        n_sources=len(rows),
        n_extended=sum(row.get("is_extended") == "True" for row in rows),
        magnitudes=list(zip((starts * MAGNITUDE_BIN).tolist(), counts.tolist(), strict=True)),
    )


def _is_below(row: dict[str, str], limits: tuple[int, int]) -> bool:
    """Whether a source is on the first columns and rows."""
    return all(_number(row.get(name)) < limit - 0.5 for name, limit in zip(PLACE, limits, strict=True))


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")
