"""What the program imports is declared in pyproject.toml, and what is declared is imported."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: Declared for what it brings at run time, not for an import of ours.
PLUGINS = {"hydra-joblib-launcher", "hydra-submitit-launcher"}


def _imported() -> set[str]:
    """Names of distributions that modules of app/ import."""
    names: set[str] = set()
    for path in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.split(".")[0])
    distributions = packages_distributions()
    outside = names - set(sys.stdlib_module_names) - {"app"}
    return {_normal(distributions[name][0]) for name in outside}


def _declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["sweep"]]
    return {_normal(re.split(r"[^\w.-]", line)[0]) for line in lines}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_what_is_imported_is_declared_and_the_other_way_round():
    assert _imported() == _declared() - PLUGINS
