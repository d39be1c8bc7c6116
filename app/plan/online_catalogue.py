"""An online catalogue for the field of a run, asked for as jwst does, with what moves its stars.

The service is that of `stcal.tweakreg`: its address is in the environment variable ``ASTROMETRIC_CATALOG_URL``, which
stcal reads.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from app.observation.exposure import Exposure
from app.observation.tangent_plane import place_of, unit_vectors
from app.runtime.errors import InputError, in_one_line

if TYPE_CHECKING:
    from astropy.table import Table

__all__ = ["COLUMNS", "fetch_catalogue", "field_of"]

#: Columns that are kept, their units, and the names that services have for them in any case, the best first. Errors are
#: taken where they have the names of Gaia's archive alone: the units of others are not known.
COLUMNS: dict[str, tuple[str | None, tuple[str, ...]]] = {
    "ra": ("deg", ("ra",)),
    "dec": ("deg", ("dec",)),
    "ra_error": ("mas", ("ra_error",)),
    "dec_error": ("mas", ("dec_error",)),
    "pmra": ("mas / yr", ("pmra",)),
    "pmdec": ("mas / yr", ("pmdec",)),
    "pmra_error": ("mas / yr", ("pmra_error",)),
    "pmdec_error": ("mas / yr", ("pmdec_error",)),
    "ref_epoch": ("yr", ("ref_epoch", "epoch")),
    "mag": ("mag", ("mag", "phot_g_mean_mag")),
    "source_id": (None, ("source_id", "objid")),
}
_NEEDED = ("ra", "dec", "pmra", "pmdec", "ref_epoch")
_POLE = 90.0  # [deg]
_WHAT = (
    "try again where there is a network (ASTROMETRIC_CATALOG_URL is the service's address, where it is not the usual "
    "one), or give a catalogue of your own: jwst_parameters.tweakreg.abs_refcat=FILE"
)


def field_of(exposures: Sequence[Exposure], margin: float) -> tuple[float, float, float]:
    """The circle on the sky that holds the footprints: right ascension, declination and radius [deg].

    Parameters
    ----------
    exposures : sequence of Exposure
    margin : float
        Width of the border around them [arcsec].
    """
    corners = unit_vectors(np.concatenate([e.corners for e in exposures]))
    middle = corners.mean(axis=0)
    ra, dec = place_of(middle)
    cosines = corners @ (middle / np.linalg.norm(middle))
    return ra, dec, float(np.degrees(np.arccos(np.clip(cosines, -1, 1).min()))) + margin / 3600


def fetch_catalogue(name: str, exposures: Sequence[Exposure], margin: float) -> "Table":
    """Ask for the stars of a field, at the epoch of the catalogue, with proper motions.

    Parameters
    ----------
    name : str
        ``GAIADR3``, or another that `stcal.tweakreg` knows.
    exposures : sequence of Exposure
    margin : float
        Width of the border around their footprints [arcsec].

    Returns
    -------
    astropy.table.Table
        With those of `COLUMNS` that the service has; masked where it has no value.

    Raises
    ------
    InputError
        No answer, an answer that is no catalogue, or no star there.
    """
    from requests import RequestException
    from stcal.tweakreg import astrometric_utils

    ra, dec, radius = field_of(exposures, margin)
    asked = f"{name} within {radius:.3f} deg of ra={ra:.5f} dec={dec:+.5f}"
    where = f"{asked} from {astrometric_utils.SERVICELOCATION}"
    try:
        answer = astrometric_utils.get_catalog(ra, dec, epoch=None, search_radius=radius, catalog=name)
    except RequestException as error:
        raise InputError(f"{where}: no answer ({in_one_line(error)}); {_WHAT}") from error
    except Exception as error:  # whatever a reader of tables says of a page in HTML
        raise InputError(f"{where}: the answer is no table ({in_one_line(error)}); {_WHAT}") from error
    table = _kept(answer)
    if problems := list(_problems(table, answer.colnames)):
        raise InputError(f"{where}: the answer is no catalogue: {problem}; {_WHAT}" for problem in problems)
    if not len(table):
        what = "another catalogue may have some, or this field cannot be aligned to one"
        raise InputError(f"{where}: no star there; {what}")
    table.meta = {"catalogue": name, "service": astrometric_utils.SERVICELOCATION, "field": asked}
    return table


def _kept(answer: "Table") -> "Table":
    """The columns that are wanted, under our names."""
    from astropy.table import Table

    present = {column.lower(): column for column in reversed(answer.colnames)}
    kept = Table()
    for name, (unit, names) in COLUMNS.items():
        if found := next((present[n] for n in names if n in present), None):
            kept[name] = answer[found]
            kept[name].unit = unit
    return kept


def _problems(table: "Table", there: Sequence[str]) -> Iterator[str]:
    """What is wrong with an answer; one without any column says that there is no star."""
    lacking = [name for name in _NEEDED if name not in table.colnames]
    if lacking and there:
        yield f"it has no {', '.join(lacking)}, but {', '.join(map(repr, there[:8]))}"
    if lacking or not len(table):
        return
    texts = [name for name in _NEEDED if table[name].dtype.kind not in "fiu"]
    yield from (f"{name} holds {str(table[name][0])!r}" for name in texts)
    if not texts and not (np.isfinite(table["ra"]).all() and (np.abs(table["dec"]) <= _POLE).all()):
        yield "ra or dec are no places on the sky"
