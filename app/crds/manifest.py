"""The manifest of a CRDS cache: one SHA-256 for every file, so that the same name means the same bytes.

CRDS compares downloads with the server and mappings with a sum of their own, but reads references as they are. The
manifest is a text file that ``sha256sum --check`` understands too.
"""

from pathlib import Path

from app.runtime.errors import CrdsError
from app.runtime.files import settle, sha256

__all__ = ["MANIFEST", "check_manifest", "read_manifest", "write_manifest"]

MANIFEST = "MANIFEST.sha256"


def write_manifest(cache: Path) -> Path:
    """Write the manifest of all files that are in the cache now; returns its path."""
    manifest = cache / MANIFEST
    temporary = cache / (MANIFEST + ".tmp")
    temporary.unlink(missing_ok=True)
    temporary.write_text("".join(f"{digest}  {name}\n" for name, digest in _digests(cache).items()))
    return settle(temporary, manifest)


def read_manifest(cache: Path) -> dict[str, str]:
    """SHA-256 by path relative to the cache.

    Raises
    ------
    CrdsError
        If there is no manifest, or a line of it cannot be read.
    """
    manifest = cache / MANIFEST
    try:
        lines = manifest.read_text().splitlines()
        entries = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    except (OSError, ValueError) as error:
        raise CrdsError(
            f"The CRDS cache {cache} has no readable manifest {MANIFEST} ({error}). Make the cache with "
            "`scripts/crds_cache.py fill` (or synthetic); crds.check_manifest=false accepts a cache as it is."
        ) from error
    return entries


def check_manifest(cache: Path) -> None:
    """Refuse a cache in which a file was changed, is missing or is not in the manifest.

    Raises
    ------
    CrdsError
        One problem a file, by name.
    """
    wanted, found = read_manifest(cache), _digests(cache)
    problems = [f"missing: {name}" for name in sorted(wanted.keys() - found.keys())]
    problems += [f"not in the manifest: {name}" for name in sorted(found.keys() - wanted.keys())]
    problems += [f"changed: {name}" for name in sorted(wanted.keys() & found.keys()) if wanted[name] != found[name]]
    if problems:
        advice = "Make it again with `scripts/crds_cache.py`, or use the image as it was built."
        raise CrdsError([f"The CRDS cache {cache} is not what its manifest {MANIFEST} says. {advice}", *problems])


def _digests(cache: Path) -> dict[str, str]:
    files = sorted(path for path in cache.rglob("*") if path.is_file() and path != cache / MANIFEST)
    return {path.relative_to(cache).as_posix(): sha256(path) for path in files}
