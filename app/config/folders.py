"""Where the configuration and the documentation lie, and the options that a folder of configuration has."""

from pathlib import Path

__all__ = ["CONF", "DOCS", "option_files"]

CONF = Path(__file__).parent / "conf"  # in a checkout a link to conf/, in a wheel the files themselves

#: The documentation, which travels with the program: in a checkout a link to docs/, in a wheel the files themselves.
DOCS = Path(__file__).parent / "docs"


def option_files(folder: Path = CONF) -> dict[str, dict[str, Path]]:
    """The file of every option of every config group of a folder: ``["sky"]["solution"]``."""
    groups = sorted({path.parent for path in folder.rglob("*.yaml")} - {folder})
    return {
        group.relative_to(folder).as_posix(): {path.stem: path for path in sorted(group.glob("*.yaml"))}
        for group in groups
    }
