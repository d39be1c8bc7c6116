"""What products say about how they were made, without their pixels being read or written again."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import QTable, Table
from jwst.datamodels import ImageModel
from stdatamodels.jwst import datamodels

from app.pipeline.stamp import Stamp

STAMP = Stamp("1.2", "v0", "jwst_0001.pmap")


@pytest.fixture
def stamped(tmp_path):
    with ImageModel(np.zeros((4, 4), np.float32)) as model:
        STAMP.on_model(model)
        model.save(tmp_path / "stamped.fits")
    return tmp_path / "stamped.fits"


def written(path):
    """Which file it is, and when it was written."""
    return path.stat().st_ino, path.stat().st_mtime_ns


def test_a_stamped_file_is_known_by_its_header_and_left_alone(stamped, monkeypatch):
    def refuse(*_):
        raise AssertionError("opened as a datamodel")

    monkeypatch.setattr(datamodels, "open", refuse)
    before = written(stamped)
    STAMP.on_file(stamped)
    assert written(stamped) == before


@pytest.mark.parametrize("other", [Stamp("1.3", "v0", "jwst_0001.pmap"), Stamp("1.2", "v0", "jwst_0002.pmap")])
def test_a_file_with_another_stamp_gets_this_one(stamped, other):
    other.on_file(stamped)
    header = fits.getheader(stamped)
    assert (header["LV3VER"], header["LV3DR"], header["CRDS_CTX"]) == (other.version, other.dr_version, other.context)
    with datamodels.open(stamped) as model:
        assert model.meta.jwst_lv3.instance["crds_context"] == other.context


def test_a_table_is_what_it_would_be_had_astropy_written_all_of_it_again(tmp_path):
    path, other = tmp_path / "some_cat.ecsv", tmp_path / "other.ecsv"
    table = QTable({"label": [1, 2], "name": ["a b", "#"], "flux": [1e-9, np.nan] * u.Jy})
    table["place"] = SkyCoord([1.0, 2.0], [3.0, 4.0], unit="deg")
    table.meta["date"] = "today"
    table.write(path)
    table = Table.read(path)
    STAMP.on_file(path)
    table.meta["jwst_lv3"] = {"version": "1.2", "dr_version": "v0", "crds_context": "jwst_0001.pmap"}
    table.write(other)
    assert path.read_text() == other.read_text()
    assert Table.read(path).meta["jwst_lv3"]["dr_version"] == "v0"
    before = written(path)
    STAMP.on_file(path)
    assert written(path) == before
