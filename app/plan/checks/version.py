"""Known faults of the version of this program that runs."""

from collections.abc import Iterator

from app.plan.plan import Plan
from app.record.caveats import Caveat
from app.record.flagged import faults_of
from app.record.provenance import own_version
from app.runtime.errors import ConfigError

__all__ = ["check"]


def check(_: Plan) -> Iterator[Caveat | ConfigError]:
    """A caveat for each fault, or why the list of faults cannot be read."""
    version = own_version()
    try:
        yield from (fault.caveat(version) for fault in faults_of(version))
    except ConfigError as error:
        yield error
