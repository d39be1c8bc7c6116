"""How scatter is measured where some values are no part of it."""

__all__ = ["PER_MAD"]

#: Standard deviations to a median absolute deviation, where noise is normal.
PER_MAD = 1.4826
