"""What takes seconds to load, once for all processes of a run."""

from app.runtime.garbage import loading

__all__ = ["load"]


def load() -> None:
    """Load jwst and the steps."""
    with loading():
        import app.pipeline.run  # noqa: F401
        from app.pipeline.divided.exposure_files import new_model

        new_model()  # the schema of images
