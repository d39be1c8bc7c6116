"""What the step of the source catalogue does beside making the catalogue."""

from types import SimpleNamespace

import numpy as np
import pytest
from astropy.io import fits
from jwst.datamodels import ImageModel
from stdatamodels.jwst import datamodels
from stpipe import crds_client

from app.pipeline.stamp import Stamp
from app.pipeline.steps import StampedSourceCatalogStep


@pytest.fixture
def step(tmp_path):
    made = StampedSourceCatalogStep(name="source_catalog", output_dir=str(tmp_path))
    made.parent = SimpleNamespace(context=SimpleNamespace(stamp=Stamp("1.2", "v0", "jwst_0001.pmap")))
    return made


def test_the_segmentation_map_is_stamped_before_it_is_saved(step, tmp_path):
    with datamodels.SegmentationMapModel(np.zeros((4, 4), np.uint32)) as model:
        step.save_model(model, suffix="segm", output_file="a.fits", force=True)
    (path,) = tmp_path.iterdir()
    assert fits.getheader(path)["LV3VER"] == "1.2"


def test_crds_is_asked_with_the_metadata_and_not_with_the_log(step, tmp_path, monkeypatch):
    asked = {}

    def answer(parameters, *_):
        asked.update(parameters)
        return str(tmp_path / "apcorr.asdf")

    (tmp_path / "apcorr.asdf").touch()
    monkeypatch.setattr(crds_client, "get_reference_file", answer)
    with ImageModel(np.zeros((4, 4), np.float32)) as mosaic:
        mosaic.meta.instrument.filter = "F770W"
        mosaic.cal_logs = {"calwebb_image3": ["a line of the log"] * 3}
        assert step.get_reference_file(mosaic, "apcorr") == str(tmp_path / "apcorr.asdf")
        assert asked["meta.instrument.filter"] == "F770W"
        assert not [key for key in asked if key.startswith("cal_logs")]
        assert mosaic.cal_logs.instance["calwebb_image3"]
