"""A small synthetic CRDS cache for demo, self-test and tests: valid for the crds client, the same bytes each time.

It holds the reference types that calwebb_image3 asks for, for imaging with MIRI, NIRCam and NIRISS in every band of
`app.observation.bands`. Its context and its headers say SYNTHETIC, so that it cannot be taken for STScI's. Parameter
references carry values that are not the defaults of the steps, so that a test sees them arrive.
"""

import io
from pathlib import Path

import asdf
import numpy as np
from astropy.io import fits
from astropy.table import Table

from app.crds.cache.layout import write_config, write_imap, write_pmap, write_rmap
from app.crds.environment import SYNTHETIC_CONTEXT
from app.crds.manifest import write_manifest
from app.observation.bands import BANDS, Band, Instrument
from app.runtime.errors import CrdsError

__all__ = ["PARAMETERS", "SYNTHETIC_CONTEXT", "make_synthetic_cache"]

_SERIAL = "9001"
_DATE = "2026-01-01T00:00:00"
_USE_AFTER = "2014-01-01T00:00:00"
_NOTE = "SYNTHETIC, for tests and demonstration. Not for science."

_MIRI_SUBARRAYS = ("FULL", "GENERIC", "BRIGHTSKY", "SUB256", "SUB128", "SUB64")
_ENCIRCLED = np.array([0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])

#: Parameter references: step class and the parameters in it, none at the step's default.
PARAMETERS: dict[str, tuple[str, dict[str, object]]] = {
    "pars-tweakregstep": (
        "jwst.tweakreg.tweakreg_step.TweakRegStep",
        {"kernel_fwhm": 2.53, "snr_threshold": 7.0, "minobj": 6},
    ),
    "pars-outlierdetectionstep": (
        "jwst.outlier_detection.outlier_detection_step.OutlierDetectionStep",
        {"snr": "5.5 4.5", "scale": "1.3 0.8"},
    ),
    "pars-resamplestep": ("jwst.resample.resample_step.ResampleStep", {"weight_type": "exptime"}),
    "pars-sourcecatalogstep": (
        "jwst.source_catalog.source_catalog_step.SourceCatalogStep",
        {"kernel_fwhm": 2.53, "snr_threshold": 4.0},
    ),
}
_NOT_APPLICABLE = ("pars-assignmtwcsstep", "pars-skymatchstep", "pars-image3pipeline")


def make_synthetic_cache(cache: Path) -> Path:
    """Write the cache, with its manifest.

    Parameters
    ----------
    cache : pathlib.Path
        A folder that does not exist yet, or is empty.

    Returns
    -------
    pathlib.Path
        The same.
    """
    cache.mkdir(parents=True, exist_ok=True)
    if any(cache.iterdir()):
        raise CrdsError(f"{cache} is not empty: a CRDS cache is made in a new folder.")
    mappings = cache / "mappings/jwst"
    mappings.mkdir(parents=True)
    imaps = {str(instrument): _write_instrument(cache, instrument) for instrument in Instrument}
    write_pmap(mappings / SYNTHETIC_CONTEXT, imaps, _NOTE)
    write_config(cache, SYNTHETIC_CONTEXT, bad_files=(), origin="synthetic")
    write_manifest(cache)
    return cache


def _write_instrument(cache: Path, instrument: Instrument) -> str:
    """Write references and mappings of one instrument; returns the name of its imap."""
    mappings, references = cache / "mappings/jwst", cache / "references/jwst" / instrument
    references.mkdir(parents=True)
    rmaps = dict.fromkeys(_NOT_APPLICABLE, "N/A")
    for reftype in ("apcorr", "abvegaoffset", *PARAMETERS):
        extension = "fits" if reftype == "apcorr" else "asdf"
        reference = references / f"jwst_{instrument}_{reftype}_{_SERIAL}.{extension}"
        _write_reference(reference, instrument, reftype)
        rmaps[reftype] = f"{reference.stem}.rmap"
        exp_type = None if reftype == "abvegaoffset" else instrument.exp_type
        write_rmap(mappings / rmaps[reftype], instrument, reftype, {exp_type: reference.name}, _NOTE)
    imap = f"jwst_{instrument}_{_SERIAL}.imap"
    write_imap(mappings / imap, instrument, rmaps, _NOTE)
    return imap


