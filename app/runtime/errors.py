"""Every way a run can end, and the exit status a scheduler sees for it.

An error says what was wrong (the value), where (config key or file), what is allowed, and what to do. Checks collect
their problems and raise one error with all of them.
"""

from collections.abc import Iterable, Iterator
from enum import IntEnum

__all__ = [
    "AlignmentError",
    "ConfigError",
    "CrdsError",
    "ExitCode",
    "InputError",
    "JobsError",
    "Lv3Error",
    "MemoryExceededError",
    "OutlierError",
    "PoorError",
    "PostprocessError",
    "ResampleError",
    "SkyError",
    "StrictError",
    "causes",
    "in_one_line",
]


class ExitCode(IntEnum):
    """Exit status of ``jwst-lv3``; the table in docs/outputs.md explains each."""

    SUCCESS = 0
    UNEXPECTED = 1
    CONFIG = 2
    CAVEATS = 10
    POOR = 11
    INPUT = 20
    CRDS = 21
    ALIGNMENT = 22
    SKY = 23
    OUTLIER = 24
    RESAMPLE = 25
    POSTPROCESS = 26
    JOBS = 30
    MEMORY = 31
    SIGHUP = 129
    SIGINT = 130
    SIGPIPE = 141
    SIGTERM = 143


class Lv3Error(Exception):
    """A run that cannot go on, for reasons that its user can act on.

    Parameters
    ----------
    problems : str or iterable of str
        What is wrong, one sentence a problem.
    """

    exit_code = ExitCode.UNEXPECTED

    def __init__(self, problems: str | Iterable[str]) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))

    def __reduce__(self) -> tuple:
        # Errors cross process borders: rebuild from the list, not from the joined text.
        return type(self), (self.problems,)


class ConfigError(Lv3Error):
    """A config value that is missing, unknown, ill-typed or out of range."""

    exit_code = ExitCode.CONFIG


class StrictError(Lv3Error):
    """Caveats, where ``strict=true`` allows none."""

    exit_code = ExitCode.CAVEATS


class PoorError(StrictError):
    """A result that no one can use, where ``strict=true`` asks for a good one."""

    exit_code = ExitCode.POOR


class InputError(Lv3Error):
    """Exposures that are missing, unreadable or do not belong together; an output folder that cannot be used."""

    exit_code = ExitCode.INPUT


class CrdsError(Lv3Error):
    """Reference files, or the CRDS set-up, that are not what the run needs."""

    exit_code = ExitCode.CRDS


class AlignmentError(Lv3Error):
    """Alignment of the exposures (tweakreg) failed."""

    exit_code = ExitCode.ALIGNMENT


class SkyError(Lv3Error):
    """Sky matching failed."""

    exit_code = ExitCode.SKY


class OutlierError(Lv3Error):
    """Outlier detection failed."""

    exit_code = ExitCode.OUTLIER


class ResampleError(Lv3Error):
    """The mosaic could not be made, or would be too large."""

    exit_code = ExitCode.RESAMPLE


class PostprocessError(Lv3Error):
    """Drizzling or blotting failed; the mosaic is fine."""

    exit_code = ExitCode.POSTPROCESS


class JobsError(Lv3Error):
    """Jobs of a sweep failed, or were refused; the others are done."""

    exit_code = ExitCode.JOBS


class MemoryExceededError(Lv3Error):
    """More memory is needed than there is."""

    exit_code = ExitCode.MEMORY


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those behind it, each once: libraries hide the first cause behind errors of their own."""
    seen: list[BaseException] = []
    while error is not None and not any(error is known for known in seen):
        yield error
        seen.append(error)
        error = error.__cause__ or error.__context__


def in_one_line(error: BaseException) -> str:
    """Class and first line of an error of a library, for a sentence of ours."""
    lines = str(error).strip().splitlines()
    return ": ".join([type(error).__name__, *lines[:1]])
