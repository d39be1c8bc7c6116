"""Pictures of a sweep's mosaics: those of one target and band at one stretch, and less the first of them."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from astropy.io import fits

from app.assess.compare import have_same_grid
from app.observation.names import safe_name
from app.report.overlays import jpeg, thinned
from app.report.pictures import stretch_limits
from app.runtime.files import settle

__all__ = ["LIMIT", "THUMBNAILS", "Gallery", "Shown", "galleries"]

log = logging.getLogger(__name__)

#: Folder of the pictures, beside the page: a page with all of them inside would be rewritten after every job.
THUMBNAILS = "sweep_thumbnails"

#: Where the colours of differences end [median error of the first mosaic]: one for all, so that they can be compared.
LIMIT = 3.0
#: Length of a picture's longer side, at most [pixel].
_SIDE = 640


@dataclass(frozen=True, slots=True)
class Shown:
    """A job's pictures, as paths from the page.

    Parameters
    ----------
    job, mosaic, picture : str
    difference : str or None
        The mosaic less the first one of its gallery; None for that itself, and where the grids differ.
    """

    job: str
    mosaic: str
    picture: str
    difference: str | None


@dataclass(frozen=True, slots=True)
class Gallery:
    """The mosaics of one target and band.

    Parameters
    ----------
    title : str
    first : str
        The job whose mosaic gives the stretch, and with which the others are compared.
    shown : list of Shown
    """

    title: str
    first: str
    shown: list[Shown]


def galleries(rows: Sequence[Mapping[str, Any]], root: Path) -> list[Gallery]:
    """Draw the mosaics that have no picture yet, or an older one.

    Parameters
    ----------
    rows : sequence of mapping
        Of the summary.
    root : Path
        The sweep's folder, where the page is.
    """
    groups: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["mosaic"]:
            groups.setdefault(f"{row['target'] or ''} {row['band'] or ''}".strip(), {})[row["job"]] = row["mosaic"]
    found = (_Group(title, mosaics, root).draw() for title, mosaics in groups.items())
    return [gallery for gallery in found if gallery]


class _Group:
    """The mosaics of one target and band, by job, as paths from the page."""

    def __init__(self, title: str, mosaics: Mapping[str, str], root: Path) -> None:
        self.title, self.mosaics, self.root = title, mosaics, root
        self.folder = root / THUMBNAILS
        self.known = self.folder / f"{safe_name(title) or 'all'}.json"

    def draw(self) -> Gallery | None:
        """Draw what is missing; None where no mosaic can be read."""
        self.folder.mkdir(exist_ok=True)
        if not (first := self._first()):
            return None
        shown = [found for job in self.mosaics if (found := self._shown(job, first))]
        return Gallery(self.title, first["job"], shown)

    def _first(self) -> dict[str, Any] | None:
        """The job that the others are measured by, and what was measured of it: it stays the same while it is there."""
        try:
            known: dict[str, Any] = json.loads(self.known.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            known = {}
        jobs = dict.fromkeys([*filter(None, [known.get("job")]), *self.mosaics])
        for job in filter(self.mosaics.get, jobs):
            mosaic = self.root / self.mosaics[job]
            try:
                if job == known.get("job") and not _is_older(self.known, mosaic):
                    return known
                found = thinned(mosaic, _SIDE)
            except (OSError, KeyError, ValueError) as error:
                log.warning("%s: no picture (%s)", mosaic, error)
                continue
            first = {"job": job, "stretch": stretch_limits(found.image), "error": found.error}
            _write(self.known, json.dumps(first).encode())
            return first
        return None

    def _shown(self, job: str, first: Mapping[str, Any]) -> Shown | None:
        mosaic = self.root / self.mosaics[job]
        name = safe_name(job.replace("/", "_"))
        picture, difference = (self.folder / f"{name}{end}.jpg" for end in ("", ".difference"))
        try:
            if _is_older(picture, mosaic, self.known):
                _write(picture, jpeg(thinned(mosaic, _SIDE).image, first["stretch"]))
            is_drawn = job != first["job"] and self._draw_difference(mosaic, first, difference)
        except (OSError, KeyError, ValueError) as error:  # the page is worth having without a picture
            log.warning("%s: no picture (%s)", mosaic, error)
            return None
        pictures = [f"{THUMBNAILS}/{path.name}" for path in (picture, difference)]
        return Shown(job, self.mosaics[job], pictures[0], pictures[1] if is_drawn else None)

    def _draw_difference(self, mosaic: Path, first: Mapping[str, Any], picture: Path) -> bool:
        """Draw a mosaic less the first one, where their pixels are at the same places."""
        reference = self.root / self.mosaics[first["job"]]
        if not _lie_alike(reference, reference.stat().st_mtime_ns, mosaic, mosaic.stat().st_mtime_ns):
            return False
        if _is_older(picture, mosaic, self.known):
            image = (thinned(mosaic, _SIDE).image - thinned(reference, _SIDE).image) / first["error"]
            _write(picture, jpeg(image, (-LIMIT, LIMIT), "RdBu_r"))
        return True


@lru_cache(maxsize=10_000)
def _lie_alike(first: Path, _: int, second: Path, __: int) -> bool:
    """Whether two mosaics have the same grid, looked up once as long as they do not change."""
    with fits.open(first) as a, fits.open(second) as b:
        return have_same_grid(a["SCI"], b["SCI"])


def _is_older(path: Path, *others: Path) -> bool:
    """Whether a file is not there, or older than another."""
    return not path.exists() or any(path.stat().st_mtime_ns < other.stat().st_mtime_ns for other in others)


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}")
    temporary.write_bytes(content)
    settle(temporary, path)
