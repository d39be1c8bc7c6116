"""The recipe for conda requires what pyproject.toml does, and starts what it starts."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
RECIPE = yaml.safe_load((ROOT / "scripts/conda/recipe.yaml").read_text())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
#: Names that differ: conda-forge's own without the parts for windows on a screen.
NAMES = {"matplotlib": "matplotlib-base"}


def test_it_requires_the_same():
    declared = [re.fullmatch(r"([\w.-]+)(.*)", line).groups() for line in PROJECT["dependencies"]]
    wanted = {f"{NAMES.get(name, name)} {bound}".strip() for name, bound in declared}
    bounds = re.sub(r"\s", "", PROJECT["requires-python"])
    assert set(RECIPE["requirements"]["run"]) == wanted | {f"python {bounds}"}


def test_it_is_the_same_program():
    assert RECIPE["context"]["version"] == PROJECT["version"]
    assert RECIPE["about"]["license"] == PROJECT["license"]
    (start,) = RECIPE["build"]["python"]["entry_points"]
    assert dict([start.split(" = ")]) == PROJECT["scripts"]
