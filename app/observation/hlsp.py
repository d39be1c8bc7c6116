"""Names of files that MAST takes as High-Level Science Products (HLSP), by its rules.

Rules: MAST, HLSP Contributor Guide, "File Naming Convention",
https://outerspace.stsci.edu/display/MASTDOCS/File+Naming+Convention (read in its version of March 2026).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = ["FIELDS", "README", "Collection", "Field", "hlsp_target", "name_problems"]

#: Product type of the one file whose name has four fields alone.
README = "readme"

_LONGEST_NAME = 90
_WORDS = r"[a-z]([a-z0-9-]*[a-z0-9])?"


@dataclass(frozen=True, slots=True)
class Field:
    """One part of a name.

    Parameters
    ----------
    pattern : str
        Regular expression of what it can be.
    longest : int
        Most characters.
    words : str
        The same, for people.
    """

    pattern: str
    longest: int
    words: str = "small letters a-z, digits and, inside, hyphens; a letter first"

    def fits(self, text: str) -> bool:
        """Whether a text can be this field."""
        return len(text) <= self.longest and re.fullmatch(self.pattern, text) is not None

    @property
    def rule(self) -> str:
        """What is allowed, for a message."""
        return f"at most {self.longest} characters, {self.words}"


#: The fields, in their order.
FIELDS = {
    "hlsp": Field("hlsp", 4, "hlsp"),
    "proj-id": Field(_WORDS, 20),
    "observatory": Field(_WORDS, 20),
    "instrument": Field(_WORDS, 20),
    "target": Field(r"[a-z0-9]([a-z0-9+.-]*[a-z0-9])?", 30, "small letters a-z, digits and, inside, hyphens . and +"),
    "opt-elem": Field(_WORDS, 20),
    "version": Field(r"v(0|[1-9]\d?)(\.\d{1,2}(\.[a-z0-9]{1,2})?)?", 9, "v1, v1.2 or v1.2.3a"),
    "product-type": Field(_WORDS, 16),
    "extension": Field(r"[a-z][a-z0-9]*(\.(bz2|fz|gz|zip))?", 8, "letters and digits, as in fits and fits.gz"),
}


@dataclass(frozen=True, slots=True)
class Collection:
    """What all files of a release have in common.

    Parameters
    ----------
    identifier : str
        Name of the collection (proj-id), as agreed with MAST.
    version : str
        ``v1``, ``v1.2`` or ``v1.2.3a``.
    """

    identifier: str
    version: str

    def name(
        self, instruments: Iterable[str], targets: Iterable[str], bands: Iterable[str], kind: str, extension: str
    ) -> str:
        """Name of a file about one or several instruments, targets and bands, each named once."""
        parts = {"instrument": instruments, "target": map(hlsp_target, targets), "opt-elem": bands}
        middle = [_joined(name, dict.fromkeys(map(str.lower, values))) for name, values in parts.items()]
        return "_".join(["hlsp", self.identifier, "jwst", *middle, self.version, f"{kind}.{extension}"])

    @property
    def readme(self) -> str:
        """Name of the README."""
        return f"hlsp_{self.identifier}_{README}.md"


def _joined(name: str, elements: Iterable[str]) -> str:
    """Elements with hyphens between them; ``multi`` where there are too many, as MAST's own tools say it."""
    elements = list(elements)
    joined = "-".join(elements)
    return "multi" if len(elements) > 1 and (name == "target" or not FIELDS[name].fits(joined)) else joined


def hlsp_target(target: str) -> str:
    """A target as part of a name: small letters; what is not allowed becomes a hyphen."""
    return re.sub(r"[^a-z0-9+.]+", "-", target.lower()).strip("-.+")


def name_problems(name: str) -> Iterator[str]:
    """What is wrong with a file's name by the rules."""
    *first, last = name.split("_")
    kind, _, extension = last.partition(".")
    values = [*first, kind, extension]
    fields = ["hlsp", "proj-id", "product-type", "extension"] if kind == README else list(FIELDS)
    if len(name) > _LONGEST_NAME:
        yield f"{name}: has {len(name)} characters; at most {_LONGEST_NAME} are allowed"
    if len(values) != len(fields):
        yield f"{name}: has {len(values)} fields; {len(fields)} are needed: {'_'.join(fields)}"
        return
    for field, value in zip(fields, values, strict=True):
        if not FIELDS[field].fits(value):
            yield f"{name}: {field} is {value!r}; allowed are {FIELDS[field].rule}"
