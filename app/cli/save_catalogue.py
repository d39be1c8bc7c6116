"""``action=catalogue``: an online catalogue of the run's field in a file, for machines that have no network."""

import io
import logging
from pathlib import Path

from app.config.schema import Lv3Config
from app.plan.catalogue_table import catalogue_file
from app.plan.online_catalogue import fetch_catalogue
from app.plan.plan import Plan, make_plan
from app.runtime.errors import ConfigError, InputError
from app.runtime.files import write_text

__all__ = ["save_catalogue"]

log = logging.getLogger(__name__)

#: The catalogue where none is named.
USUAL = "GAIADR3"
#: Width of the border around the footprints [arcsec]: a visit on a wrong guide star, and what it finds there.
MARGIN = 90.0
#: Keyword, in the head of the file, by which it is known to be ours.
OURS = "saved by jwst-lv3"


def save_catalogue(config: Lv3Config) -> Path:
    """Save the catalogue that `jwst_parameters.tweakreg.abs_refcat` names, or GAIADR3, for the field of a run.

    Parameters
    ----------
    config : Lv3Config
        `save_catalogue` says where.

    Returns
    -------
    Path
        The file; it appears whole or not at all.

    Raises
    ------
    ConfigError
        `save_catalogue` is not given, is no ECSV file, or is there and may not be replaced.
    InputError
        No usable answer, or the file cannot be written.
    """
    path = _place(config)
    plan = make_plan(config)
    table = fetch_catalogue(_name(plan), plan.science, MARGIN)
    table.meta |= {OURS: True}
    text = io.StringIO()
    table.write(text, format="ascii.ecsv")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text.getvalue())
    except OSError as error:
        raise InputError(f"save_catalogue={config.save_catalogue}: cannot be written ({error.strerror})") from error
    log.info("%s: %d rows; jwst_parameters.tweakreg.abs_refcat=%s aligns to it", path, len(table), path)
    return path


def _name(plan: Plan) -> str:
    """The online catalogue that the run would ask for."""
    named = (plan.parameters.of("tweakreg", "abs_refcat") or "").strip()
    return USUAL if not named or catalogue_file(plan.parameters) else named.upper()


def _place(config: Lv3Config) -> Path:
    """Where the file goes, unless that is not allowed."""
    if not config.save_catalogue:
        raise ConfigError("save_catalogue: not given; action=catalogue needs it: write save_catalogue=FILE.ecsv")
    path = Path(config.save_catalogue).resolve()
    where = f"save_catalogue={config.save_catalogue}"
    if path.suffix != ".ecsv":
        raise ConfigError(f"{where}: is written as ECSV, which keeps units: write {path.with_suffix('.ecsv').name}")
    if path.exists() and not _is_ours(path):
        raise ConfigError(f"{where}: is there, and was not saved by action=catalogue: give another name")
    if path.exists() and not config.overwrite:
        raise ConfigError(f"{where}: is there; overwrite=true replaces it")
    return path


def _is_ours(path: Path) -> bool:
    """Whether a file was saved by this action."""
    from astropy.table import Table

    try:
        return OURS in Table.read(path, format="ascii.ecsv").meta
    except Exception:  # noqa: BLE001 - a folder, another form, no rights: none of ours
        return False
