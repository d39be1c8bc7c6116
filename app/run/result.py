"""What a run made, for Python: paths, measurements as tables, caveats; in a notebook it shows itself."""

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.observation.names import RECORD_NAME, REPORT_NAME, TILES_INDEX
from app.record.record import read_record
from app.runtime.errors import InputError

if TYPE_CHECKING:
    from astropy.table import Table

__all__ = ["Result", "read_result"]

#: Units of columns of measurements that have one.
_UNITS = {
    **dict.fromkeys(("shift", "offset", "offset_before", "scatter"), "arcsec"),
    **dict.fromkeys(("corner", "corner_error", "displacement"), "arcsec"),
    **dict.fromkeys(("rotation", "turn", "turn_error"), "deg"),
}


@dataclass(frozen=True)
class Result:
    """A run as its record tells it.

    Parameters
    ----------
    folder : Path
        out_dir.
    record : dict
        Content of lv3_run.json; record.schema.json says what is in it.
    """

    folder: Path
    record: dict[str, Any]

    @property
    def state(self) -> str:
        """``success``, ``success_with_caveats``, ``poor``, ``failed``, ``interrupted`` or ``running``."""
        return str(self.record["state"])

    @property
    def products(self) -> list[Path]:
        """Every file that the run lists."""
        return [self.folder / product["file"] for product in self.record["products"]]

    @property
    def mosaic(self) -> Path | None:
        """The mosaic; None where there is none, or it was made in tiles."""
        return None if self.tiles else self._one("_i2d.fits")

    @property
    def tiles(self) -> list[Path]:
        """The tiles of the mosaic; none where it was made in one piece."""
        is_in_tiles = any(path.name == TILES_INDEX[0] for path in self.products)
        return [path for path in self.products if path.name.endswith("_i2d.fits")] if is_in_tiles else []

    @property
    def catalogue(self) -> Path | None:
        """The source catalogue; None where there is none, or each tile has its own."""
        return None if self.tiles else self._one("_cat.ecsv")

    @property
    def exposures_out(self) -> list[Path]:
        """The exposures as they went into the mosaic."""
        return [path for path in self.products if path.name.endswith("_crf.fits")]

    @property
    def report(self) -> Path | None:
        """The report; None where there is none."""
        path = self.folder / REPORT_NAME
        return path if path.is_file() else None

    @property
    def caveats(self) -> list[str]:
        """What is less than it could be, a text each: code, message, hint."""
        return [f"{c['code']}: {c['message']} {c['hint']}".rstrip() for c in self.record["caveats"]]

    @property
    def exposures(self) -> "Table":
        """Measurements of each exposure: how it was moved, what offset is left, sky level, share flagged."""
        return self._table("exposures")

    @property
    def overlaps(self) -> "Table":
        """Measurements of each overlap of two exposures."""
        return self._table("overlaps")

    @property
    def measurements(self) -> dict[str, Any]:
        """Measurements of the mosaic: depth, noise and width of stars, with units as the record's schema says."""
        return dict((self.record.get("measurements") or {}).get("mosaic") or {})

    def _one(self, end: str) -> Path | None:
        return next((path for path in self.products if path.name.endswith(end) and "_lv3_" in path.name), None)

    def _table(self, name: str) -> "Table":
        from astropy.table import MaskedColumn, Table

        rows = (self.record.get("measurements") or {}).get(name) or []
        table = Table()
        for key in rows[0] if rows else ():
            values = [row.get(key) for row in rows]
            if any(isinstance(value, (list, dict)) and key not in _UNITS for value in values):
                continue  # footprints: no column of numbers
            missing = [value is None for value in values]
            filler = next((value for value in values if value is not None), 0.0)
            column = [filler if value is None else value for value in values]
            table[key] = MaskedColumn(column, mask=missing, unit=_UNITS.get(key)) if any(missing) else column
            table[key].unit = _UNITS.get(key)
        return table

    def __str__(self) -> str:
        lines = [f"{self.state}: {self.mosaic or self.folder}", *(f"caveat {caveat}" for caveat in self.caveats)]
        return "\n".join([*lines, *([f"report: {self.report}"] if self.report else [])])

    def _repr_html_(self) -> str:
        caveats = "".join(f"<li>{escape(caveat)}</li>" for caveat in self.caveats)
        report = f'<p><a href="{escape(self.report.as_uri())}">{REPORT_NAME}</a></p>' if self.report else ""
        return f"<p><b>{escape(self.state)}</b> {escape(str(self.mosaic or self.folder))}</p><ul>{caveats}</ul>{report}"


def read_result(folder: Path) -> Result:
    """The result of the run in a folder.

    Raises
    ------
    InputError
        No run has left a record there.
    """
    record = read_record(folder)
    if record is None:
        raise InputError(f"out_dir={folder}: no run has left a {RECORD_NAME} there")
    return Result(folder, record)
