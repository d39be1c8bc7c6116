"""Two out_dirs, compared to the bit: arrays, tables and WCS; headers but for the documented keywords."""

from io import BytesIO
from pathlib import Path

import asdf
import numpy as np
from astropy.io import fits

#: Header keywords in which equal runs may differ; docs/reproducibility.md lists them.
MAY_DIFFER = {"DATE", "LV3MSUM"}


def products(folder: Path) -> list[str]:
    """Names of the science products in a folder."""
    return sorted(path.name for path in folder.iterdir() if path.suffix in (".fits", ".ecsv"))


def differences(one: Path, other: Path) -> list[str]:
    """In what the products of two runs differ."""
    if products(one) != products(other):
        return [f"{products(one)} is not {products(other)}"]
    return [said for name in products(one) for said in file_differences(one / name, other / name)]


def file_differences(one: Path, other: Path) -> list[str]:
    """In what two products differ."""
    return (_tables if one.suffix == ".ecsv" else _fits)(one, other)


def _tables(one: Path, other: Path) -> list[str]:
    rows = [[line for line in path.read_text().splitlines() if not line.startswith("#")] for path in (one, other)]
    return [] if rows[0] == rows[1] else [f"{one.name}: the tables differ"]


def _fits(one: Path, other: Path) -> list[str]:
    found = []
    with fits.open(one) as a, fits.open(other) as b:
        for x, y in zip(a, b, strict=True):
            where = f"{one.name}[{x.name}]"
            found += [f"{where} {key}: {x.header.get(key)} is not {y.header.get(key)}" for key in _keys(x, y)]
            if x.name != "ASDF" and _bytes(one, x) != _bytes(other, y):
                found.append(f"{where}: the data differ")
        if "ASDF" in a and _positions(a["ASDF"]) != _positions(b["ASDF"]):
            found.append(f"{one.name}: the WCS differs")
    return found


def _bytes(path: Path, hdu: fits.FitsHDU) -> bytes:
    where = hdu.fileinfo()
    with path.open("rb") as file:
        file.seek(where["datLoc"])
        return file.read(where["datSpan"])


def _keys(x: fits.FitsHDU, y: fits.FitsHDU) -> list[str]:
    # The ASDF extension is text with dates in it, so its length may differ as well.
    free = MAY_DIFFER | ({"NAXIS1", "TFORM1"} if x.name == "ASDF" else set())
    keys = dict.fromkeys([*x.header, *y.header])
    return [k for k in keys if k not in free and str(x.header.get(k)) != str(y.header.get(k))]


def _positions(hdu: fits.BinTableHDU) -> bytes | None:
    """What the WCS makes of a few pixels."""
    with asdf.open(BytesIO(hdu.data.tobytes())) as file:
        wcs = file["meta"].get("wcs")
        return None if wcs is None else np.array(wcs(*np.mgrid[0:100:7, 0:100:9])).tobytes()
