"""Whether a folder is a release by MAST's rules: names, keywords, README, manifest, one picture for each image.

Rules: MAST, HLSP Contributor Guide (https://outerspace.stsci.edu/display/MASTDOCS/HLSP+Contributor+Guide): "File Naming
Convention", "Common Metadata", "Image Metadata", "Collection Contents". What is written by `release` is checked by what
is read here, from the files alone.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from astropy.io import fits

from app.cli.release.crate import CRATE_NAME
from app.cli.release.keywords import IMAGE, PRIMARY
from app.observation.hlsp import README, name_problems
from app.runtime.files import sha256

__all__ = ["MANIFEST", "OPEN", "problems", "product_type"]

MANIFEST = "manifest"
#: In the problem of a release that MAST has not given a DOI yet.
OPEN = "lacks DOI, which MAST gives"
#: Kinds of images that are the product; others go with them.
_SCIENCE = ("i2d", "sci")
#: What sub-folders may be called.
_FOLDER = re.compile(r"[a-z0-9]([a-z0-9_-]{0,18}[a-z0-9])?")


def product_type(name: str) -> str:
    """Kind of a file, from its name."""
    return name.rpartition("_")[2].partition(".")[0]


def problems(folder: Path) -> list[str]:
    """What in a folder is not as the rules ask for; nothing, where all is.

    Parameters
    ----------
    folder : Path
        The release.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = [path.name for path in files]
    found = [problem for name in names if name != CRATE_NAME for problem in name_problems(name)]
    found += [f"{name}: is there more than once" for name in sorted({n for n in names if names.count(n) > 1})]
    found += [
        f"{path.name}/: a folder's name is up to 20 of a-z, 0-9, and inside _ and -"
        for path in folder.rglob("*")
        if path.is_dir() and not _FOLDER.fullmatch(path.name)
    ]
    found += _contents(folder, files)
    for path in files:
        if ".fits" in path.name:
            found += [f"{path.name}: {problem}" for problem in _keywords(path)]
    return found


def _contents(folder: Path, files: list[Path]) -> Iterator[str]:
    at_the_root = [product_type(path.name) for path in files if path.parent == folder]
    for kind in (README, MANIFEST):
        if at_the_root.count(kind) != 1:
            yield f"there are {at_the_root.count(kind)} files {kind} at the root; one is needed"
    for path in files:
        if product_type(path.name) == MANIFEST:
            yield from _listed(path, {str(file.relative_to(folder)): file for file in files if file != path})
        elif product_type(path.name) in _SCIENCE:
            stem = path.name.rpartition("_")[0]
            if not any(file.name.startswith(f"{stem}_preview") for file in files):
                yield f"{path.name}: there is no picture of it, {stem}_preview..."


def _listed(manifest: Path, files: dict[str, Path]) -> Iterator[str]:
    """Where a manifest and the files differ; its lines are those of sha256sum."""
    lines = [line.split("  ", 1) for line in manifest.read_text(encoding="utf-8").splitlines()]
    sums = {line[1]: line[0] for line in lines if len(line) == 2}
    yield from (f"{manifest.name}: {name} is not listed" for name in files.keys() - sums.keys())
    yield from (f"{manifest.name}: {name} is listed, and not there" for name in sums.keys() - files.keys())
    for name in files.keys() & sums.keys():
        if sha256(files[name]) != sums[name]:
            yield f"{manifest.name}: {name} has another checksum"


def _keywords(path: Path) -> Iterator[str]:
    """Keywords that a file with images lacks."""
    with fits.open(path) as hdus:
        images = [hdu for hdu in hdus if hdu.is_image and hdu.shape]
        if not images:
            return  # a coverage map
        if hdus[0].shape:
            yield "has data in its primary HDU; they belong in an extension"
        lacking = [key for key in PRIMARY if hdus[0].header.get(key) in (None, "")]
        if "DOI" in lacking:
            lacking.remove("DOI")
            yield f"its primary header {OPEN}: hlsp_doi=10.17909/..."
        if lacking:
            yield f"its primary header lacks {', '.join(lacking)}"
        for hdu in images:
            has_unit = hdu.name in ("SCI", "ERR", "EXP") and product_type(path.name) != "segment"
            wanted = (*IMAGE, "BUNIT") if has_unit else IMAGE
            if lacking := [key for key in wanted if key not in hdu.header]:
                yield f"extension {hdu.name} lacks {', '.join(lacking)}"
            if hdu.header.get("RADESYS") == "ICRS" and "EQUINOX" in hdu.header:
                yield f"extension {hdu.name} has EQUINOX, which ICRS has not"
