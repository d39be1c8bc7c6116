"""The types of the configuration's keys: the one form that a value has, whatever was written, and what has none.

YAML and Hydra read an unquoted off as false and 001 as 1, so no value is converted to a text: it has to be written as
one.
"""

import math
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from types import NoneType
from typing import Any, get_args, get_origin

__all__ = ["as_list", "formed", "in_words", "misfits"]

_WORDS: dict[Any, str] = {
    str: "text",
    bool: "true or false",
    int: "whole number",
    float: "number",
    list[str]: "list of texts",
    list[int]: "list of whole numbers",
    list[float]: "list of numbers",
}


def _split(annotation: Any) -> tuple[Any, bool]:
    """The type without None, and whether None is allowed."""
    kinds = get_args(annotation)
    if NoneType not in kinds:
        return annotation, False
    (kind,) = (kind for kind in kinds if kind is not NoneType)
    return kind, True


def in_words(annotation: Any) -> str:
    """A type as the documentation calls it: ``list[float] | None`` is "list of numbers, or null"."""
    kind, optional = _split(annotation)
    return _WORDS.get(kind, "table") + (", or null" if optional else "")


def as_list(value: Any) -> list[Any]:
    """A list of what may be one value, several, or none."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return list(value)
    return [] if value is None else [value]


def formed(value: Any, annotation: Any) -> Any:
    """A value in the form of its type; what cannot have it stays as it is, for `misfits` to refuse.

    One value becomes a list of one, a path a text, a whole number where a number is asked for a ``float``, and an empty
    list None where None is allowed.

    Parameters
    ----------
    value : object
        As YAML, Hydra or Python gives it.
    annotation : type
        Of the key.
    """
    kind, optional = _split(annotation)
    if optional and value == []:
        return None
    if get_origin(kind) is list:
        (element,) = get_args(kind)
        return None if optional and value is None else [formed(item, element) for item in as_list(value)]
    if kind is float and type(value) is int:
        with suppress(OverflowError):
            return float(value)
    return os.fspath(value) if kind is str and isinstance(value, os.PathLike) else value


def misfits(name: str, value: Any, annotation: Any) -> Iterator[str]:
    """What keeps a value from having its type: a problem for each, empty where it has it.

    Parameters
    ----------
    name : str
        The key.
    value : object
        From `formed`.
    annotation : type
    """
    kind, optional = _split(annotation)
    if optional and value is None:
        return
    if get_origin(kind) is list and isinstance(value, list):
        for item in value:
            yield from misfits(name, item, get_args(kind)[0])
    elif not _fits(value, kind):
        yield f"{name}={value if isinstance(value, bool) else repr(value)}: {_needed(name, value, kind)}"


def _fits(value: Any, kind: Any) -> bool:
    if kind is float:
        return isinstance(value, float) and math.isfinite(value)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, get_origin(kind) or kind)


def _needed(name: str, value: Any, kind: Any) -> str:
    needed = f"{'' if kind is bool else 'a '}{_WORDS.get(kind, 'table')} is needed"
    if kind is not str:
        return needed
    if isinstance(value, bool):
        word = "on, yes or true" if value else "off, no or false"
        return f"{needed}, and YAML reads an unquoted {word} as {value}: quote it"
    if isinstance(value, (int, float)):
        return f"{needed}, and YAML reads 001 as 1: quote it, {name}='\"{value}\"'"
    return needed
