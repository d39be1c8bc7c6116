"""CRDS rules as files: a context (pmap) names an imap for each instrument, and that an rmap for each reference type.

Source of the format: CRDS User Manual, "CRDS rules". Each file carries the SHA-1 of its own lines, that line left out.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

__all__ = ["write_imap", "write_pmap", "write_rmap"]

_USE_AFTER = "2014-01-01 00:00:00"


def write_pmap(path: Path, imaps: Mapping[str, str], note: str) -> None:
    """Write a context: the imap of each instrument."""
    header = {"mapping": "PIPELINE", "parkey": ("META.INSTRUMENT.NAME",), "description": note}
    _write(path, header, _choice(imaps), note)


def write_imap(path: Path, instrument: str, rmaps: Mapping[str, str], note: str) -> None:
    """Write the rules of an instrument: an rmap, or N/A, for each reference type."""
    header = {"mapping": "INSTRUMENT", "instrument": instrument.upper(), "parkey": ("REFTYPE",)}
    _write(path, header, _choice(rmaps), note)


def write_rmap(path: Path, instrument: str, reftype: str, reference: str, exp_type: str | None, note: str) -> None:
    """Write the rules of a reference type: one reference, for one exposure type or (None) for all."""
    header = {
        "mapping": "REFERENCE",
        "instrument": instrument.upper(),
        "filekind": reftype.upper(),
        "filetype": reftype.upper(),
        "suffix": reftype,
        "text_descr": f"synthetic {reftype}",
        "file_ext": Path(reference).suffix,
        "classes": ("Match", "UseAfter"),
        "parkey": (("META.EXPOSURE.TYPE",) if exp_type else (), ("META.OBSERVATION.DATE", "META.OBSERVATION.TIME")),
    }
    match = (exp_type,) if exp_type else ()
    selector = f"Match({{\n    {match!r} : UseAfter({{\n        {_USE_AFTER!r} : {reference!r},\n    }}),\n}})"
    _write(path, header, selector, note)


def _choice(names: Mapping[str, str]) -> str:
    return "{\n" + "".join(f"    {key.upper()!r} : {name!r},\n" for key, name in sorted(names.items())) + "}"


def _write(path: Path, header: Mapping[str, object], selector: str, note: str) -> None:
    common = {"derived_from": "SYNTHETIC", "name": path.name, "observatory": "JWST"}
    lines = [f"    {key!r} : {value!r},\n" for key, value in sorted({**header, **common}.items())]
    body = f'}}\n\ncomment = """\n{note}\n"""\n\nselector = {selector}\n'
    sha1 = hashlib.sha1("".join(["header = {\n", *lines, body]).encode(), usedforsecurity=False).hexdigest()
    path.write_text("".join(["header = {\n", *lines, f"    'sha1sum' : {sha1!r},\n", body]))
