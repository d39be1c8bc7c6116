"""The members of an observation: exposures with their roles."""

from dataclasses import dataclass
from enum import StrEnum

from app.observation.exposure import Exposure

__all__ = ["Member", "Role"]


class Role(StrEnum):
    """Exposure type of an association's member."""

    SCIENCE = "science"
    BACKGROUND = "background"


@dataclass(frozen=True, slots=True)
class Member:
    """An exposure, its role in the association, and the reason for it."""

    exposure: Exposure
    role: Role
    reason: str
