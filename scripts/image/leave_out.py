#!/usr/bin/env python
"""Remove from an image's packages what no run needs, and say how much that was.

    python scripts/image/leave_out.py /opt/venv/lib/python3.12/site-packages

A pattern that fits nothing is an error, so that the list stays true when packages change. What stays, though large:
pyarrow (150 MB), which stcal imports with tweakreg, and each of whose modules is linked with all of its libraries.
"""

import logging
import sys
from fnmatch import fnmatch
from pathlib import Path

log = logging.getLogger(__name__)

#: Patterns of files below the folder of packages, in which * goes over slashes too, and why no run needs them.
LEFT_OUT = {
    "*/tests/*": "the packages' own tests, with their data",
    "*/test/*": "the same",
    "jwst/regtest/*": "the same, of whole pipelines",
    "BayesicFitting/examples/*": "notebooks",
    "pyarrow/include/*": "headers, to compile against",
    "pyarrow/src/*": "source of its own library",
    "pyarrow/libarrow_python*.so": "the same bytes as the file with the version in its name, which is linked",
    "pyarrow/libarrow_python*.so.*.*.*": "the same",
    "pyarrow/*flight*": "a protocol between servers; its library stays, since all others are linked with it",
    "skimage/data/*.png": "pictures for its gallery",
    "matplotlib/mpl-data/sample_data/*": "data for its gallery",
    "numpy/*/include/*": "headers",
    "*.[ch]": "source of compiled modules",
    "*.cpp": "the same",
    "*.pyx": "the same",
    "*.pxd": "the same",
    "*.pxi": "the same",
    "*.a": "libraries, to link with",
}
#: What fits a pattern and is imported all the same.
NEEDED = ("astropy/tests/*.py", "pyarrow/libarrow_flight.so*")


def leave_out(packages: Path) -> dict[str, int]:
    """Remove what is left out; how many bytes that was, by pattern, each file counted at the first that it fits.

    Parameters
    ----------
    packages : Path
        The folder of packages.

    Raises
    ------
    ValueError
        A pattern fits nothing.
    """
    removed = dict.fromkeys(LEFT_OUT, 0)
    for path in [path for path in packages.rglob("*") if not path.is_dir()]:
        name = path.relative_to(packages).as_posix()
        fitting = next((pattern for pattern in LEFT_OUT if fnmatch(name, pattern)), None)
        if fitting and not any(fnmatch(name, pattern) for pattern in NEEDED):
            removed[fitting] += path.lstat().st_size
            path.unlink()
    if unused := [pattern for pattern, size in removed.items() if not size]:
        raise ValueError(f"{__file__}: LEFT_OUT has patterns that fit no file in {packages}: {', '.join(unused)}")
    for folder in sorted((path for path in packages.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()
    return removed


def main(packages: Path) -> None:
    """Leave out, and say what."""
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    for pattern, size in leave_out(packages).items():
        log.info("left out: %7.1f MB  %s", size / 1e6, pattern)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
