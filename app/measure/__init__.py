"""Measurements of what a run did, from the data and not from step flags."""

from app.measure.observation import measure

__all__ = ["measure"]
