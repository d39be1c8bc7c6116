"""What our steps have in common."""

from typing import Any, ClassVar

from app.runtime.errors import Lv3Error, MemoryExceededError

__all__ = ["Named", "Stamped"]


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
            with self.parent.context.notes.timed(self.class_alias):  # type: ignore[attr-defined]
                return super().run(*args)  # type: ignore[misc]
        except (Lv3Error, KeyboardInterrupt):
            raise
        except MemoryError as error:
            raise MemoryExceededError(f"{self.class_alias}: out of memory; set memory=lean") from error
        except BaseException as error:
            raise self._failure(f"{self.class_alias}: {type(error).__name__}: {error}") from error


class Stamped(Named):
    """A step that stamps its products before they are saved."""

    def finalize_result(self, result: Any, reference_files_used: list) -> None:
        """Stamp one product; stpipe calls this just before it saves."""
        super().finalize_result(result, reference_files_used)  # type: ignore[misc]
        self.parent.context.stamp.on_model(result)  # type: ignore[attr-defined]
