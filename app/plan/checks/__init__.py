"""What can be known before a run: what would make it fail, or make its result less than it could be.

A file for each family of checks. A check yields what it finds: a caveat, a note, which is a text, or an error of the
class that says which exit status the run would have. None stops the others, so that a user sees everything at once.
"""

from dataclasses import dataclass

from app.plan.checks import (
    alignment,
    apertures,
    backgrounds,
    catalogues,
    coverage,
    departures,
    disk,
    exposures,
    footprint,
    groups,
    moving,
    outliers,
    outputs,
    products,
    reach,
    references,
    size,
    sky_matching,
    tiles,
    version,
)
from app.plan.cost import Estimate, estimate
from app.plan.parameters import Parameters, check_parameters, effective
from app.plan.plan import Plan
from app.record.caveats import Caveat
from app.runtime.errors import ConfigError, CrdsError, InputError, Lv3Error, StrictError

__all__ = ["Outlook", "look_ahead", "preflight"]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known about a run before it starts.

    Parameters
    ----------
    parameters : Parameters
        Effective parameters, without those that are refused.
    cost : Estimate or None
        None where the mosaic's grid cannot be known.
    errors : list of Lv3Error
        What would make it fail.
    caveats : list of Caveat
        What makes its result less than it could be.
    notes : list of str
        What is as it should be, and good to know.
    """

    parameters: Parameters
    cost: Estimate | None
    errors: list[Lv3Error]
    caveats: list[Caveat]
    notes: list[str]

    @property
    def problems(self) -> list[str]:
        """What would make it fail, a sentence a problem."""
        return [problem for error in self.errors for problem in error.problems]

    def conclude(self, strict: bool) -> list[Caveat]:
        """Return the caveats of a run that can start.

        Parameters
        ----------
        strict : bool
            Caveats are not allowed.

        Raises
        ------
        Lv3Error
            Of the class of the first error, with the problems of all.
        StrictError
            There are caveats, and none is allowed.
        """
        if self.errors:
            raise type(self.errors[0])(self.problems)
        if self.caveats and strict:
            raise StrictError([f"{c.code}: {c.message} {c.hint} (strict=true)" for c in self.caveats])
        return self.caveats


def look_ahead(plan: Plan) -> Outlook:
    """Find out what can be known about a run; the CRDS environment is set (see `crds.set_environment`).

    Parameters
    ----------
    plan : Plan
    """
    from app.runtime.asdf_internals import quick_asdf  # not above: where jobs are submitted from there is no asdf

    with quick_asdf():
        return _look_ahead(plan)


def _look_ahead(plan: Plan) -> Outlook:
    found: list[Caveat | Lv3Error | str] = [*version.check(plan), *outputs.check(plan), *references.check(plan)]
    try:
        chosen = plan.layers
    except CrdsError:  # said by references.check
        chosen = plan.asked
    try:
        check_parameters(plan.config, plan.band, chosen)
    except ConfigError as error:
        found.append(error)
    parameters = effective(chosen)
    cost = None
    try:
        cost = None if parameters.skips("resample") else estimate(plan, parameters)
    except InputError as error:
        found.append(error)
    found += [*departures.check(plan), *exposures.check(plan), *backgrounds.check(plan)]
    found += [*footprint.check(plan), *coverage.check(plan, parameters), *moving.check(plan, parameters)]
    found += [*alignment.check(plan, parameters), *reach.check(plan, parameters), *groups.check(plan, parameters)]
    found += [*catalogues.check(plan, parameters), *outliers.check(plan, parameters), *apertures.check(parameters)]
    found += sky_matching.check(plan, parameters)
    found += [*tiles.check(plan, parameters, cost)]
    found += [*(size.check(plan, cost) if cost else []), *disk.check(plan, cost), *products.check(plan, parameters)]
    errors = [finding for finding in found if isinstance(finding, Lv3Error)]
    caveats = [finding for finding in found if isinstance(finding, Caveat)]
    return Outlook(parameters, cost, errors, caveats, [finding for finding in found if isinstance(finding, str)])


def preflight(plan: Plan) -> Outlook:
    """Refuse a run that would fail, as `Outlook.conclude` does, and say what is known about one that can start."""
    outlook = look_ahead(plan)
    outlook.conclude(plan.config.strict)
    return outlook
