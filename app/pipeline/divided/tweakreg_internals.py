"""All that we use of jwst's tweakreg, and of stcal's, beyond what they declare public.

tests/pipeline/divided/test_tweakreg_internals.py fails when a release changes any of it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
from astropy.table import Table
from jwst.datamodels import ImageModel
from jwst.tweakreg import TweakRegStep
from stcal.tweakreg import tweakreg as aligning

from app.pipeline.divided.exposure_files import ExposureFile, without_arrays
from app.pipeline.divided.photutils_internals import fast_background, fast_peaks
from app.runtime.patched import patched
from app.runtime.pool import run_all

__all__ = ["KnownSourcesStep", "find_sources", "other_alignment", "reference_catalogue"]


class KnownSourcesStep(TweakRegStep):
    """tweakreg with sources that were found elsewhere.

    The public way, files of catalogues, would leave its traces in the products' headers.

    Attributes
    ----------
    sources : callable
        Catalogues by the exposures' file names; called when the step needs sources.
    procs : int
        Number of processes that write what was found into the exposures.
    """

    sources: Callable[[], Mapping[str, Table]]
    procs: int = 1

    def _find_sources(self, image_model: ImageModel) -> Table:
        return self.sources()[image_model.meta.filename]

    def apply_corrections(self, library: Any, correctors: list) -> None:
        """Give every member the WCS of its corrector, and the keywords that follow from it, as tweakreg does."""
        self._apply_tweakreg_solution(library, correctors)

    def _apply_tweakreg_solution(self, images: Any, correctors: list, align_to_abs_refcat: bool = False) -> Any:
        """Do it by several processes, member by member: fits of the keywords take half the time of an alignment."""
        names = [name for name in self.get_pars() if name.startswith("sip_")]
        correct = partial(_correct, {name: getattr(self, name) for name in (*names, "abs_refcat")}, align_to_abs_refcat)
        results = [SimpleNamespace(wcs=c.wcs, meta={"fit_info": c.meta.get("fit_info", _NO_FIT)}) for c in correctors]
        images.restore(list(run_all(correct, list(zip(images.exposures(), results, strict=True)), self.procs)))
        return images


#: What tweakreg takes for a failure.
_NO_FIT = {"status": "FAILED"}


def _correct(parameters: Mapping[str, Any], is_absolute: bool, task: tuple[ExposureFile, Any]) -> ExposureFile:
    """The exposure with the WCS that tweakreg has found, and the keywords that follow from it."""
    exposure, result = task
    member = _Member(exposure.without_pixels())
    TweakRegStep._apply_tweakreg_solution(SimpleNamespace(**parameters), member, [result], is_absolute)
    return exposure.with_tree(without_arrays(member.model.instance))


class _Member:
    """One exposure where a library is expected."""

    def __init__(self, model: ImageModel) -> None:
        self.model = model

    def __enter__(self) -> "_Member":
        return self

    def __exit__(self, *_: object) -> None:
        """Close nothing."""

    def __iter__(self) -> Iterator[ImageModel]:
        yield self.model

    def shelve(self, model: ImageModel) -> None:
        """Take the model back."""


@contextmanager
def other_alignment(relative: Callable[..., list], absolute: Callable[..., list]) -> Iterator[None]:
    """Context in which other functions than stcal's align the correctors of tweakreg.

    All that it does before and after, from the sources to the keywords of the WCS, stays as it is.
    """
    with patched(aligning, "relative_align", relative), patched(aligning, "absolute_align", absolute):
        yield


#: Standard error of a catalogue's place where the catalogue does not say [arcsec].
_CATALOGUE_ERROR = 0.005


def reference_catalogue(
    correctors: list, abs_refcat: str, ref_wcs: Any, ref_wcsinfo: dict, epoch: float, **options: Any
) -> tuple[np.ndarray, np.ndarray]:
    """The catalogue that tweakreg would align to, as stcal gets it: from a file, or online at the epoch.

    Returns
    -------
    places : ndarray of shape (n, 2)
        Right ascension and declination [deg].
    errors : ndarray of shape (n,)
        Standard errors, an axis [arcsec], from columns ra_error and dec_error [mas] as in Gaia's archive.
    """
    own = {"save_abs_catalog": options.get("save_abs_catalog", False)}
    own |= {"output_dir": options.get("abs_catalog_output_dir")}
    table = aligning._parse_refcat(abs_refcat, correctors, ref_wcs, ref_wcsinfo, epoch, **own)
    columns = {
        name.lower(): np.asarray(table[name], dtype=float) for name in table.colnames if table[name].dtype.kind in "fiu"
    }
    places = np.stack([columns["ra"], columns["dec"]], axis=1)
    errors = np.full(len(places), _CATALOGUE_ERROR)
    if {"ra_error", "dec_error"} <= columns.keys():
        errors = np.hypot(columns["ra_error"], columns["dec_error"]) / np.sqrt(2) / 1000
    is_good = np.all(np.isfinite(places), axis=1) & np.isfinite(errors) & (errors > 0)
    return places[is_good], errors[is_good]


def find_sources(parameters: Mapping[str, Any], exposure: ExposureFile) -> Table:
    """The sources of an exposure as tweakreg with these parameters finds them."""
    with exposure.open("data", "err", "dq") as model, fast_peaks(), fast_background():
        return TweakRegStep(**parameters)._find_sources(model)
