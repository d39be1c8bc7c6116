"""Products that are made after the mosaic: what would make them fail when hours have gone by."""

from collections.abc import Iterator

from app.plan.parameters import Parameters
from app.plan.plan import Plan
from app.runtime.errors import ConfigError

__all__ = ["check"]


def check(plan: Plan, parameters: Parameters) -> Iterator[ConfigError]:
    """Find what `do_drizzle` and `do_blot` miss.

    Parameters
    ----------
    plan : Plan
    parameters : Parameters
        Effective parameters.
    """
    asked = [key for key in ("do_drizzle", "do_blot") if getattr(plan.config, key)]
    if asked and parameters.skips("resample"):
        yield ConfigError(
            f"{' and '.join(f'{key}=true' for key in asked)}: there will be no mosaic, for resample.skip is true "
            f"({parameters['resample']['skip'].origin}); leave that out, or set {' and '.join(asked)} to false"
        )
