"""Catalogues that tweakreg is given: an absolute one, and sources of each exposure."""

import os
from collections.abc import Iterator
from pathlib import Path

from app.config.schema import nearest
from app.plan.catalogue import Catalogue, mean_epoch
from app.plan.catalogue_table import catalogue_file, read_catalogue
from app.plan.parameters import Parameters
from app.plan.plan import Plan
from app.record.caveats import Caveat
from app.runtime.errors import ConfigError, InputError, Lv3Error, in_one_line

__all__ = ["check"]

#: Where tweakreg asks for a catalogue (stcal.tweakreg.astrometric_utils).
CATALOGUE_URL = "https://gsss.stsci.edu/webservices"
_TIMEOUT = 5.0  # [s]
_HOURS = 15.0  # degrees in an hour of right ascension


def check(plan: Plan, parameters: Parameters) -> Iterator[Caveat | Lv3Error | str]:
    """Catalogues that are missing, cannot be used, or are ignored."""
    if parameters.skips("tweakreg"):
        return
    if path := catalogue_file(parameters):
        yield from _absolute(plan, parameters, path)
    elif name := (parameters.of("tweakreg", "abs_refcat") or "").strip():
        yield from _online(plan.config.offline, name)
    catfile = parameters.of("tweakreg", "catfile").strip()
    if catfile and parameters.of("tweakreg", "use_custom_catalogs"):
        yield from _source_catalogues(plan, Path(catfile))
    elif catfile:
        yield ConfigError(
            f"jwst_parameters.tweakreg.catfile={catfile}: is ignored without "
            "jwst_parameters.tweakreg.use_custom_catalogs=true; set that, or take catfile out"
        )


def _online(offline: bool | None, catalogue: str) -> Iterator[Lv3Error]:
    where = f"jwst_parameters.tweakreg.abs_refcat={catalogue}: is fetched over the network"
    what = "save the catalogue where there is one (action=catalogue save_catalogue=FILE.ecsv), and give its file name"
    if offline:
        yield ConfigError(f"{where}, and offline=true; {what}")
    elif offline is None and (failure := _connection_failure()):
        yield InputError(f"{where}, which cannot be reached ({failure}); {what}, or set offline=false to try anyway")


def _connection_failure() -> str:
    """Why the catalogue service cannot be reached; empty where it answers, whatever it says."""
    import requests

    url = os.environ.get("ASTROMETRIC_CATALOG_URL", CATALOGUE_URL)
    try:
        requests.head(url, timeout=_TIMEOUT)
    except requests.RequestException as error:
        return f"{url}: {type(error).__name__}"
    return ""


def _absolute(plan: Plan, parameters: Parameters, path: Path) -> Iterator[Caveat | Lv3Error | str]:
    """An absolute catalogue in a file: where too few of its rows can be found, tweakreg aligns nothing."""
    from stcal.tweakreg.tweakreg import SINGLE_GROUP_REFCAT

    where = f"jwst_parameters.tweakreg.abs_refcat={path}"
    for exposure in plan.science:
        if exposure.epoch is None:
            yield InputError(
                f"{exposure.file}: DATE-OBS is {exposure.date!r}: a date is needed, because abs_refcat is set"
            )
    if not path.is_file():
        online = ", ".join(SINGLE_GROUP_REFCAT)
        yield InputError(f"{where}: no such file, and none of the online catalogues {online}")
        return
    try:
        catalogue = read_catalogue(path)
    except InputError as error:
        yield error
        return
    yield from _rows(plan, parameters, catalogue, where)
    if catalogue.motions is not None and catalogue.epochs is None:
        yield Caveat(
            "catalogue_epoch",
            f"{where}: has proper motions and no column ref_epoch: its positions are used unchanged.",
            "Add a column ref_epoch, the Julian epoch of the positions [yr].",
        )


def _rows(plan: Plan, parameters: Parameters, catalogue: Catalogue, where: str) -> Iterator[Lv3Error | str]:
    """Count the rows that can be found in the exposures, and say how they are moved."""
    epoch, minobj = mean_epoch(plan.science), parameters.of("tweakreg", "abs_minobj")
    least = max(minobj, 1)
    moved = catalogue.at(epoch) if epoch else catalogue
    margin = parameters.of("tweakreg", "abs_searchrad")
    n_inside = int(moved.inside(plan.science, margin).sum())
    counted = (
        f"{where}: {n_inside} of {len(catalogue)} rows are within abs_searchrad={margin:g} arcsec of the footprints"
    )
    if n_inside < least:
        yield InputError(
            f"{counted}, and {least} are needed (abs_minobj={minobj}), else tweakreg aligns nothing"
            f"{_as_hours(plan, catalogue)}; "
            "give a catalogue of this field, or lower abs_minobj"
        )
    elif catalogue.moves and epoch:
        left_out = f", {n} without proper motion left out" if (n := len(catalogue) - len(moved)) else ""
        distance = f"{catalogue.motion_until(epoch):.1f} mas (median)"
        yield f"{counted}; positions are moved to epoch {epoch:.2f} by proper motion, {distance}{left_out}"
    else:
        yield counted


def _as_hours(plan: Plan, catalogue: Catalogue) -> str:
    """A hint where right ascensions would be in the field if they were in hours."""
    if not len(catalogue):
        return ""
    n = int(Catalogue(catalogue.path, catalogue.positions * [_HOURS, 1]).inside(plan.science).sum())
    return f"; {n} would be in the footprints if RA were in hours: write it in degrees" if n else ""


def _source_catalogues(plan: Plan, catfile: Path) -> Iterator[Lv3Error]:
    """The list of source catalogues, and the files in it, relative to the list."""
    where = f"jwst_parameters.tweakreg.catfile={catfile}"
    try:
        lines = [line.split() for line in catfile.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        yield InputError(f"{where}: cannot be read ({error})")
        return
    names = [e.name for e in plan.science]
    for row in (row for row in lines if row and not row[0].startswith("#")):
        if len(row) > 2:
            yield InputError(f"{where}: {' '.join(row)!r}: two columns are needed, exposure and catalogue")
        elif len(row) == 2 and (problem := _source_problem(catfile.parent / row[1])):
            yield InputError(f"{where}: {row[0]}: {problem}")
        if row[0] not in names and not plan.config.is_of_survey:
            yield InputError(f"{where}: {row[0]} is not a science exposure of this run{nearest(row[0], names)}")


def _source_problem(path: Path) -> str:
    """Why tweakreg cannot use a catalogue of an exposure's sources; empty where it can."""
    from astropy.table import Table

    if not path.is_file():
        return f"no such file {path}"
    try:
        columns = Table.read(path).colnames
    except Exception as error:  # noqa: BLE001 - astropy's readers raise what they like
        return f"{path}: cannot be read as a table ({in_one_line(error)})"
    for axis in "xy":
        if not {axis, f"{axis}centroid", f"{axis}_centroid"} & set(columns):
            return f"{path}: has no column {axis}, {axis}centroid or {axis}_centroid; there are {', '.join(columns)}"
    return ""
