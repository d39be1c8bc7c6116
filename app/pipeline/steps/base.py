"""What our steps have in common."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from app.pipeline.context import Notes
from app.pipeline.divided.exposure_files import ExposureFile
from app.pipeline.divided.library import ExposureLibrary
from app.pipeline.library import GroupedLibrary
from app.runtime.checkpoints import kept, scope
from app.runtime.errors import Lv3Error, MemoryExceededError
from app.runtime.left_file import LeftFile

__all__ = ["Named", "Remembered", "Stamped"]


class Named:
    """A step that asks CRDS for the parameters of the step that it extends.

    stpipe names a parameter reference after the class, ``pars-<class name>``: a subclass silently runs on defaults.
    """

    _extends: ClassVar[Any]
    class_alias: ClassVar[str]
    _failure: ClassVar[type[Lv3Error]] = Lv3Error

    @classmethod
    def get_config_reftype(cls) -> str:
        """Type of the step's parameter reference."""
        return cls._extends.get_config_reftype()

    def run(self, *args: Any) -> Any:
        """Run the step, timed; whatever goes wrong in it, a SystemExit of CRDS included, becomes its own error."""
        try:
            with self.parent.context.notes.timed(self.class_alias), scope(self.class_alias):  # type: ignore[attr-defined]
                return self._run(*args)
        except (Lv3Error, KeyboardInterrupt):
            raise
        except MemoryError as error:
            remedy = "use a smaller procs, a larger machine or limit, or mosaic=tiles"
            raise MemoryExceededError(f"{self.class_alias}: out of memory; {remedy}") from error
        except BaseException as error:
            raise self._failure(f"{self.class_alias}: {type(error).__name__}: {error}") from error

    def _run(self, *args: Any) -> Any:
        return super().run(*args)  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class _State:
    """How a step leaves the exposures, the groups seen so far, and the log of the pipeline; its caveats and files."""

    exposures: list[ExposureFile]
    groups: Mapping[str, dict[str, list[str]]]
    log: list[str]
    caveats: list[tuple[str, str, str]]
    files: Sequence[Path]

    def checksum(self) -> list[int]:
        """That of all files."""
        return [LeftFile(path).checksum() for path in self.files]


class _Listening:
    """Hands on what a step tells, and keeps the caveats."""

    def __init__(self, notes: Notes) -> None:
        self.timed, self.add = notes.timed, notes.add
        self._warn = notes.warn
        self.caveats: list[tuple[str, str, str]] = []

    def warn(self, code: str, message: str, hint: str) -> None:
        self.caveats.append((code, message, hint))
        self._warn(code, message, hint)


class Remembered(Named):
    """A step that changes what is known of the exposures and none of their pixels: once finished, it is not run again.

    Where jwst's own implementation has run, with all pixels, it is.
    """

    parent: Any

    def run(self, *args: Any) -> Any:
        """Run the step; where an earlier run has, the exposures have its results already."""
        return super().run(*args) if self.parent.context.aligned is None else args[0]

    def _run(self, library: GroupedLibrary) -> GroupedLibrary:
        made: list[GroupedLibrary] = []

        def finish() -> _State | None:
            with self._heard() as caveats:
                made.append(super(Remembered, self)._run(library))
            if not isinstance(made[0], ExposureLibrary):
                return None
            groups, log = dict(self.parent.groups_used), list(self.parent.log_records)
            return _State(made[0].exposures(), groups, log, caveats, self._made_files())

        if not isinstance(library, ExposureLibrary):
            return super()._run(library)
        state = kept("state", finish)
        if made:
            return made[0]
        assert state is not None
        library.restore(state.exposures)
        self.parent.groups_used.update(state.groups)
        self.parent.log_records[:] = state.log
        for caveat in state.caveats:
            self.parent.context.notes.warn(*caveat)
        return library

    @contextmanager
    def _heard(self) -> Iterator[list[tuple[str, str, str]]]:
        """Context in which caveats that the step gives are noted."""
        context = self.parent.context
        notes = _Listening(context.notes)
        self.parent.context = replace(context, notes=notes)
        try:
            yield notes.caveats
        finally:
            self.parent.context = context

    def _made_files(self) -> Sequence[Path]:
        """Products of the step."""
        return ()


class Stamped(Named):
    """A step that stamps its products before they are saved."""

    def finalize_result(self, result: Any, reference_files_used: list) -> None:
        """Stamp one product; stpipe calls this just before it saves."""
        super().finalize_result(result, reference_files_used)  # type: ignore[misc]
        self.parent.context.stamp.on_model(result)  # type: ignore[attr-defined]
