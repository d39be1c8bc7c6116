"""Simulated level-2 exposures whose truth is known, for tests, benchmarks and the demo."""

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
