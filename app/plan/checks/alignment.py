"""tweakreg: what would make it skip itself, or fail after an hour."""

import os
from collections.abc import Iterator
from math import sqrt
from pathlib import Path

from app.plan.corrections import follow_problems, read_corrections
from app.plan.parameters import Parameters
from app.plan.plan import Plan
from app.record.caveats import Caveat
from app.runtime.errors import ConfigError, InputError, Lv3Error

__all__ = ["check"]

#: Where tweakreg asks for a catalogue (stcal.tweakreg.astrometric_utils).
CATALOGUE_URL = "https://gsss.stsci.edu/webservices"
_TIMEOUT = 5.0  # [s]


def check(plan: Plan, parameters: Parameters) -> Iterator[Caveat | Lv3Error]:
    """Parameters that contradict each other, catalogues that are not there, nothing to align."""
    if len(plan.science) == 1:
        yield Caveat(
            "single_exposure",
            "There is a single science exposure: nothing to align it with, and no outliers can be found.",
            "Check in_dir, exclude and bgr_check_type if you expected more.",
        )
    kind = plan.config.aligned_by
    if parameters.skips("tweakreg"):
        if kind in ("solution", "from_run"):
            yield _skipped(parameters, kind)
        return
    if kind == "from_run":
        yield from _followed(plan)
        return
    if kind == "tweakreg":
        yield from _separation(parameters)
    catalogue = (parameters.of("tweakreg", "abs_refcat") or "").strip()
    if catalogue:
        yield from _absolute_catalogue(plan, catalogue)
    elif len(plan.groups["tweakreg"]) == 1 and len(plan.science) > 1:
        yield Caveat(
            "one_group",
            f"All {len(plan.science)} exposures are one tweakreg group and there is no absolute catalogue: "
            "nothing will be aligned.",
            "Choose tweakreg_grouping=default, or set jwst_parameters.tweakreg.abs_refcat.",
        )
    if parameters.of("tweakreg", "use_custom_catalogs"):
        yield from _custom_catalogues(parameters.of("tweakreg", "catfile").strip())


def _skipped(parameters: Parameters, kind: str) -> Lv3Error:
    origin = parameters["tweakreg"]["skip"].origin
    return ConfigError(
        f"alignment={kind}: jwst_parameters.tweakreg.skip is true ({origin}), so nothing would be aligned; set "
        "++jwst_parameters.tweakreg.skip=false, or alignment=none"
    )


def _followed(plan: Plan) -> Iterator[Lv3Error]:
    """The run that is followed has to have moved the same visits."""
    place = str(plan.config.align_from)
    try:
        corrections = read_corrections(Path(place))
    except InputError as error:
        yield error
        return
    if problems := follow_problems(corrections, plan.science, place):
        yield InputError(problems)


def _separation(parameters: Parameters) -> Iterator[Lv3Error]:
    """The rule of stcal.tweakreg, under which it logs an error and aligns nothing (jwst#8641)."""
    for prefix in ("", "abs_"):
        separation, tolerance = (parameters.of("tweakreg", prefix + name) for name in ("separation", "tolerance"))
        if separation <= sqrt(2) * tolerance:
            yield ConfigError(
                f"jwst_parameters.tweakreg.{prefix}separation={separation:g}: must be more than sqrt(2) times "
                f"{prefix}tolerance={tolerance:g}, that is {sqrt(2) * tolerance:.3g}; tweakreg would skip itself"
            )


def _absolute_catalogue(plan: Plan, catalogue: str) -> Iterator[Lv3Error]:
    from stcal.tweakreg.tweakreg import SINGLE_GROUP_REFCAT

    if catalogue.upper() in SINGLE_GROUP_REFCAT:
        yield from _online(plan.config.offline, catalogue)
    elif not Path(catalogue).is_file():
        yield InputError(
            f"jwst_parameters.tweakreg.abs_refcat={catalogue}: no such file, and none of the online catalogues "
            f"{', '.join(SINGLE_GROUP_REFCAT)}"
        )
    else:
        yield from _catalogue_file(Path(catalogue))


def _online(offline: bool | None, catalogue: str) -> Iterator[Lv3Error]:
    where = f"jwst_parameters.tweakreg.abs_refcat={catalogue}: is asked for over the network"
    what = "save the catalogue where there is one, and give its file name"
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


def _catalogue_file(path: Path) -> Iterator[Lv3Error]:
    """An absolute catalogue needs RA and DEC [deg], or sky_centroid, as jwst's own catalogues have it."""
    from astropy.table import Table

    where = f"jwst_parameters.tweakreg.abs_refcat={path}"
    try:
        columns = Table.read(path).colnames
    except Exception as error:  # noqa: BLE001 - astropy's readers raise what they like
        yield InputError(f"{where}: cannot be read as a table ({error})".split("\n")[0])
        return
    names = [name.upper() for name in columns]
    if "SKY_CENTROID" not in names and not {"RA", "DEC"} <= set(names):
        yield InputError(f"{where}: has neither columns RA and DEC nor sky_centroid; there are {', '.join(columns)}")
    elif max(names.count("RA"), names.count("DEC"), names.count("SKY_CENTROID")) > 1:
        yield InputError(f"{where}: has more than one column RA, DEC or sky_centroid (upper or lower case)")


def _custom_catalogues(catfile: str) -> Iterator[Lv3Error]:
    """The list of source catalogues, and the files in it, relative to the list."""
    if not catfile:
        return
    where = f"jwst_parameters.tweakreg.catfile={catfile}"
    try:
        lines = [line.split() for line in Path(catfile).read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        yield InputError(f"{where}: cannot be read ({error})")
        return
    rows = [row for row in lines if row and not row[0].startswith("#")]
    for row in rows:
        if len(row) > 2:
            yield InputError(f"{where}: {' '.join(row)!r}: two columns are needed, exposure and catalogue")
        elif len(row) == 2 and not (path := Path(catfile).parent / row[1]).is_file():
            yield InputError(f"{where}: {row[0]}: no such file {path}")
