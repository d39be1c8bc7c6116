"""Simulated level-2 exposures whose truth is known, for tests, benchmarks and the demo."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.simulation.faults import Faults
    from app.simulation.observation import simulate_exposures, simulate_grid, simulate_observation
    from app.simulation.scene import Scene
    from app.simulation.truth import ExposureTruth, Truth

__all__ = [
    "ExposureTruth",
    "Faults",
    "Scene",
    "Truth",
    "simulate_exposures",
    "simulate_grid",
    "simulate_observation",
]


def __getattr__(name: str) -> object:
    # At first use: these import crds, which remembers the environment that it finds, and the self-test sets its own.
    for module in ("faults", "observation", "scene", "truth") if name in __all__ else ():
        found = vars(import_module(f"app.simulation.{module}"))
        if name in found.get("__all__", ()):
            return found[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
