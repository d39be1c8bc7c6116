"""The frame of a moving target."""

from jwst.assign_mtwcs import AssignMTWcsStep

from app.pipeline.steps.base import Remembered
from app.runtime.errors import AlignmentError

__all__ = ["MovingTargetStep"]


class MovingTargetStep(Remembered, AssignMTWcsStep):
    """assign_mtwcs, which calwebb_image3 runs in tweakreg's place where the target moves."""

    _extends = AssignMTWcsStep
    _failure = AlignmentError
