"""Overrides as words of a command line, for Hydra's grammar: quoted where it would read them as something else."""

import re
from collections.abc import Sequence

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

__all__ = ["override", "override_below", "override_of_list", "readable", "value_word", "with_key"]

# What Hydra's grammar reads as plain text in a value.
_PLAIN = re.compile(r"[\w./+@%:-]+", re.ASCII)
# What it reads as one key of a path of keys.
_NAME = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)
# Words that it surely reads, or that are surely refused.
_COMMON = re.compile(r"[\w./+@%:$?*|,= -]+", re.ASCII)
# A key, and a value that is neither quoted nor a list, a table or a function.
_SIMPLE = re.compile(r"(?P<key>[A-Za-z_]\w*)=(?P<value>[^\s\"'\[{(=][^\"{}=]*)", re.ASCII)

# A key, and a list of values that are not quoted.
_LIST = re.compile(r"(?P<key>[A-Za-z_]\w*)=\[(?P<values>[^\"'\[\]{}()=]*)\]", re.ASCII)
# What is asked of ``action=help``.
_ASKED = re.compile(r"[A-Za-z_][\w.]*", re.ASCII)


def override(key: str, value: str) -> str:
    """One override whose value is exactly this text, quoted for Hydra where its grammar needs it."""
    return f"{key}={value_word(value)}"


def value_word(value: str) -> str:
    """A text as the value of an override."""
    return value if _PLAIN.fullmatch(value) else _quoted(value)


def override_of_list(key: str, values: Sequence[str]) -> str:
    """One override whose value is a list of texts, or the text where there is one."""
    return override(key, values[0]) if len(values) == 1 else f"{key}=[{','.join(map(_quoted, values))}]"


def _quoted(value: str) -> str:
    # A backslash means itself there, but before a quote.
    escaped = re.sub(r'(\\*)("|\Z)', lambda found: 2 * found[1] + found[2].replace('"', '\\"'), value)
    return f'"{escaped}"'


def override_below(keys: Sequence[str], value: str) -> str:
    """One override that adds or replaces a text below `keys`; one that is no name for Hydra's grammar is in a table."""
    n = next((i for i, key in enumerate(keys) if not _NAME.fullmatch(key)), len(keys))
    if n == len(keys):
        return override("++" + ".".join(keys), value)
    text = _quoted(value)
    for key in reversed(keys[n:]):
        text = f"{{{key}: {text}}}"
    return f"++{'.'.join(keys[:n])}={text}"


def readable(word: str) -> str:
    """A word of a command line as Hydra can read it: a value that its grammar has no place for is a text.

    Such are ``~/data``, ``data/jw0[12]*``, ``Barnard's star`` and letters that are not ASCII, also one of several
    that a sweep, or a list, holds. What is no such value stays as it is, for Hydra to refuse.
    """
    if (found := _LIST.fullmatch(word)) and not _COMMON.fullmatch(found["values"]) and not _is_read(word):
        return f"{found['key']}=[{_readable_values(found['values'])}]"
    simple = _SIMPLE.fullmatch(word)
    if not simple or _COMMON.fullmatch(word) or _is_read(word):  # the grammar itself takes its time
        return word
    return f"{simple['key']}={_readable_values(simple['value'])}"


def _readable_values(values: str) -> str:
    """Values between commas, those quoted that the grammar has no place for."""
    return ",".join(value if _is_read(f"key={value}") else _quoted(value) for value in values.split(","))


def with_key(words: Sequence[str]) -> list[str]:
    """Words of a command line in which ``action=help KEY`` is ``action=help key=KEY``."""
    asks = "action=help" in words
    return [f"key={word}" if asks and _ASKED.fullmatch(word) else word for word in words]


def _is_read(word: str) -> bool:
    try:
        OverridesParser.create().parse_override(word)
    except HydraException:
        return False
    return True
