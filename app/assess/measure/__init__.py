"""Measurements of what a run did, from the data and not from step flags."""

from app.assess.measure.observation import measure

__all__ = ["measure"]
