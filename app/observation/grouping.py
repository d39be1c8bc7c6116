"""Which exposures are one group, for each step that groups: pure functions of exposures.

Within a group tweakreg moves all images together, and skymatch gives all one level. jwst has one group id for
both steps, fixed when a library is made (jwst#9063); here each step has its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from app.observation.bands import Channel
from app.observation.exposure import Exposure

__all__ = ["GroupingRules", "group_id", "groups", "native_group_id", "visit_id"]


@dataclass(frozen=True, slots=True)
class GroupingRules:
    """How one step groups exposures.

    Parameters
    ----------
    group_dithers : frozenset of Channel
        Channels whose dithers of one visit and activity are one group.
    degroup_dithers : frozenset of Channel
        Channels whose every file is a group.
    degroup_modules : bool
        NIRCam's modules A and B are groups of their own.
    degroup_short_chips : bool
        Each detector of NIRCam's short channel is a group of its own.
    group_visits : bool
        All exposures of a visit, which has one guide star, are one group; whatever asks for dithers is of no effect.
    """

    group_dithers: frozenset[Channel] = frozenset()
    degroup_dithers: frozenset[Channel] = frozenset()
    degroup_modules: bool = False
    degroup_short_chips: bool = False
    group_visits: bool = False


def native_group_id(exposure: Exposure) -> str:
    """The id that jwst gives to all detectors of one exposure (jwst.datamodels.utils.attrs_to_group_id)."""
    return f"{_activity_id(exposure)}_{exposure.exposure_number}"


def group_id(exposure: Exposure, rules: GroupingRules) -> str:
    """The group of `exposure` under `rules`.

    Unlike pjpipe, which shifts exposure numbers to split modules and so can let two exposures meet, the id grows a
    suffix: what is split never meets anything else.
    """
    if rules.group_visits:
        parts = [visit_id(exposure)]
    elif exposure.channel in rules.degroup_dithers:
        return exposure.stem
    else:
        parts = [_activity_id(exposure) if exposure.channel in rules.group_dithers else native_group_id(exposure)]
    if rules.degroup_short_chips and exposure.channel is Channel.NIRCAM_SHORT:
        parts.append(exposure.detector.lower())
    elif rules.degroup_modules and exposure.module:
        parts.append(exposure.module)
    return "_".join(parts)


def groups(exposures: Iterable[Exposure], rules: GroupingRules | None = None) -> dict[str, list[str]]:
    """File names by group id, in the order of `exposures`; native groups where there are no rules."""
    result: dict[str, list[str]] = {}
    for exposure in exposures:
        key = native_group_id(exposure) if rules is None else group_id(exposure, rules)
        result.setdefault(key, []).append(exposure.name)
    return result


def visit_id(exposure: Exposure) -> str:
    """Name of the visit, ``jw01234001001``."""
    return f"jw{exposure.program}{exposure.observation}{exposure.visit}"


def _activity_id(e: Exposure) -> str:
    return f"{visit_id(e)}_{e.visit_group}{e.sequence}{e.activity}"
