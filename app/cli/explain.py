"""``action=help``: what a key or a config group means, from the schema and conf/ themselves."""

from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from pathlib import Path
from textwrap import wrap

from app.config.folders import DOCS, option_files
from app.config.forms import in_words
from app.config.schema import NOT_GIVEN, Lv3Config, nearest
from app.runtime.errors import ConfigError

__all__ = ["explanation"]

_WIDTH = 100


def explanation(name: str | None) -> str:
    """What a key means, and the options of a config group.

    Parameters
    ----------
    name : str or None
        ``procs``, ``sky``; None names all keys and groups.

    Raises
    ------
    ConfigError
        There is no such key and no such group.
    """
    keys = {item.name: item for item in fields(Lv3Config)}
    groups = option_files()
    if name is None:
        lines = ["Keys: " + ", ".join(keys), "Config groups: " + ", ".join(groups)]
        text = [part for line in lines for part in [*wrap(line, _WIDTH, subsequent_indent="  "), ""]]
        return "\n".join([*text, "jwst-lv3 action=help NAME explains one of them.", f"Documentation: {DOCS}", ""])
    if name not in keys and name not in groups:
        raise ConfigError(f"key={name}: no such key or config group{nearest(name, [*keys, *groups])}")
    paragraphs = [_key(keys[name])] if name in keys else []
    paragraphs += [_option(name, word, file) for word, file in groups.get(name, {}).items()]
    return "\n\n".join("\n".join(lines) for lines in paragraphs) + "\n"


def _key(item: Field) -> Iterator[str]:
    default = "has to be given" if item.default == NOT_GIVEN else f"default {_default(item)}"
    yield f"{item.name}  ({in_words(item.type)}; {default})"
    yield from wrap(item.metadata["doc"], _WIDTH, initial_indent="  ", subsequent_indent="  ")
    if choices := item.metadata.get("choices"):
        yield f"  allowed: {', '.join(choices)}"


def _default(item: Field) -> str:
    value = item.default if item.default_factory is MISSING else item.default_factory()
    words = {None: "null", True: "true", False: "false"}
    return words[value] if isinstance(value, bool | None) else str(value)


def _option(group: str, word: str, file: Path) -> Iterator[str]:
    """The comment at the top of the option's file, and what it sets."""
    yield f"{group}={word}"
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("# @package"):
            yield f"  {line.removeprefix('# ')}" if line.startswith("#") else f"    {line}"
