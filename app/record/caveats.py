"""Caveats: what a user should know about a run that did not fail."""

from dataclasses import dataclass

__all__ = ["OLD_CODES", "UNUSABLE", "Caveat"]

#: Code of the caveat that makes the state of a run `poor`.
UNUSABLE = "unusable"
#: Codes in records of earlier versions, and their names of today.
OLD_CODES = {"stars_eaten": "star_cores_flagged"}


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
