"""Texts of users as names of folders."""

import hashlib
import re

__all__ = ["safe_name"]

_LONGEST = 80


def safe_name(text: str) -> str:
    """A text as part of a path: readable, and different for different texts.

    Parameters
    ----------
    text : str
        What is not a letter, a digit or one of ``_.+-`` becomes a hyphen, and a hash of the text is added.
    """
    name = re.sub(r"[^\w.+-]+", "-", text, flags=re.ASCII)[:_LONGEST].strip("-.")
    return name if name == text else f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:6]}".lstrip("-")
