"""Exposures that do not belong together, whatever their footprints: background among science, calibrated otherwise."""

from collections import defaultdict
from collections.abc import Callable, Iterator

from app.observation.bands import Channel
from app.observation.exposure import Exposure
from app.observation.members import Role
from app.plan.plan import Plan
from app.record.caveats import Caveat
from app.runtime.words import listed

__all__ = ["check", "of_calibration"]

#: Span of the epochs above which it is said [yr]: stars near the Sun, 10 mas/yr fast, move by a third of a pixel of
#: NIRCam's short channel.
_FAR_APART = 1.0

#: What exposures are best alike in: words for it, and how to tell; the reference files differ between detectors anyway.
_ALIKE: dict[str, Callable[[Exposure], str]] = {
    "versions of jwst": lambda e: e.calibration.version,
    "CRDS contexts": lambda e: e.calibration.context,
}
_ALIKE_IN_DETECTOR: dict[str, Callable[[Exposure], str]] = {
    "distortion references": lambda e: e.calibration.distortion,
    "filter-offset references": lambda e: e.calibration.filter_offset,
}


def check(plan: Plan) -> Iterator[Caveat | str]:
    """Differences between the headers of the exposures that are used, and options that have no effect on them."""
    yield from _selection(plan)
    yield from _background(plan)
    used = [m.exposure for m in plan.members if m.role is Role.SCIENCE or plan.config.background_use != "none"]
    yield from of_calibration(used)
    yield from _epochs(plan.science)
    yield from _idle_grouping(plan)


def of_calibration(exposures: list[Exposure]) -> Iterator[Caveat]:
    """What the exposures were calibrated with, where it differs."""
    for what, value in _ALIKE.items():
        yield from _mixed(what, exposures, value)
    for detector in sorted({e.detector for e in exposures}):
        of_detector = [e for e in exposures if e.detector == detector]
        for what, value in _ALIKE_IN_DETECTOR.items():
            yield from _mixed(f"{what} for {detector}", of_detector, value)


def _selection(plan: Plan) -> Iterator[str]:
    """What was left out of the files in in_dir, and where nothing told the target."""
    if plan.selected and (left_out := plan.selected.left_out):
        reasons = listed((f"{reason} {n}" for reason, n in left_out.items()), shown=12)
        n_files = sum(left_out.values())
        yield f"left out of what in_dir holds: {n_files} file{'s' * (n_files > 1)} ({reasons})"
    if plan.selected and plan.selected.note:
        yield plan.selected.note


def _background(plan: Plan) -> Iterator[Caveat]:
    """Exposures that the proposal declares to be background, and that the chosen test does not recognise."""
    config = plan.config
    declared = [e for e in plan.science if e.is_background_target]
    if declared and not config.is_bgr and not config.process_bgr_like_science:
        yield Caveat(
            "background_in_mosaic",
            f"{len(declared)} of {len(plan.science)} science exposures ({listed(e.name for e in declared)}) are of a "
            f"target declared to be background (BKGDTARG), which bgr_check_type={config.bgr_check_type} ignores.",
            "Choose background=header to leave them out, or is_bgr=true to make a mosaic of background.",
        )


def _mixed(what: str, exposures: list[Exposure], value: Callable[[Exposure], str]) -> Iterator[Caveat]:
    """Exposures with several values; the largest part comes first, and the others by name."""
    parts: dict[str, list[Exposure]] = defaultdict(list)
    for exposure in exposures:
        parts[value(exposure)].append(exposure)
    if len(parts) < 2:
        return
    (most, first), *others = sorted(parts.items(), key=lambda part: -len(part[1]))
    rest = "; ".join(f"{name or 'none'} ({len(es)}: {listed(e.name for e in es)})" for name, es in others)
    yield Caveat(
        "mixed_calibration",
        f"The exposures were calibrated with several {what}: {most or 'none'} ({len(first)}); {rest}.",
        "Positions and fluxes may differ between them: calibrate all of them alike, or download them again.",
    )


def _epochs(exposures: list[Exposure]) -> Iterator[Caveat]:
    dated = sorted((e.epoch, e.date, e.name) for e in exposures if e.epoch is not None)
    if dated and (span := dated[-1][0] - dated[0][0]) > _FAR_APART:
        (_, first, earliest), (_, last, latest) = dated[0], dated[-1]
        yield Caveat(
            "epochs_apart",
            f"The exposures span {span:.1f} years, from {first} ({earliest}) to {last} ({latest}): stars may have "
            "moved, and variable ones changed.",
            "Make a mosaic of each epoch if that matters, with exclude.",
        )


def _idle_grouping(plan: Plan) -> Iterator[str]:
    """Options of grouping that change nothing for these data."""
    config = plan.config
    if config.tweakreg_degroup_nircam_short_chips and plan.band.channel is not Channel.NIRCAM_SHORT:
        yield (
            f"tweakreg_degroup_nircam_short_chips=true does nothing for {plan.band.name}: "
            "it separates only detectors of NIRCam's short channel"
        )
    if config.tweakreg_degroup_nircam_modules and plan.band.channel not in (Channel.NIRCAM_SHORT, Channel.NIRCAM_LONG):
        yield f"tweakreg_degroup_nircam_modules=true does nothing for {plan.band.name}: only NIRCam has modules"
