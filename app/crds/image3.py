"""jwst's `Image3Pipeline`, without the pipelines of other stages, which its package loads with it: half a second."""

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from app.runtime.garbage import loading

__all__ = ["Image3Pipeline"]

_PACKAGE = "jwst.pipeline"


def _load() -> ModuleType:
    """The module; where nobody has loaded its package, an empty one stands in for that meanwhile."""
    if _PACKAGE in sys.modules:
        return import_module(f"{_PACKAGE}.calwebb_image3")
    spec = find_spec(_PACKAGE)
    assert spec is not None
    sys.modules[_PACKAGE] = package = ModuleType(_PACKAGE)
    package.__path__ = spec.submodule_search_locations or []
    try:
        return import_module(f"{_PACKAGE}.calwebb_image3")
    finally:
        del sys.modules[_PACKAGE]


with loading():
    Image3Pipeline = _load().Image3Pipeline
