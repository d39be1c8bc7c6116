"""Names of Hydra and of submitit that are not public stand in one file for each, and their versions are bounded."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HYDRA, SUBMITIT = "app/config/hydra_internals.py", "app/sweep/slurm.py"


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _private_of_others(tree: ast.Module) -> Iterator[str]:
    """Names with an underscore that are asked of anything but the object itself, or given to a call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.endswith("__"):
            if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
                yield node.attr
        elif isinstance(node, ast.keyword) and (node.arg or "").startswith("_"):
            yield str(node.arg)


def _modules() -> Iterator[tuple[str, ast.Module, set[str]]]:
    for folder in ("app", "scripts"):
        for path in (ROOT / folder).rglob("*.py"):
            tree = ast.parse(path.read_text())
            yield path.relative_to(ROOT).as_posix(), tree, set(_imported(tree))


def _packages(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


def test_private_names_of_hydra_stand_in_one_file():
    found = {
        file
        for file, tree, imported in _modules()
        if any("._" in name for name in imported if name.startswith("hydra"))
        or (_packages(imported) & {"hydra", "omegaconf"} and list(_private_of_others(tree)))
    }
    assert found == {HYDRA}


def test_one_file_knows_submitit():
    assert {file for file, _, imported in _modules() if "submitit" in _packages(imported)} == {SUBMITIT}


@pytest.mark.parametrize("package", ["hydra-core", "submitit"])
def test_their_versions_are_bounded(package):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["sweep"]]
    (line,) = (line for line in lines if line.startswith(package))
    assert "<" in line or "==" in line
