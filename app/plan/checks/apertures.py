"""The apertures of the source catalogue, which says after hours that it cannot have them."""

from collections.abc import Iterator

from app.plan.parameters import Parameters
from app.runtime.errors import ConfigError, Lv3Error

__all__ = ["check"]

NAMES = ("aperture_ee1", "aperture_ee2", "aperture_ee3")


def check(parameters: Parameters) -> Iterator[Lv3Error]:
    """Three shares of a star's light, each more than the one before (`jwst.source_catalog.reference_data`)."""
    if parameters.skips("source_catalog"):
        return
    first, second, third = (parameters.of("source_catalog", name) for name in NAMES)
    if not 0 < first < second < third < 100:
        yield ConfigError(
            f"jwst_parameters.source_catalog: {', '.join(NAMES)} are {first}, {second} and {third}: each has to be "
            "more than the one before, from 1 to 99 [percent of a star's light]; there would be no catalogue"
        )
