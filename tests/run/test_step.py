"""A run's life: what it makes, what it says, when it is repeated, refused or replaced."""

import json
import shutil

import pytest
from astropy.io import fits
from astropy.table import Table

from app.runtime.errors import ConfigError, CrdsError, InputError
from app.runtime.files import sha256
from tests.runs import make_step, run


@pytest.fixture(scope="module")
def finished(miri, crds, tmp_path_factory):
    """A finished run: its folder and its record."""
    folder = tmp_path_factory.mktemp("finished") / "out"
    return folder, run(miri, folder, crds, dr_version="v1p2", skymatch_group_dithers=["miri"])


def content(folder):
    return {path.name: sha256(path) for path in folder.iterdir()}


def test_every_product_is_there_and_nothing_else(finished):
    folder, _ = finished
    products = [p.name for p in folder.iterdir() if p.suffix != ".html"]
    exposures = [f"jw01234001001_02101_0000{n}_mirimage_crf.fits" for n in (1, 2, 3, 4)]
    mosaic = [f"ngc0628_miri_lv3_f770w_{end}" for end in ("i2d.fits", "cat.ecsv", "segm.fits")]
    ours = ["asn_lv3_f770w.json", "lv3_alignment.ecsv", "lv3_run.json", "lv3_run.log"]
    assert sorted(products) == sorted([*exposures, *mosaic, *ours])


def test_the_record_tells_members_groups_and_products(finished):
    folder, record = finished
    assert record["state"] in ("success", "success_with_caveats")
    roles = [entry["role"] for entry in record["inputs"]]
    assert roles.count("science") == 4
    assert roles.count("background") == 2
    assert {k: len(v) for k, v in record["groups"].items()} == {"tweakreg": 4, "skymatch": 1, "native": 4}
    for product in record["products"]:
        assert sha256(folder / product["file"]) == product["sha256"]


def test_saved_exposures_carry_their_native_group(finished, crds_cache):
    from stdatamodels.jwst import datamodels

    folder, _ = finished
    for number in (1, 2):
        with datamodels.open(folder / f"jw01234001001_02101_0000{number}_mirimage_crf.fits") as model:
            assert model.meta.group_id == f"jw01234001001_02101_0000{number}"


def test_products_say_what_made_them(finished, crds, crds_cache):
    from stdatamodels.jwst import datamodels

    folder, _ = finished
    for path in folder.glob("*.fits"):
        header = fits.getheader(path)
        assert (header["LV3DR"], header["CRDS_CTX"]) == ("v1p2", crds.context), path.name
        assert header["LV3VER"]
        assert "data processing version v1p2" in str(header["HISTORY"])
        with datamodels.open(path) as model:
            assert model.meta.jwst_lv3.instance["dr_version"] == "v1p2"
            assert model.meta.ref_file.crds.context_used == crds.context
    assert Table.read(folder / "ngc0628_miri_lv3_f770w_cat.ecsv").meta["jwst_lv3"]["crds_context"] == crds.context


def test_stamping_twice_changes_nothing(finished, miri, crds):
    folder, _ = finished
    before = content(folder)
    step = make_step(miri, folder, crds, dr_version="v1p2", skymatch_group_dithers=["miri"])
    step.propagate_metadata(folder.glob("*.fits"))
    assert content(folder) == before


def test_a_finished_run_is_not_repeated(finished, miri, crds):
    folder, _ = finished
    before = content(folder)
    options = {"dr_version": "v1p2", "skymatch_group_dithers": ["miri"]}
    assert make_step(miri, folder, crds, **options).do_step() is True
    assert content(folder) == before


def test_a_finished_run_of_another_kind_is_refused_saying_what_differs(finished, miri, crds, tmp_path):
    folder, _ = finished
    before = content(folder)
    with pytest.raises(ConfigError, match=r"(?s)overwrite=true.*dr_version: was 'v1p2', is 'v2'"):
        make_step(miri, folder, crds, dr_version="v2", skymatch_group_dithers=["miri"]).do_step()
    for file in miri.files[1:]:
        shutil.copy(file, tmp_path / file.name)
    with pytest.raises(ConfigError, match=f"{miri.files[0].name}: is gone"):
        make_step(miri, folder, crds, dr_version="v1p2", skymatch_group_dithers=["miri"], in_dir=tmp_path).do_step()
    assert content(folder) == before


def test_overwrite_removes_what_the_record_lists_and_nothing_else(finished, miri, crds, tmp_path):
    folder, _ = finished
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "notes.txt").write_text("mine")
    (copy / "other_i2d.fits").write_text("mine too")
    record = json.loads((copy / "lv3_run.json").read_text())
    record["products"].append({"file": "../outside.txt", "size": 1, "sha256": ""})
    (tmp_path / "outside.txt").write_text("not ours")
    (copy / "lv3_run.json").write_text(json.dumps(record))
    run(
        miri, copy, crds, overwrite=True, is_bgr=True, exclude=["_02101_"], jwst_parameters={"tweakreg": {"skip": True}}
    )
    left = {path.name for path in copy.iterdir()}
    assert {"notes.txt", "other_i2d.fits", "ngc0628_miri_lv3_f770w_bgr_i2d.fits"} <= left
    assert "ngc0628_miri_lv3_f770w_i2d.fits" not in left
    assert (tmp_path / "outside.txt").exists()


def test_inputs_are_not_touched(miri, finished):
    assert not [path for path in miri.folder.iterdir() if not path.name.endswith(("_cal.fits", "truth.json"))]


def test_exposures_are_saved_also_where_outlier_detection_is_skipped(miri, crds, tmp_path):
    parameters = {"outlier_detection": {"skip": True}, "source_catalog": {"skip": True}}
    run(miri, tmp_path / "out", crds, jwst_parameters=parameters)
    assert len(list((tmp_path / "out").glob("*_crf.fits"))) == 4


def test_a_missing_reference_cache_is_an_error_of_its_class(miri, tmp_path, crds):
    from app.crds import CrdsOptions

    with pytest.raises(CrdsError, match="none"):
        make_step(miri, tmp_path / "out", CrdsOptions("synthetic", crds.context, str(tmp_path / "none"))).do_step()
    assert not (tmp_path / "out").exists()


def test_an_output_folder_that_cannot_be_made_is_named(miri, crds, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"out_dir=.*file/out: .*file is no folder"):
        make_step(miri, tmp_path / "file" / "out", crds).do_step()
