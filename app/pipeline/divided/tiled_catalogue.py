"""The source catalogue of a mosaic that no process holds."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import QTable
from jwst.datamodels import ImageModel
from jwst.source_catalog.reference_data import ReferenceData

from app.pipeline.divided.catalogue_internals import KnownReferences
from app.pipeline.divided.mosaic_file import MosaicFile
from app.pipeline.divided.mosaic_sources import Finder, Measured, find_segments, measure_segments
from app.pipeline.divided.sky_mesh import measure_sky
from app.pipeline.divided.stitching import stitch

__all__ = ["find_and_measure"]

log = logging.getLogger(__name__)


def find_and_measure(
    mosaic: MosaicFile, model: ImageModel, parameters: dict[str, Any], procs: int, folder: Path
) -> tuple[QTable, list[Measured]] | None:
    """Find and measure the sources of a mosaic as jwst's step with these parameters does.

    Parameters
    ----------
    mosaic : MosaicFile
    model : ImageModel
        The mosaic, without arrays.
    parameters : dict
        Of the step, with its reference files as ``override_apcorr`` and ``override_abvegaoffset``.
    procs : int
    folder : Path
        For temporary files.

    Returns
    -------
    QTable, list of Measured
        The catalogue, and what the map of segments is made of; None where there is no source.
    """
    files = [parameters["override_apcorr"], parameters["override_abvegaoffset"]]
    read = ReferenceData(model, files, [parameters[f"aperture_ee{n}"] for n in (1, 2, 3)])
    references = KnownReferences(read.aperture_params, read.abvega_offset)
    try:
        sky = measure_sky(mosaic, parameters["bkg_boxsize"], procs)
    except ValueError as error:
        log.warning("Error determining sky background: %s", error)
        return None
    finder = Finder(mosaic, parameters, sky, references, _reach(references.aperture_params), folder)
    segments = find_segments(finder, procs)
    log.info("%d groups of connected pixels above the threshold", len(segments))
    if not len(segments):
        log.warning("No sources found in the image. Catalog will be empty.")
        return None
    measured = measure_segments(finder, segments, procs)
    return stitch(measured, model, references.aperture_params), measured


def _reach(apertures: dict[str, Any]) -> int:
    """How far the apertures of a source reach from its pixels, and what smooths it [pixel], with some to spare."""
    return int(np.ceil(max(apertures["bkg_aperture_outer_radius"], *apertures["aperture_radii"]))) + 16
