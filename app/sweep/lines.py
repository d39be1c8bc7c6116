"""Overrides as lines of text: ready to paste behind ``jwst-lv3``, one job a line in a file."""

import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import QuotedString

from app.runtime.files import write_text

__all__ = ["LINES_NAME", "line", "out_dir_of", "override", "override_below", "write_lines"]

LINES_NAME = "sweep_jobs.txt"

# What Hydra's grammar reads as plain text in a value.
_PLAIN = re.compile(r"[\w./+@%:-]+", re.ASCII)
# What it reads as one key of a path of keys.
_NAME = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)


def override(key: str, value: str) -> str:
    """One override that gives just this text, quoted for Hydra where its grammar needs it."""
    return f"{key}={value if _PLAIN.fullmatch(value) else _quoted(value)}"


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


def line(words: Iterable[str]) -> str:
    """Overrides as one line, quoted for a shell and for xargs."""
    return shlex.join(words)


def write_lines(folder: Path, lines: Iterable[str]) -> Path:
    """Write ``sweep_jobs.txt``: line n is task n of a job array."""
    return write_text(folder / LINES_NAME, "".join(f"{text}\n" for text in lines))


def out_dir_of(text: str) -> Path:
    """The out_dir that a line of `write_lines` gives."""
    word = next(word for word in reversed(shlex.split(text)) if word.startswith("out_dir="))
    value = OverridesParser.create().parse_override(word).value()
    return Path(value.text if isinstance(value, QuotedString) else str(value))
