"""What can be known before a run: what would make it fail, or make its result less than it could be.

A file for each family of checks. A check yields what it finds: a caveat, or an error of the class that says which exit
status the run would have. None stops the others, so that a user sees everything at once.
"""

from collections.abc import Iterable, Iterator

from app.caveats import Caveat
from app.errors import CrdsError, Lv3Error, StrictError
from app.parameters import check_parameters, effective
from app.plan import Plan
from app.preflight import alignment, estimate, footprint, references, sky

__all__ = ["Finding", "conclude", "findings", "preflight"]

Finding = Caveat | Lv3Error

_CHECKS = (alignment.check, sky.check, footprint.check, estimate.check)


def findings(plan: Plan) -> Iterator[Finding]:
    """Everything that is worth saying about a plan before it runs.

    Parameters
    ----------
    plan : Plan

    Yields
    ------
    Lv3Error or Caveat
    """
    yield from references.check(plan)
    try:
        chosen = plan.layers
    except CrdsError:  # said by references.check
        chosen = plan.asked
    try:
        check_parameters(plan.config, plan.band, chosen)
    except Lv3Error as error:
        yield error
    parameters = effective(chosen)
    for check in _CHECKS:
        yield from check(plan, parameters)


def preflight(plan: Plan) -> list[Caveat]:
    """Refuse a run that would fail.

    Parameters
    ----------
    plan : Plan
        The CRDS environment is set (see `crds.set_environment`).

    Returns
    -------
    list of Caveat
        For the record.

    Raises
    ------
    Lv3Error
        Of the class of the first problem, with the problems of all checks.
    StrictError
        There are caveats, and `strict` allows none.
    """
    return conclude(findings(plan), plan.config.strict)


def conclude(found: Iterable[Finding], strict: bool) -> list[Caveat]:
    """Raise the errors among findings as one, as `preflight` does; return the caveats."""
    found = list(found)
    errors = [finding for finding in found if isinstance(finding, Lv3Error)]
    caveats = [finding for finding in found if isinstance(finding, Caveat)]
    if errors:
        raise type(errors[0])([problem for error in errors for problem in error.problems])
    if caveats and strict:
        raise StrictError([f"{c.message} ({c.code}; strict=true). {c.hint}".strip() for c in caveats])
    return caveats
