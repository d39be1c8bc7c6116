"""What reaches beyond the public names of other packages stands in few files, which say so."""

import ast
import importlib
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path

import app

ROOT = Path(__file__).parents[2]
JWST = "app/pipeline/divided/jwst_internals.py"
PHOTUTILS = "app/pipeline/divided/photutils_internals.py"
HYDRA = "app/config/hydra_internals.py"
ASTROPY = "app/observation/fits_internals.py"
ASDF = "app/runtime/asdf_internals.py"
TWEAKREG = "app/pipeline/divided/tweakreg_internals.py"
CATALOGUE = "app/pipeline/divided/catalogue_internals.py"
TWEAKWCS = "app/pipeline/tweakwcs_internals.py"
SUBMITIT = "app/sweep/slurm.py"
ALLOWED = {JWST, PHOTUTILS, CATALOGUE, TWEAKREG, TWEAKWCS, HYDRA, SUBMITIT, ASTROPY, ASDF}
#: Documented functions whose names begin so.
PUBLIC = {"_exit"}


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__") and name not in PUBLIC


def _trees(without: set[str] = ALLOWED) -> Iterator[tuple[str, ast.AST]]:
    for path in sorted((ROOT / "app").rglob("*.py")):
        if (name := str(path.relative_to(ROOT))) not in without:
            yield name, ast.parse(path.read_text())


def _own_names() -> set[str]:
    """Private names that the program gives to something itself."""
    found: set[str] = set()
    for _, tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found.add(node.name)
            elif isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.attr if isinstance(node, ast.Attribute) else node.id)
    return {name for name in found if _is_private(name)}


def test_no_private_name_of_another_package_is_asked_for():
    own, found = _own_names(), []
    for file, tree in _trees():
        for node in ast.walk(tree):
            names = [node.attr] if isinstance(node, ast.Attribute) else []
            if isinstance(node, ast.Import | ast.ImportFrom):
                module = (getattr(node, "module", None) or "").split(".")
                names = [*module, *(part for alias in node.names for part in alias.name.split("."))]
            found += [f"{file}:{node.lineno} {name}" for name in names if _is_private(name) and name not in own]
    assert found == []


def test_no_private_name_of_another_package_is_overridden():
    """A subclass that happens to use a private name of its base changes what the base does, unseen."""
    modules = [m.name for m in pkgutil.walk_packages(app.__path__, "app.") if not m.name.endswith("__main__")]
    found = set()
    for module in map(importlib.import_module, modules):
        file = module.__name__.replace(".", "/") + ".py"
        for kind in vars(module).values():
            if isinstance(kind, type) and kind.__module__ == module.__name__ and file not in ALLOWED:
                found |= {f"{file} {kind.__name__}.{name}" for name in _overridden(kind)}
    assert found == set()


def test_nothing_of_another_package_is_replaced_elsewhere():
    users = {
        file
        for file, tree in _trees(set())
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "app.runtime.patched"
    }
    assert users <= ALLOWED


def _overridden(kind: type) -> set[str]:
    """Private names of a class that a base from another package has too."""
    own = {"app", *sys.stdlib_module_names}
    bases = [base for base in kind.__mro__ if base.__module__.partition(".")[0] not in own]
    names = {name for name in vars(kind) if _is_private(name)} - {"_abc_impl"}  # which abc gives to every class
    return {name for name in names if any(name in vars(base) for base in bases)}
