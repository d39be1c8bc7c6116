"""The README of a release: what it is, what is in it, and how it was made."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from app.cli.release.keywords import LICENCE, LICENCE_ADDRESS
from app.cli.release.runs import Run
from app.config.schema import Lv3Config

__all__ = ["image_of", "readme"]

_KINDS = {
    "i2d": "mosaic: SCI, ERR, CON (which exposures), WHT (weight), variances; PROVENANCE lists the exposures",
    "sci": "mosaic: science",
    "err": "mosaic: error",
    "wht": "mosaic: weight",
    "exp": "mosaic: exposure time of each pixel [s]",
    "segment": "segmentation map of the catalogue",
    "cat": "source catalogue",
    "footprints": "outlines of the exposures, by the group in which they were aligned (region file of SAOImage DS9)",
    "moc": "sky that the mosaic covers (IVOA MOC, order 18)",
    "preview": "picture, north up, with AVM tags; the number is its longest side, at most [pixel]",
    "rgb": "picture of three bands, the same way",
}


def readme(runs: Sequence[Run], config: Lv3Config, names: Sequence[str], day: date) -> str:
    """The text, as Markdown.

    Parameters
    ----------
    runs : sequence of Run
    config : Lv3Config
    names : sequence of str
        Files of the release.
    day : date
        Of the contribution.
    """
    sections = {
        "Contributor": [
            f"* {config.hlsp_lead} (lead)",
            f"* contact: {config.hlsp_contact}",
            f"* {day.isoformat()}, version {config.hlsp_version}",
            f"* DOI: {config.hlsp_doi or 'not given yet'}",
            f"* reference: {config.hlsp_reference or 'not given yet'}",
            f"* licence: {LICENCE}, {LICENCE_ADDRESS}",
        ],
        "What is released": list(_released(names)),
        "Targets and bands": list(_targets(runs)),
        "How it was made": list(_made(runs)),
        "Known limits": list(_caveats(runs)) or ["None were found."],
        "Checks": [
            "The manifest lists every file with its SHA-256: `sha256sum --check` reads it.",
            "`ro-crate-metadata.json` says which run made which file of which exposures (Process Run Crate).",
        ],
    }
    text = [f"# {config.hlsp_name} ({config.hlsp_id})"]
    for title, lines in sections.items():
        text += ["", f"## {title}", "", *lines]
    return "\n".join(text) + "\n"


def _released(names: Sequence[str]) -> Iterator[str]:
    yield "Names are `hlsp_<collection>_jwst_<instrument>_<target>_<filter>_<version>_<product>.<extension>`."
    yield ""
    yield "| product | files | what it is |"
    yield "|---|---|---|"
    kinds = Counter(name.rpartition("_")[2].partition(".")[0].partition("-")[0] for name in names)
    yield from (f"| {kind} | {kinds[kind]} | {words} |" for kind, words in _KINDS.items() if kinds[kind])


def _targets(runs: Sequence[Run]) -> Iterator[str]:
    columns = [
        "target",
        "instrument",
        "filter",
        "exposures",
        "sky with data [arcmin2]",
        "pixel [arcsec]",
        "FWHM [arcsec]",
    ]
    yield f"| {' | '.join(columns)} |"
    yield "|---" * len(columns) + "|"
    for run in runs:
        mosaic = (run.record.get("measurements") or {}).get("mosaic") or {}
        numbers = [mosaic.get(key) for key in ("coverage", "pixel_scale", "fwhm")]
        n_exposures = sum(entry["role"] == "science" for entry in run.record["inputs"])
        cells = [run.target, run.instrument, run.band, n_exposures]
        yield f"| {' | '.join(map(str, cells))} | {' | '.join('' if n is None else f'{n:.3g}' for n in numbers)} |"


def _made(runs: Sequence[Run]) -> Iterator[str]:
    record = runs[0].record
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    yield f"* program: jwst-lv3, whose core is calwebb_image3 of the package jwst; versions: {versions}"
    yield f"* CRDS context: {record['config']['crds']['context']}"
    yield f"* data processing version: {record['config']['dr_version']}"
    images = sorted({image_of(run.record) for run in runs})
    yield from (f"* container image: {image}" for image in images)


def image_of(record: Mapping[str, Any]) -> str:
    """The container image of a run in words: its name and digest, as far as the record knows them."""
    image = record["image"]
    if image is None:
        return "none"
    return f"{image['name'] or 'name not known'}, {image['digest'] or 'digest not known'} ({image['engine']})"


def _caveats(runs: Sequence[Run]) -> Iterator[str]:
    for run in runs:
        for caveat in run.record["caveats"]:
            yield f"* {run.target}, {run.band}: {caveat['code']}: {caveat['message']}"
