"""The files of a cache that are CRDS's own: its rules (mappings) and its configuration.

A context (pmap) names an imap for each instrument, and that an rmap for each reference type. Source of the formats:
CRDS User Manual, "CRDS rules", and the crds client. A mapping carries the SHA-1 of its own lines, that line left out.
"""

import hashlib
import pprint
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

__all__ = ["check_mapping", "contexts", "mapping_files", "write_config", "write_imap", "write_pmap", "write_rmap"]

_USE_AFTER = "2014-01-01 00:00:00"


def mapping_files(cache: Path) -> list[Path]:
    """Return the mappings in a cache, in order of name."""
    return sorted((cache / "mappings/jwst").glob("*.[pir]map"))


def contexts(cache: Path) -> list[str]:
    """Return the names of the contexts in a cache."""
    return [path.name for path in mapping_files(cache) if path.suffix == ".pmap"]


def check_mapping(path: Path) -> str | None:
    """Compare a mapping with the SHA-1 that it carries; returns what is wrong, or None."""
    lines = path.read_text().splitlines(keepends=True)
    carried = "".join(re.findall(r"'sha1sum'\s*:\s*'(\w+)'", "".join(lines)))
    actual = _sha1(line for line in lines if "sha1sum" not in line)
    return (
        None if carried == actual else f"{path.name}: SHA-1 of its content is {actual}, but it says {carried or None}"
    )


def write_config(cache: Path, context: str, bad_files: Iterable[str], origin: str) -> None:
    """Write the server configuration that the client needs even without a server; it holds no date and no address.

    Parameters
    ----------
    cache : pathlib.Path
        The cache, with its mappings.
    context : str
        The one context that is to be used.
    bad_files : iterable of str
        Files that CRDS marked as scientifically invalid; the client refuses to use them.
    origin : str
        Who made the cache.
    """
    config = cache / "config/jwst"
    config.mkdir(parents=True, exist_ok=True)
    bad = sorted(bad_files)
    server_info = {
        "observatory": "jwst", "latest_context": context, "operational_context": context, "edit_context": context,
        "bad_files": " ".join(bad), "bad_files_list": bad, "force_remote_mode": False, "last_synced": "never",
        "crds_version": {"str": origin}, "status": "cache", "connected": False,
        "mappings": [path.name for path in mapping_files(cache)],
    }  # fmt: skip
    (config / "server_config").write_text(pprint.pformat(server_info) + "\n")
    (config / "bad_files.txt").write_text("\n".join(bad))
    (config / "ref_cache_subdir_mode").write_text("instrument")


def write_pmap(path: Path, imaps: Mapping[str, str], note: str) -> None:
    """Write a context: the imap of each instrument."""
    header = {"mapping": "PIPELINE", "parkey": ("META.INSTRUMENT.NAME",), "description": note}
    _write(path, header, _choice(imaps), note)


def write_imap(path: Path, instrument: str, rmaps: Mapping[str, str], note: str) -> None:
    """Write the rules of an instrument: an rmap, or N/A, for each reference type."""
    header = {"mapping": "INSTRUMENT", "instrument": instrument.upper(), "parkey": ("REFTYPE",)}
    _write(path, header, _choice(rmaps), note)


def write_rmap(path: Path, instrument: str, reftype: str, references: Mapping[str | None, str], note: str) -> None:
    """Write the rules of a reference type: a reference for each exposure type, or one for all (None)."""
    by_exposure = None not in references
    header = {
        "mapping": "REFERENCE",
        "instrument": instrument.upper(),
        "filekind": reftype.upper(),
        "filetype": reftype.upper(),
        "suffix": reftype,
        "text_descr": f"synthetic {reftype}",
        "file_ext": Path(next(iter(references.values()))).suffix,
        "classes": ("Match", "UseAfter"),
        "parkey": (("META.EXPOSURE.TYPE",) if by_exposure else (), ("META.OBSERVATION.DATE", "META.OBSERVATION.TIME")),
    }
    rules = "".join(
        f"    {(exp_type,) if by_exposure else ()!r} : UseAfter({{\n        {_USE_AFTER!r} : {name!r},\n    }}),\n"
        for exp_type, name in references.items()
    )
    _write(path, header, f"Match({{\n{rules}}})", note)


def _choice(names: Mapping[str, str]) -> str:
    return "{\n" + "".join(f"    {key.upper()!r} : {name!r},\n" for key, name in sorted(names.items())) + "}"


def _write(path: Path, header: Mapping[str, object], selector: str, note: str) -> None:
    common = {"derived_from": "SYNTHETIC", "name": path.name, "observatory": "JWST"}
    lines = [f"    {key!r} : {value!r},\n" for key, value in sorted({**header, **common}.items())]
    body = f'}}\n\ncomment = """\n{note}\n"""\n\nselector = {selector}\n'
    sha1 = _sha1(["header = {\n", *lines, body])
    path.write_text("".join(["header = {\n", *lines, f"    'sha1sum' : {sha1!r},\n", body]))


def _sha1(lines: Iterable[str]) -> str:
    return hashlib.sha1("".join(lines).encode(), usedforsecurity=False).hexdigest()
