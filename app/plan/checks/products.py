"""Products that are made after the mosaic: what would make them fail when hours have gone by, or not be made at all."""

from collections.abc import Iterator

from app.plan.parameters import Parameters
from app.plan.plan import CATALOGUE_UNIT, UNIT_ORIGIN, Plan
from app.record.caveats import Caveat
from app.runtime.errors import ConfigError

__all__ = ["check"]


def check(plan: Plan, parameters: Parameters) -> Iterator[Caveat | ConfigError]:
    """Find what `do_drizzle`, `do_blot` and the catalogue miss.

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
    if parameters["source_catalog"]["skip"].origin.startswith(UNIT_ORIGIN) and not parameters.skips("resample"):
        yield Caveat(
            "no_catalogue_unit",
            f"The exposures are in {plan.science[0].unit}, and source_catalog takes {CATALOGUE_UNIT} alone: there will "
            "be no source catalogue.",
            "Calibrate the exposures with the step photom, or set jwst_parameters.source_catalog.skip=true.",
        )
