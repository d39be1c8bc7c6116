"""Background exposures subtracted from science exposures, before any step: their level, or their median image too."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.pipeline.divided.background_image import Stack, make_median
from app.pipeline.divided.exposure_files import Light, Pattern
from app.pipeline.divided.library import ExposureLibrary
from app.pipeline.solution.background_levels import background_levels
from app.runtime.pool import run_all

__all__ = ["subtract_background"]

log = logging.getLogger(__name__)


def subtract_background(
    library: ExposureLibrary,
    backgrounds: Mapping[str, Sequence[Path]],
    *,
    is_image: bool,
    dqbits: int | None,
    folder: Path,
    procs: int,
) -> dict[str, Any]:
    """Subtract background from all members of a library, from now on; no file is changed.

    From each member the level of the background exposure that is nearest in time is subtracted, and with ``is_image``
    also the median of all its background exposures less their levels, whose variance is added to that of the read
    noise.

    Parameters
    ----------
    library : ExposureLibrary
    backgrounds : mapping
        Files of background exposures for each member, the nearest in time first, by the member's file name.
    is_image : bool
        Subtract the median image too; all background exposures of a member have its pixels.
    dqbits : int or None
        Bits of DQ that do not matter; None where none does.
    folder : Path
        For files that are needed until the end of the run.
    procs : int
        Number of processes; what is subtracted does not depend on it.

    Returns
    -------
    dict
        ``background`` of the record.

    Raises
    ------
    SkyError
        All of a background exposure is masked.
    """
    sets = {name: tuple(sorted(files)) for name, files in backgrounds.items()}
    stacks = {
        files: _stack(files, dqbits, folder / f"background_{number}.npy", procs)
        for number, files in enumerate(dict.fromkeys(sets.values()))
    }
    medians = list(run_all(make_median, stacks.values(), procs)) if is_image else []
    unknown: list[float | None] = [median.unknown for median in medians] if is_image else [None] * len(stacks)
    members = []
    with library:
        for index, name in enumerate(library.member_names):
            nearest, stack = backgrounds[name][0], stacks[sets[name]]
            level = stack.levels[stack.files.index(nearest)]
            lights: list[Light] = [level, Pattern(stack.output)] if is_image else [level]
            _subtract(library, index, lights, f"level {level:.6g} of {nearest.name}")
            log.info("%s: background of %s subtracted, level %.4g", name, nearest.name, level)
            members.append({"file": name, "background": nearest.name, "level": level})
    entries = [_entry(stack, share) for stack, share in zip(stacks.values(), unknown, strict=True)]
    return {"members": members, "sets": entries}


def _stack(files: tuple[Path, ...], dqbits: int | None, output: Path, procs: int) -> Stack:
    levels = background_levels(files, dqbits, procs)
    return Stack(files, tuple(v.value for v in levels), tuple(v.error for v in levels), dqbits, output)


def _subtract(library: ExposureLibrary, index: int, lights: Sequence[Light], what: str) -> None:
    """Subtract from a member, and say so in its header, as jwst's bkg_subtract does."""
    library.subtract(index, lights)
    model = library.borrow(index)
    model.meta.cal_step.bkg_subtract = "COMPLETE"
    image = " and the median image" if len(lights) > 1 else ""
    model.add_history_entry(f"background subtracted: {what}{image}")
    library.shelve(model, index)


def _entry(stack: Stack, unknown: float | None) -> dict[str, Any]:
    """What the record says of the background exposures of one detector."""
    exposures = [
        {"file": path.name, "level": level, "error": error}
        for path, level, error in zip(stack.files, stack.levels, stack.errors, strict=True)
    ]
    return {"exposures": exposures, "unknown": unknown}
