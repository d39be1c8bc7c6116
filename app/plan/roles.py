"""Which exposures make the mosaic, and which are background."""

from collections import Counter
from collections.abc import Iterator

from app.config.schema import NAMED_BACKGROUND, Lv3Config
from app.observation.bands import Band, Instrument, find_bands
from app.observation.exposure import Exposure
from app.observation.members import Member, Role
from app.runtime.errors import InputError

__all__ = ["assign_roles", "find_band"]


def find_band(exposures: list[Exposure], band: str) -> Band:
    """The band that all exposures were taken in.

    Parameters
    ----------
    exposures : list of Exposure
    band : str
        Config value; where two instruments share the name, the headers decide.

    Raises
    ------
    InputError
        Exposures of another band or instrument; the error names them. Duplicates of an exposure.
    """
    candidates = find_bands(band)
    fits = Counter(b for e in exposures for b in candidates if e.is_in(b))
    chosen = fits.most_common(1)[0][0] if fits else candidates[0]
    wanted = f"band={band} ({chosen.instrument} {chosen.name})"
    problems = [
        f"{e.file}: is {e.instrument} {e.filter} {e.pupil}".rstrip() + f", not {wanted}: remove it, or set exclude"
        for e in exposures
        if not e.is_in(chosen)
    ]
    problems += _duplicates(exposures)
    if problems:
        raise InputError(problems)
    return chosen


def _duplicates(exposures: list[Exposure]) -> list[str]:
    seen: dict[tuple[str, ...], Exposure] = {}
    problems = []
    for e in exposures:
        key = (e.program, e.observation, e.visit, e.visit_group, e.sequence, e.activity, e.exposure_number, e.detector)
        if key in seen:
            problems.append(f"{e.file}: the same exposure as {seen[key].file}: remove one, or set exclude, or in_dir")
        seen.setdefault(key, e)
    return problems


def assign_roles(exposures: list[Exposure], config: Lv3Config) -> list[Member]:
    """Separate science from background.

    Parameters
    ----------
    exposures : list of Exposure
    config : Lv3Config
        `is_bgr`, `process_bgr_like_science`, `bgr_check_type` and `bgr_background_name` decide.

    Returns
    -------
    list of Member
        In the order of `exposures`.

    Raises
    ------
    InputError
        No exposure is science, or `bgr_background_name` fits none.
    """
    members = [_member(exposure, config) for exposure in exposures]
    problems = list(_idle_names(exposures, config))
    if not any(m.role is Role.SCIENCE for m in members):
        problems.append(
            f"in_dir={', '.join(config.in_dir)}: all {len(members)} exposures are background ({members[0].reason}); "
            "set is_bgr=true to make a mosaic of them, or change bgr_check_type"
        )
    if problems:
        raise InputError(problems)
    return members


def _idle_names(exposures: list[Exposure], config: Lv3Config) -> Iterator[str]:
    """Names of background that no exposure has; in a survey they may be those of another target."""
    if config.is_bgr or config.is_of_survey or config.bgr_check_type not in NAMED_BACKGROUND:
        return
    by_target = config.bgr_check_type == "check_in_name"
    texts = sorted({e.target if by_target else e.name for e in exposures})
    what = f"in no target's name ({', '.join(texts)})" if by_target else f"in none of {len(texts)} files' names"
    for name in config.bgr_background_name:
        if not any(_holds(text, name, by_target) for text in texts):
            yield (
                f"bgr_background_name={name}: is {what}: correct it, or, where there is no background exposure, "
                "leave bgr_check_type at its default"
            )


def _holds(text: str, name: str, by_target: bool) -> bool:
    """Whether a name is part of a text; a target's name is compared whatever its case."""
    return name.lower() in text.lower() if by_target else name in text


def _member(exposure: Exposure, config: Lv3Config) -> Member:
    if config.is_bgr:
        return Member(exposure, Role.SCIENCE, "is_bgr: every exposure is science")
    why = _background_sign(exposure, config)
    if why is None:
        return Member(exposure, Role.SCIENCE, f"no sign of background ({config.bgr_check_type})")
    if config.process_bgr_like_science:
        return Member(exposure, Role.SCIENCE, f"{why}; process_bgr_like_science")
    return Member(exposure, Role.BACKGROUND, why)


def _background_sign(exposure: Exposure, config: Lv3Config) -> str | None:
    """What marks an exposure as background, or None."""
    names = config.bgr_background_name
    match config.bgr_check_type:
        case "parallel_off":
            # Sequence 2 is the parallel one: the third character of the second field of JWST's file names.
            is_parallel = exposure.instrument is Instrument.MIRI and exposure.sequence == "2"
            return "parallel_off: taken in parallel" if is_parallel else None
        case "header":
            return "header: BKGDTARG is true" if exposure.is_background_target else None
        case "check_in_name":
            (name,) = names
            found = _holds(exposure.target, name, by_target=True)
            return f"check_in_name: {name} is in the target's name {exposure.target}" if found else None
        case _:
            matching = [name for name in names if _holds(exposure.name, name, by_target=False)]
            return f"filename: {matching[0]} is in the file's name" if matching else None
