"""Schemas and manifests that are read quickly are those that asdf reads over and over; fails where asdf changes."""

import pytest
from asdf.config import config_context
from asdf.extension import ManifestExtension
from stdatamodels.exceptions import ValidationWarning
from stdatamodels.jwst.datamodels import ImageModel

from app.runtime.asdf_internals import quick_asdf


class Counted(dict):
    """Resources, and which were read."""

    def __init__(self, resources):
        super().__init__(resources)
        self.read = []

    def __getitem__(self, uri):
        self.read.append(uri)
        return super().__getitem__(uri)


@pytest.fixture
def resources(monkeypatch):
    with config_context() as config:
        counted = Counted({uri: config.resource_manager[uri] for uri in config.resource_manager})
        monkeypatch.setattr(config, "_resource_manager", counted)
        yield counted


def validate(resources):
    """Let a value be validated twice; what is read for the second."""
    with ImageModel((4, 4)) as model:
        model.wavelength = model.data
        resources.read.clear()
        model.wavelength = model.data
    return resources.read


def test_schemas_that_others_refer_to_are_read_once(resources):
    assert validate(resources)
    with quick_asdf():
        assert validate(resources) == []
    assert validate(resources)


def test_values_are_validated_as_ever():
    with quick_asdf(), ImageModel((4, 4)) as model, pytest.warns(ValidationWarning, match="CLEAR' is not one of"):
        model.meta.exposure.type = "CLEAR"


def test_manifests_are_the_same(resources):
    for uri in [uri for uri in resources if "/manifests/" in uri]:
        slow = ManifestExtension.from_uri(uri)
        with quick_asdf():
            assert vars(ManifestExtension.from_uri(uri)).keys() == vars(slow).keys()
            assert ManifestExtension.from_uri(uri)._manifest == slow._manifest
