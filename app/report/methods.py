"""A paragraph for a paper: what was done, with the versions and parameters of this run, and whom to cite."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["REFERENCES", "Reference", "methods"]


@dataclass(frozen=True, slots=True)
class Reference:
    """A work to cite: how the text names it, and where it is; it may have no DOI."""

    name: str
    full: str
    doi: str = ""


REFERENCES = {
    "gardner": Reference("Gardner et al. 2023", "PASP 135, 068001", "10.1088/1538-3873/acd1b5"),
    "nircam": Reference("Rieke et al. 2023", "PASP 135, 028001", "10.1088/1538-3873/acac53"),
    "miri": Reference("Wright et al. 2023", "PASP 135, 048003", "10.1088/1538-3873/acbe66"),
    "niriss": Reference("Doyon et al. 2023", "PASP 135, 098001", "10.1088/1538-3873/acd41b"),
    "lv3": Reference("the jwst-lv3 developers", "jwst-lv3: level-3 mosaics from JWST images (CITATION.cff)"),
    "jwst": Reference("Bushouse et al.", "JWST Calibration Pipeline, Zenodo", "10.5281/zenodo.6984365"),
    "drizzle": Reference("Fruchter & Hook 2002", "PASP 114, 144", "10.1086/338393"),
    "photutils": Reference("Bradley et al.", "astropy/photutils, Zenodo", "10.5281/zenodo.596036"),
    "astropy": Reference("Astropy Collaboration 2022", "ApJ 935, 167", "10.3847/1538-4357/ac7c74"),
    "numpy": Reference("Harris et al. 2020", "Nature 585, 357", "10.1038/s41586-020-2649-2"),
}

_NAMES = {"nircam": "NIRCam", "miri": "MIRI", "niriss": "NIRISS"}


def methods(record: Mapping[str, Any], instrument: str) -> tuple[str, list[Reference]]:
    """The paragraph, and the works that it cites, in order.

    Parameters
    ----------
    record : mapping
        Content of lv3_run.json.
    instrument : str
        ``nircam``, ``miri`` or ``niriss``.
    """
    cited = ["gardner", instrument, "lv3", "jwst", "drizzle", "photutils", "astropy", "numpy"]
    works = {key: REFERENCES[key] for key in cited if key in REFERENCES}
    sentences = [
        _data(record, instrument, works),
        _alignment(record),
        _sky(record),
        _mosaic(record, works),
        f"The programs use astropy ({works['astropy'].name}) and NumPy ({works['numpy'].name}).",
    ]
    return " ".join(sentence for sentence in sentences if sentence), list(works.values())


def _data(record: Mapping[str, Any], instrument: str, works: Mapping[str, Reference]) -> str:
    versions, config = record["versions"], record["config"]
    roles = [entry["role"] for entry in record["inputs"]]
    context = (record.get("references") or {}).get("context", config["crds"]["context"])
    return (
        f"We combined {roles.count('science')} calibrated exposures of {config['target']}, taken with "
        f"{_NAMES.get(instrument, instrument)} ({works[instrument].name}) on JWST ({works['gardner'].name}) in "
        f"{config['band'].partition('_')[0].upper()}, with jwst-lv3 {versions['jwst-lv3']} ({works['lv3'].name}), "
        f"which runs stage 3 of the JWST Calibration Pipeline, version {versions['jwst']} ({works['jwst'].name}), with "
        f"CRDS context {context}.{_background(record, roles.count('background'))}"
    )


def _background(record: Mapping[str, Any], n: int) -> str:
    """What was done with background exposures."""
    if not n:
        return ""
    use = (record.get("background") or {}).get("use")
    level = "the level of the background exposure of the same detector that is nearest in time was subtracted"
    if use == "level":
        return f" From each exposure {level} ({n} background exposures)."
    if use == "image":
        return f" From each exposure {level}. The median image of {n} background exposures, less their levels, was too."
    return f" Background exposures ({n}) were set aside: this stage uses none."


def _step(record: Mapping[str, Any], step: str) -> dict[str, Any]:
    """Effective parameters of a step, empty where it was left out or never came to run."""
    parameters = record.get("parameters", {}).get("steps", {}).get(step, {})
    return {} if parameters.get("skip") or step not in record["times"] else parameters


def _alignment(record: Mapping[str, Any]) -> str:
    if _step(record, "assign_mtwcs"):
        return "The exposures were put into the frame of the moving target by its ephemeris, not aligned by stars."
    if not (parameters := _step(record, "tweakreg")):
        return "The exposures were not aligned beyond the telescope's pointing."
    onto = (
        f", and to the astrometric catalogue {_catalogue(record, parameters)}" if parameters.get("abs_refcat") else ""
    )
    agreed = [e["offset"] for e in (record.get("measurements") or {}).get("exposures", []) if e["offset"] is not None]
    left = f"; overlapping exposures agree to {1000 * max(agreed):.1f} mas or better" if agreed else ""
    n_groups = len(record["groups"].get("tweakreg", {}))
    how = f"in {n_groups} groups (fit {parameters['fitgeometry']})"
    return f"The exposures were aligned to each other by their stars, {how}{onto}{left}."


def _catalogue(record: Mapping[str, Any], parameters: Mapping[str, Any]) -> str:
    """Name of the absolute catalogue, and what was done to it; of a file that was moved tweakreg got a copy."""
    if not (found := record.get("catalogue")):
        return parameters["abs_refcat"]
    moved = f", at epoch {found['epoch']:.2f} by its proper motions" if found["epoch"] else ""
    return f"{Path(found['file']).name} ({found['n_inside']} sources in the footprints{moved})"


def _sky(record: Mapping[str, Any]) -> str:
    if not (parameters := _step(record, "skymatch")):
        return "Sky levels were left as they are."
    n_groups = len(record["groups"].get("skymatch", {}))
    if solution := record.get("sky_solution"):
        return _solution(solution)
    return f"Their sky levels were matched in {n_groups} groups (method {parameters['skymethod']})."


def _solution(solution: Mapping[str, Any]) -> str:
    """How levels were found from all differences at once."""
    groups = solution["groups"]
    errors = [group["error"] for group in groups if group["error"] is not None]
    known = f", with errors up to {max(errors):.2g}" if errors else ""
    planes = sum(group["slope"] is not None for group in groups)
    also = f"; planes were subtracted from the pixels of {planes} groups" if planes else ""
    return (
        f"Sky levels of {len(groups)} groups were found from the differences between exposures at the same places of "
        f"the sky, in one robust least-squares solution (anchor {solution['anchor']}){known}{also}."
    )


def _mosaic(record: Mapping[str, Any], works: Mapping[str, Reference]) -> str:
    parts = []
    if factors := record.get("noise_factors"):
        low, high = min(factors.values()), max(factors.values())
        parts.append(
            f"Variances of the read noise were multiplied by {low:.2f} to {high:.2f}, to fit the sky's scatter."
        )
    if parameters := _step(record, "outlier_detection"):
        spared = "; undersampled stars were spared" if record["config"].get("outliers") == "spare_stars" else ""
        parts.append(
            f"Outliers were flagged against the median of the resampled exposures (snr {parameters['snr']}{spared})."
        )
    mosaic = (record.get("measurements") or {}).get("mosaic")
    if (parameters := _step(record, "resample")) and mosaic:
        parts.append(
            f"The exposures were drizzled ({works['drizzle'].name}) onto pixels of {mosaic['pixel_scale']:.4g} arcsec "
            f"(kernel {parameters['kernel']}, pixfrac {parameters['pixfrac']:g}, weights {parameters['weight_type']})."
        )
    if _step(record, "source_catalog"):
        parts.append(f"Sources were found and measured with photutils ({works['photutils'].name}).")
    return " ".join(parts)
