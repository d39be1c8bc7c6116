"""skymatch: exposures that were matched before, and levels that the user brings."""

from collections.abc import Iterator
from pathlib import Path

from app.observation.exposure import Exposure
from app.plan.parameters import Parameters
from app.plan.plan import Plan
from app.plan.sky_levels import match_levels
from app.record.caveats import Caveat
from app.runtime.errors import ConfigError, InputError, Lv3Error

__all__ = ["check"]


def check(plan: Plan, parameters: Parameters) -> Iterator[Caveat | Lv3Error]:
    """Levels in the headers that contradict what is asked for, tables that do not fit the exposures."""
    matched = [e for e in plan.science if e.was_matched]
    if parameters.skips("skymatch"):
        yield from _partly(plan.science, matched)
        return
    method = parameters.of("skymatch", "skymethod")
    if method == "user":
        yield from _levels(plan, parameters)
    else:
        yield from _other_mode(matched, subtract=parameters.of("skymatch", "subtract"))
    if matched:
        yield Caveat(
            "sky_matched_before",
            f"{_named(matched)} had the sky matched before; it is matched again ({method}).",
            "Choose sky=already_matched to keep the levels that they have.",
        )


def _named(exposures: list[Exposure]) -> str:
    """The first names, and how many there are."""
    names = ", ".join(e.name for e in exposures[:3])
    return names if len(exposures) <= 3 else f"{names} and {len(exposures) - 3} others"


def _partly(science: list[Exposure], matched: list[Exposure]) -> Iterator[Caveat]:
    others = [e for e in science if e not in matched]
    if matched and others:
        yield Caveat(
            "sky_partly_matched",
            f"skymatch is skipped, and only {len(matched)} of {len(science)} exposures had the sky matched before; "
            f"not {_named(others)}.",
            "Choose another option of the group sky, or match the others first.",
        )


def _other_mode(matched: list[Exposure], subtract: bool) -> Iterator[Lv3Error]:
    """What skymatch refuses: it would mix levels that are in the pixels with levels that are not."""
    for e in matched:
        if e.background_level is None or e.background_subtracted is None:
            yield InputError(
                f"{e.path}: its headers contradict each other: BKGLEVEL={e.background_level}, "
                f"BKGSUB={e.background_subtracted}; skymatch would fail. Choose sky=already_matched, or make it again"
            )
        elif e.background_subtracted is not subtract:
            yield InputError(
                f"{e.path}: had its sky matched before with subtract={str(e.background_subtracted).lower()}, now "
                f"jwst_parameters.skymatch.subtract={str(subtract).lower()}; skymatch would fail. "
                "Give the same value, or choose sky=already_matched"
            )


def _levels(plan: Plan, parameters: Parameters) -> Iterator[Lv3Error]:
    table = plan.config.sky_levels or parameters.of("skymatch", "skylist")
    if not table:
        yield ConfigError("jwst_parameters.skymatch.skymethod=user: needs a table of levels: set sky_levels")
        return
    try:
        match_levels(Path(table), [e.name for e in plan.science])
    except InputError as error:
        yield error
