"""Whether two runs' FITS products hold the same arrays and tables, to the bit: python same_pixels.py FOLDER FOLDER."""

import sys
from pathlib import Path

import numpy as np
from astropy.io import fits


def differences(a: Path, b: Path) -> list[str]:
    """Extensions of two files whose arrays are not equal to the bit."""
    with fits.open(a) as left, fits.open(b) as right:
        names = [(hdu.name, hdu.ver) for hdu in left]
        if names != [(hdu.name, hdu.ver) for hdu in right]:
            return [f"{a.name}: other extensions"]
        return [
            f"{a.name} {name} {what}".rstrip()
            for i, name in enumerate(names)
            for what in unequal(name[0], left[i].data, right[i].data)
        ]


def unequal(name: str, a: np.ndarray | None, b: np.ndarray | None) -> list[str]:
    """What of two arrays is not equal to the bit: columns of a table. The ASDF tree has the time of the run in it."""
    if name == "ASDF" or (a is None and b is None):
        return []
    if a is None or b is None or a.shape != b.shape or a.dtype != b.dtype:
        return ["(shape or type)"]
    columns = [""] if a.dtype.names is None else a.dtype.names
    return [
        column for column in columns if (a[column] if column else a).tobytes() != (b[column] if column else b).tobytes()
    ]


def main(a: Path, b: Path) -> int:
    """Compare all products; returns the exit status."""
    names = [sorted(path.name for path in folder.glob("*.fits")) for folder in (a, b)]
    found = [f"files: {names}"] if names[0] != names[1] or not names[0] else []
    found += [problem for name in names[0] if (b / name).exists() for problem in differences(a / name, b / name)]
    print(*found, f"{len(names[0])} files compared", sep="\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
