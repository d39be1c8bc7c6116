"""jwst-lv3: level-3 mosaics from JWST images."""

__all__ = ["Lv3Step"]


def __getattr__(name: str) -> object:
    # Lv3Step is imported at first use, so that `import app` stays quick for the command line.
    if name == "Lv3Step":
        from app.run.step import Lv3Step

        return Lv3Step
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
