"""The RO-Crate has what its profile requires, and tells where each file comes from.

Rules: https://www.researchobject.org/ro-crate/specification/1.1/root-data-entity.html and
https://www.researchobject.org/workflow-run-crate/profiles/process_run_crate (version 0.5), table "Requirements".
"""

import json

import pytest

from app.cli.release import release
from tests.cli.release.made import VERSIONS, make_config, make_run


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crate")
    for band in ("F300M", "F770W", "F2100W"):
        make_run(folder / "out" / band, band=band)
    return release(make_config(folder / "out", folder / "release"))


@pytest.fixture(scope="module")
def entities(released):
    crate = json.loads((released / "ro-crate-metadata.json").read_text())
    base, own = crate["@context"]
    assert base == "https://w3id.org/ro/crate/1.1/context"
    assert own == {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}  # else no term of the context
    found = {entity["@id"]: entity for entity in crate["@graph"]}
    assert len(found) == len(crate["@graph"])
    return found


def kinds(entities, kind):
    return [entity for entity in entities.values() if entity["@type"] == kind]


def references(value):
    if isinstance(value, dict):
        return [value["@id"]]
    return [name for item in value for name in references(item)] if isinstance(value, list) else []


def test_the_root_is_described(entities):
    about = entities["ro-crate-metadata.json"]
    assert about["about"] == {"@id": "./"}
    assert about["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    root = entities["./"]
    assert root["@type"] == "Dataset"
    assert root["conformsTo"] == {"@id": "https://w3id.org/ro/wfrun/process/0.5"}
    assert {"name", "description", "datePublished", "license"} <= root.keys()


def test_what_is_referred_to_is_there(entities):
    outside = {"https://w3id.org/ro/crate/1.1", "http://schema.org/CompletedActionStatus"}
    for entity in entities.values():
        for value in [value for key, value in entity.items() if key != "@id"]:
            assert set(references(value)) <= entities.keys() | outside


def test_every_file_is_part_of_it_and_there(entities, released):
    files = {entity["@id"] for entity in kinds(entities, "File")}
    assert files == {part["@id"] for part in entities["./"]["hasPart"]}
    manifest = next(released.glob("*_manifest.txt")).name
    assert files == {path.name for path in released.iterdir()} - {manifest, "ro-crate-metadata.json"}
    sizes = {entity["@id"]: entity["contentSize"] for entity in kinds(entities, "File")}
    assert sizes == {name: str((released / name).stat().st_size) for name in files}


def test_each_run_is_an_action_of_the_program(entities):
    actions = kinds(entities, "CreateAction")
    assert {action["name"] for action in actions} == {f"ngc0628 in {band}" for band in (
        "F300M of nircam", "F770W of miri", "F2100W of miri")}  # fmt: skip
    for action in actions:
        program = entities[action["instrument"]["@id"]]
        assert (program["@type"], program["softwareVersion"]) == ("SoftwareApplication", VERSIONS["jwst-lv3"])
        assert entities[action["agent"]["@id"]]["@type"] == "Person"
        assert action["endTime"] > action["startTime"]
        assert {entities[item["@id"]]["@type"] for item in action["object"]} == {"CreativeWork", "PropertyValue"}
        results = [item["@id"] for item in action["result"]]
        assert sum(name.endswith("_i2d.fits") for name in results) == 1
        assert sum("_rgb-" in name for name in results) == 6
    versions = {entity["name"]: entity["softwareVersion"] for entity in kinds(entities, "SoftwareApplication")}
    assert versions == VERSIONS


def test_provenance_is_said_in_the_terms_of_prov_too(entities):
    """Of what and by what each file was made; W3C Recommendation PROV-O, section 3.1."""
    mosaics = [entity for name, entity in entities.items() if name.endswith("_i2d.fits")]
    for mosaic in mosaics:
        (action,) = (entities[name] for name in references(mosaic["prov:wasGeneratedBy"]))
        assert {"@id": mosaic["@id"]} in action["result"]
        assert mosaic["wasDerivedFrom"] == action["prov:used"]
        assert all(name.startswith("#exposure-") for name in references(action["prov:used"]))
        assert references(action["prov:wasAssociatedWith"]) == ["#jwst-lv3", "#lead"]
    rgb = next(entity for name, entity in entities.items() if "_rgb-" in name)
    assert (len(mosaics), len(rgb["prov:wasGeneratedBy"]), len(rgb["wasDerivedFrom"])) == (3, 3, 6)


def test_exposures_have_checksums_and_parameters_no_paths(entities):
    exposures = [entity for name, entity in entities.items() if name.startswith("#exposure-")]
    assert len(exposures) == 6  # those of MIRI are the same for both bands
    assert all(len(entity["sha256"]) == 64 for entity in exposures)
    settings = {entity["name"]: entity["value"] for entity in kinds(entities, "PropertyValue")}
    assert settings == {
        "CRDS context": "jwst_1584.pmap", "container image": "none", "tweakreg.minobj": "6"
    }  # fmt: skip
