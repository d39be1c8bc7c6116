"""What a run asks of its alignment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.observation.exposure import Exposure
from app.plan.corrections import Correction

__all__ = ["AlignmentChoice"]


@dataclass(frozen=True, slots=True)
class AlignmentChoice:
    """What a run asks of its alignment.

    Parameters
    ----------
    kind : str
        ``tweakreg``, ``solution``, ``from_run`` or ``none``.
    exposures : mapping
        The exposures by file name.
    search_displaced : float
        How far a solution looks for a displaced visit [arcsec].
    leaders : sequence of Correction
        What ``from_run`` follows.
    """

    kind: str
    exposures: Mapping[str, Exposure]
    search_displaced: float = 0.0
    leaders: Sequence[Correction] = ()