def _write_reference(path: Path, instrument: Instrument, reftype: str) -> None:
    match reftype:
        case "apcorr":
            _write_apcorr(path, instrument)
        case "abvegaoffset":
            _write_abvegaoffset(path, instrument)
        case _:
            step_class, parameters = PARAMETERS[reftype]
            tree = {"class": step_class, "name": step_class.split(".")[1], "parameters": parameters}
            _write_asdf(path, tree | {"meta": _meta(instrument, reftype)})


def _meta(instrument: Instrument, reftype: str) -> dict:
    return {
        "author": "synthetic", "date": _DATE, "description": _NOTE, "instrument": {"name": instrument.upper()},
        "exposure": {"type": instrument.exp_type}, "origin": "STScI", "pedigree": "DUMMY", "reftype": reftype,
        "telescope": "JWST", "useafter": _USE_AFTER,
    }  # fmt: skip


def _write_apcorr(path: Path, instrument: Instrument) -> None:
    second, model = {
        Instrument.MIRI: ("subarray", "MirImgApcorrModel"),
        Instrument.NIRCAM: ("pupil", "NrcImgApcorrModel"),
        Instrument.NIRISS: ("pupil", "NisImgApcorrModel"),
    }[instrument]
    columns = [("eefraction", "f4"), ("radius", "f4"), ("apcorr", "f4"), ("skyin", "f4"), ("skyout", "f4")]
    rows = [row for band in BANDS if band.instrument is instrument for row in _apcorr_rows(band)]
    table = np.array(rows, dtype=[("filter", "S12"), (second, "S15"), *columns])
    primary = fits.PrimaryHDU()
    primary.header.update(
        DATE=_DATE, FILENAME=path.name, DATAMODL=model, TELESCOP="JWST", REFTYPE="APCORR", PEDIGREE="DUMMY",
        DESCRIP=_NOTE, AUTHOR="synthetic", USEAFTER=_USE_AFTER, INSTRUME=instrument.upper(),
        EXP_TYPE=instrument.exp_type,
    )  # fmt: skip
    fits.HDUList([primary, fits.BinTableHDU(table, name="APCORR")]).writeto(path)


def _apcorr_rows(band: Band) -> list[tuple]:
    """Aperture corrections of a Gaussian, EE(r) = 1 - exp(-4 ln2 r^2 / fwhm^2); radii in pixels."""
    radii = band.fwhm * np.sqrt(-np.log(1 - _ENCIRCLED) / (4 * np.log(2)))
    miri = band.instrument is Instrument.MIRI
    return [
        (*selector, fraction, radius, 1 / fraction, 4 * band.fwhm, 6 * band.fwhm)
        for selector in ([(band.name, name) for name in _MIRI_SUBARRAYS] if miri else [band.wheels.values()])
        for fraction, radius in zip(_ENCIRCLED, radii, strict=True)
    ]


def _write_abvegaoffset(path: Path, instrument: Instrument) -> None:
    """AB - Vega offsets [mag] that rise by 0.1 from band to band."""
    bands = [band for band in BANDS if band.instrument is instrument]
    offsets = (1 + 0.1 * np.arange(len(bands))).astype("f4")
    if instrument is Instrument.MIRI:
        table = Table({"filter": [band.name for band in bands], "abvega_offset": offsets})
    else:
        filters, pupils = zip(*(band.wheels.values() for band in bands), strict=True)
        table = Table({"filter": filters, "pupil": pupils, "abvega_offset": offsets})
    meta = _meta(instrument, "abvegaoffset") | {"filename": path.name, "model_type": "ABVegaOffsetModel"}
    _write_asdf(path, {"abvega_offset": table, "meta": meta})


def _write_asdf(path: Path, tree: dict) -> None:
    """Write the tree so that the same tree gives the same bytes.

    asdf notes down the extensions that it used in the order of a set, that is of memory addresses, but keeps the order
    of those that are listed already: so they are found out first, and listed in order.
    """
    draft = io.BytesIO()
    asdf.AsdfFile(tree).write_to(draft)
    draft.seek(0)
    with asdf.open(draft) as file:
        extensions = sorted(file["history"]["extensions"], key=lambda extension: extension["extension_uri"])
    asdf.AsdfFile({**tree, "history": {"extensions": extensions}}).write_to(path)
