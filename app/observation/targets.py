"""Names of targets: which of those that proposers gave mean the same, and whether one is meant by a user's.

Proposers write NGC-628, NGC0628, NGC 628 and NGC628-CENTER; a name is compared by its letters and numbers alone.
"""

import re
import unicodedata
from collections.abc import Iterable

__all__ = ["is_named_by", "plain_name", "same_targets"]

_PARTS = re.compile(r"[^\W\d_]+|\d+")


def is_named_by(proposed: str, name: str) -> bool:
    """Whether a proposer's name is a given one, or that and more: ``NGC-628-CENTER`` is named by ``ngc0628``.

    Numbers are compared as numbers, so that ``M31`` is not named by ``m3``.

    Parameters
    ----------
    proposed : str
        TARGPROP of an exposure.
    name : str
        What a user writes for the target.
    """
    parts, wanted = _parts(proposed), _joined(_parts(name))
    return bool(wanted) and any(_joined(parts[:n]) == wanted for n in range(1, len(parts) + 1))


def plain_name(proposed: str) -> str:
    """A proposer's name as people write it in a path: ``NGC-628 CENTER`` is ``ngc628-center``."""
    name = re.sub(r"[^\w.+]+", "-", proposed.strip().lower()).strip("-.")
    return re.sub(r"(?<=[^\W\d_])-(?=\d)", "", name) or "unnamed"


def same_targets(proposed: Iterable[str]) -> dict[str, list[str]]:
    """Proposers' names by the plain name that takes all of them.

    Parameters
    ----------
    proposed : iterable of str
        They may repeat.

    Returns
    -------
    dict
        The shortest names first take what they name: ``{"ngc628": ["NGC-628", "NGC0628-CENTER"]}``.
    """
    groups: dict[str, list[str]] = {}
    for name in sorted(set(proposed), key=lambda text: (len(_parts(text)), text)):
        leader = next((found for found in groups if is_named_by(name, found)), None) or plain_name(name)
        groups.setdefault(leader, []).append(name)
    return groups


def _parts(name: str) -> list[str]:
    """Runs of letters, and numbers without leading zeros; a Greek letter by its name."""
    spelled = "".join(_spelled(letter) for letter in unicodedata.normalize("NFC", name)).lower()
    return [part.lstrip("0") or "0" if part.isdecimal() else part for part in _PARTS.findall(spelled)]


def _spelled(letter: str) -> str:
    kind, _, name = unicodedata.name(letter, "").rpartition(" LETTER ")
    return f" {name} " if kind.startswith("GREEK") else letter


def _joined(parts: list[str]) -> str:
    """Parts as one text: a separator matters between numbers only."""
    return re.sub(r"(?<=\d) (?=\d)", ".", " ".join(parts)).replace(" ", "")
