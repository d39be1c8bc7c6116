"""The provenance of a release as an RO-Crate: which run, of which program, made which file of which exposures.

Profile: Process Run Crate 0.5 of Workflow Run RO-Crate, https://w3id.org/ro/wfrun/process/0.5, on RO-Crate 1.1,
https://w3id.org/ro/crate/1.1; said in the terms of W3C PROV (https://www.w3.org/TR/prov-o/) too. Paths and names of
machines are left out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path, PurePath
from typing import Any

from rocrate.model import File
from rocrate.rocrate import ROCrate

from app.cli.release.keywords import LICENCE, LICENCE_ADDRESS
from app.cli.release.readme import image_of
from app.cli.release.runs import Run
from app.config.schema import Lv3Config

__all__ = ["CRATE_NAME", "crate"]

CRATE_NAME = "ro-crate-metadata.json"
#: What RO-Crate has no word for; it has those of PROV, and the prefix.
_OWN_TERMS = {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}
_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_TYPES = {
    "fits": "application/fits",
    "png": "image/png",
    "jpg": "image/jpeg",
    "md": "text/markdown",
    "txt": "text/plain",
    "reg": "text/plain",
    "ecsv": "text/plain",
}

Entity = dict[str, Any]


def crate(made: Mapping[str, tuple[Sequence[Run], Path]], runs: Sequence[Run], config: Lv3Config, day: date) -> Entity:
    """The content of ro-crate-metadata.json.

    Parameters
    ----------
    made : mapping
        For each file of the release, by its path in it: the runs whose products it shows, and where it is now.
    runs : sequence of Run
    config : Lv3Config
    day : date
        Of the release.
    """
    release = ROCrate(version="1.1")
    release.metadata.extra_terms.update(_OWN_TERMS)
    for term, value in _root(runs, config, day).items():
        release.root_dataset[term] = value
    for name, (shown, path) in made.items():
        release.add(File(release, path, dest_path=name, properties=_file(name, path, shown)))
    fixed = [
        {"@id": _PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"},
        {"@id": LICENCE_ADDRESS, "@type": "CreativeWork", "name": LICENCE},
        {"@id": "#lead", "@type": "Person", "name": config.hlsp_lead},
    ]
    for entity in (*fixed, *_software(runs), *(entity for run in runs for entity in _run(run, made))):
        release.add_or_update_jsonld(entity)
    content: Entity = release.metadata.generate()
    return content


def _root(runs: Sequence[Run], config: Lv3Config, day: date) -> Entity:
    return {
        "name": config.hlsp_name,
        "description": f"Mosaics of JWST images: collection {config.hlsp_id}, version {config.hlsp_version}",
        "datePublished": day.isoformat(),
        "license": _ref(LICENCE_ADDRESS),
        "author": _ref("#lead"),
        "version": config.hlsp_version,
        "conformsTo": _ref(_PROFILE),
        "mentions": [_ref(_action_id(run)) for run in runs],
    } | ({"identifier": f"https://doi.org/{config.hlsp_doi}"} if config.hlsp_doi else {})


def _ref(identifier: str) -> dict[str, str]:
    return {"@id": identifier}


def _file(name: str, path: Path, shown: Sequence[Run]) -> Entity:
    kind = _TYPES.get(name.rpartition("_")[2].split(".")[1], "application/octet-stream")
    sources = {
        "prov:wasGeneratedBy": [_ref(_action_id(run)) for run in shown],
        "wasDerivedFrom": [
            _ref(name) for name in dict.fromkeys(_exposure_id(e) for r in shown for e in r.record["inputs"])
        ],
    }
    return {
        "name": PurePath(name).name,
        "contentSize": str(path.stat().st_size),
        "encodingFormat": kind,
        **(sources if shown else {}),
    }


def _software(runs: Iterable[Run]) -> Iterator[Entity]:
    """The program, and the packages whose versions can change a pixel: one release has one version of each."""
    versions = dict(next(iter(runs)).record["versions"])
    own = versions.pop("jwst-lv3")
    parts = [
        {"@id": _home(name, version), "@type": "SoftwareApplication", "name": name, "softwareVersion": version,
         "url": _home(name, version)}
        for name, version in versions.items()
    ]  # fmt: skip
    yield {
        "@id": "#jwst-lv3",
        "@type": "SoftwareApplication",
        "name": "jwst-lv3",
        "description": "Level-3 mosaics from JWST images",
        "softwareVersion": own,
        "softwareRequirements": [_ref(part["@id"]) for part in parts],
    }
    yield from parts


def _home(name: str, version: str) -> str:
    """Where a version of a package, or of Python, is to be had."""
    if name == "python":
        return f"https://www.python.org/downloads/release/python-{version.replace('.', '')}/"
    return f"https://pypi.org/project/{name}/{version}/"


def _action_id(run: Run) -> str:
    return "#run-" + "-".join(run.key)


def _exposure_id(entry: Mapping[str, Any]) -> str:
    return f"#exposure-{PurePath(entry['file']).name}"


def _run(run: Run, made: Mapping[str, tuple[Sequence[Run], Path]]) -> Iterator[Entity]:
    """The action that is a run, the exposures that it took, and the parameters that were set."""
    record = run.record
    exposures = [
        {"@id": _exposure_id(entry), "@type": "CreativeWork",
         "name": PurePath(entry["file"]).name, "encodingFormat": "application/fits", "sha256": entry["sha256"]}
        for entry in record["inputs"]
    ]  # fmt: skip
    settings = [_setting(run, name, value) for name, value in _settings(record).items()]
    yield {
        "@id": _action_id(run),
        "@type": "CreateAction",
        "name": f"{run.target} in {run.band} of {run.instrument}",
        "description": "Exposures aligned, matched in sky level, cleaned of outliers, combined to one mosaic",
        "instrument": _ref("#jwst-lv3"),
        "agent": _ref("#lead"),
        "startTime": record["started"],
        "endTime": record["finished"],
        "actionStatus": _ref("http://schema.org/CompletedActionStatus"),
        "object": [_ref(entity["@id"]) for entity in (*exposures, *settings)],
        "result": [_ref(name) for name, (shown, _) in made.items() if run in shown],
        "prov:used": [_ref(entity["@id"]) for entity in exposures],
        "prov:wasAssociatedWith": [_ref("#jwst-lv3"), _ref("#lead")],
    }
    yield from exposures
    yield from settings


def _settings(record: Mapping[str, Any]) -> dict[str, Any]:
    """What decides about the pixels: context, image, and the parameters that are not the steps' defaults."""
    steps = (record.get("parameters") or {}).get("steps", {})
    changed = {
        f"{step}.{name}": steps.get(step, {}).get(name)
        for step, origins in (record.get("parameter_origins") or {}).items()
        for name in origins
    }
    plain = {name: value for name, value in changed.items() if "/" not in str(value)}  # else a path
    return {"CRDS context": record["config"]["crds"]["context"], "container image": image_of(record), **plain}


def _setting(run: Run, name: str, value: Any) -> Entity:
    identifier = f"{_action_id(run)}-{name.replace(' ', '-')}"
    return {"@id": identifier, "@type": "PropertyValue", "name": name, "value": str(value)}
