"""What a run depends on: versions, image, host, reference files; and checksums of arrays."""

import os
import platform
import resource
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from app.crds import ReferenceSet
from app.runtime.kernel import kernel_name
from app.runtime.pool import largest_worker
from app.runtime.resources import memory_limit, usable_cores

__all__ = ["datasums", "host", "image", "own_version", "peak_memory", "references", "versions"]

#: Packages whose version can change a pixel.
PACKAGES = (
    *("jwst", "stcal", "stdatamodels", "stpipe", "crds", "drizzle", "tweakwcs", "gwcs", "asdf"),
    *("astropy", "numpy", "scipy", "photutils", "scikit-image"),
)

#: Set by the command that starts the image: nothing else inside a container identifies it.
IMAGE_VARIABLES = {"name": "LV3_IMAGE", "digest": "LV3_IMAGE_DIGEST"}
#: Where this program is installed in its own image (Dockerfile, apptainer.def).
OWN_IMAGE = "/opt/venv"
#: Files that only exist inside a container, by the engine that makes them.
CONTAINER_SIGNS = {"apptainer": "/.singularity.d", "docker": "/.dockerenv", "podman": "/run/.containerenv"}


def own_version() -> str:
    """Version of this program."""
    try:
        return version("jwst-lv3")
    except PackageNotFoundError:
        return "unknown"


def versions() -> dict[str, str]:
    """Versions of everything that can change a pixel."""
    found = {"jwst-lv3": own_version(), "python": platform.python_version()}
    return found | {name: version(name) for name in PACKAGES}


def image() -> dict[str, str | None] | None:
    """The engine, and the image's name and digest as far as they are known; None outside this program's own image.

    In a container of another kind, such as that of a cloud's notebooks, the program was installed by hand: the image
    says nothing about it, and the versions of the packages say all.
    """
    signs = CONTAINER_SIGNS if sys.prefix == OWN_IMAGE else {}
    engine = next((engine for engine, sign in signs.items() if Path(sign).exists()), None)
    told = {key: os.environ.get(variable) for key, variable in IMAGE_VARIABLES.items()}
    if engine == "apptainer":
        told["name"] = told["name"] or os.environ.get("APPTAINER_CONTAINER")
    return {"engine": engine, **told} if engine or any(told.values()) else None


def host() -> dict[str, Any]:
    """The machine, and what this process may use of it (memory in bytes)."""
    return {
        "name": platform.node(),
        "system": platform.platform(),
        "cores": usable_cores(),
        "memory": memory_limit(),
        "kernel": kernel_name(),
        "pid": os.getpid(),
        "job": os.environ.get("SLURM_JOB_ID"),
    }


def references(found: ReferenceSet) -> dict[str, Any]:
    """The CRDS context and its files by type, each with its SHA-256; no file: the step's defaults hold."""
    files = {
        reftype: {"file": name, "sha256": found.sha256.get(name)} if name else None
        for reftype, name in sorted(found.files.items())
    }
    return {"context": found.context, "files": files}


def peak_memory() -> dict[str, int]:
    """Most memory [byte] that this process had at any time, and the largest of its pool or of its finished children."""
    unit = 1 if sys.platform == "darwin" else 1024
    finished = unit * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return {
        "main": unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "largest_worker": max(finished, largest_worker()),
    }


#: What is read at a time for a sum [byte].
_CHUNK = 1 << 24


def datasums(path: Path) -> dict[str, int]:
    """DATASUM of every image in a FITS file: equal for equal pixels, whatever dates the headers say.

    FITS standard 4.0, section 4.4.2.7: the ones' complement sum of the data as 32-bit big-endian integers.
    """
    from astropy.io import fits  # here: a record is also read and completed where there is no numpy yet

    with fits.open(path) as hdus:
        found = {f"{hdu.name},{hdu.ver}": hdu.fileinfo() for hdu in hdus if hdu.is_image and hdu.header["NAXIS"]}
        return {name: _datasum(path, info["datLoc"], info["datSpan"]) for name, info in found.items()}


def _datasum(path: Path, start: int, size: int) -> int:
    """Of a part of a file; no more of it is in memory than is read at a time."""
    import numpy as np

    total = 0
    with path.open("rb") as file:
        file.seek(start)
        for first in range(0, size, _CHUNK):
            words = np.frombuffer(file.read(min(_CHUNK, size - first)), ">u4")
            total += int(words.sum(dtype=np.uint64))
    while total >> 32:
        total = (total & 0xFFFFFFFF) + (total >> 32)
    return total
