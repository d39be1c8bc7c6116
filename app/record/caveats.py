"""Caveats: what a user should know about a run that did not fail."""

from dataclasses import dataclass

__all__ = ["UNUSABLE", "Caveat"]

#: Code of the caveat that makes the state of a run `poor`.
UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True)
class Caveat:
    """Something that makes a result less than it could be.

    Parameters
    ----------
    code : str
        Short name, ``one_group``; docs/outputs.md lists them all.
    message : str
        What was found, with the numbers.
    hint : str
        What to do about it.
    """

    code: str
    message: str
    hint: str = ""
