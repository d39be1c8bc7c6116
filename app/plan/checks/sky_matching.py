"""Sky levels: exposures that were matched before, levels that the user brings, and what a solution needs."""

from collections.abc import Iterator
from pathlib import Path

from astropy.io import fits

from app.config.schema import nearest
from app.observation.exposure import Exposure
from app.plan.parameters import Parameters
from app.plan.plan import Plan
from app.plan.sky_levels import match_levels
from app.record.caveats import Caveat
from app.runtime.errors import ConfigError, InputError, Lv3Error
from app.runtime.words import listed

__all__ = ["check"]

#: What can decide the level that differences leave open, besides a mosaic.
ANCHORS = ("lowest", "mean", "none")


def check(plan: Plan, parameters: Parameters) -> Iterator[Caveat | Lv3Error]:
    """Levels in the headers that contradict what is asked for, tables that do not fit the exposures."""
    matched = [e for e in plan.science if e.was_matched]
    if parameters.skips("skymatch"):
        if plan.config.sky_method == "solution":
            yield ConfigError(
                "sky_method=solution: jwst_parameters.skymatch.skip=true leaves the sky as it is; take it out"
            )
        yield from _partly(plan.science, matched)
        return
    method = str(parameters.of("skymatch", "skymethod"))
    if plan.config.sky_method == "solution":
        method = "solution"
        yield from _solution(plan, parameters)
        yield from _subtracted_before(matched)
    elif method == "user":
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
    return listed(e.name for e in exposures)


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
                f"{e.file}: its headers contradict each other: BKGLEVEL={e.background_level}, "
                f"BKGSUB={e.background_subtracted}; skymatch would fail. Choose sky=already_matched, or make it again"
            )
        elif e.background_subtracted is not subtract:
            yield InputError(
                f"{e.file}: had its sky matched before with subtract={str(e.background_subtracted).lower()}, now "
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


def _solution(plan: Plan, parameters: Parameters) -> Iterator[Lv3Error]:
    """Parameters that a solution does not take, and a mosaic that it cannot follow."""
    setting = parameters["skymatch"]["skymethod"]
    if setting.origin == "user":
        yield ConfigError(
            f"jwst_parameters.skymatch.skymethod={setting.value}: sky_method=solution has no such method; take one out"
        )
    anchor = plan.config.sky_anchor
    if anchor not in ANCHORS:
        yield from _mosaic(anchor)


def _mosaic(anchor: str) -> Iterator[Lv3Error]:
    """What is wrong with a mosaic whose levels are to be followed."""
    path = Path(anchor)
    if not path.is_file():
        near = nearest(anchor, ANCHORS)
        yield InputError(f"sky_anchor={anchor}: neither {', '.join(ANCHORS)} nor an i2d file that is there{near}")
        return
    try:
        with fits.open(path) as file:
            missing = [name for name in ("SCI", "ASDF") if name not in file]
    except OSError as error:
        yield InputError(f"sky_anchor={anchor}: cannot be read as FITS ({error})")
        return
    if missing:
        yield InputError(f"sky_anchor={anchor}: has no {' and no '.join(missing)}: an i2d file of jwst is needed")


def _subtracted_before(matched: list[Exposure]) -> Iterator[Lv3Error]:
    """Exposures whose pixels have lost a level already: what the keywords say of them could not be true of both."""
    for e in matched:
        if e.background_subtracted:
            yield InputError(
                f"{e.file}: its sky was subtracted before (BKGSUB), and sky_method=solution would find what is left; "
                "choose sky=already_matched, or make it again"
            )
