"""Products under their documented names, published as soon as they are whole, whatever fails after them."""

import json
import shutil
from pathlib import Path

import pytest
from astropy.io import fits
from jwst.source_catalog import SourceCatalogStep

from app.plan.checks import look_ahead
from app.record.record import Record
from app.run.examine import examine
from app.runtime.errors import ExitCode, InputError, Lv3Error, StrictError
from app.runtime.files import sha256
from app.simulation import simulate_observation
from tests.runs import make_step, run

TARGET = "NGC 628 +Größe.1-2403"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Three MIRI dithers."""
    return simulate_observation(tmp_path_factory.mktemp("small"), n_dithers=3, window=(128, 128))


def codes(record):
    return [caveat["code"] for caveat in record["caveats"]]


def test_any_target_gives_the_documented_names(small, crds, tmp_path):
    record = run(small, tmp_path / "out", crds, target=TARGET, do_drizzle=True, do_blot=True)
    root = "ngc 628 +größe.1-2403_miri_lv3_f770w"
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {f"{root}_i2d.fits", f"{root}_cat.ecsv", f"{root}_segm.fits"} <= names
    assert len(record["measurements"]["exposures"]) == 3
    assert record["measurements"]["mosaic"]
    assert record["measurements"]["catalogue"]["n_sources"]
    single = next((tmp_path / "out").glob("*_i2d_single.fits"))
    mosaic = tmp_path / "out" / f"{root}_i2d.fits"
    assert (
        fits.getheader(single)["LV3MOS"]
        == fits.getheader(mosaic)["FILENAME"]
        == "ngc 628 +gr--e.1-2403_miri_lv3_f770w_i2d.fits"
    )
    assert json.loads((tmp_path / "out/asn_lv3_f770w.json").read_text())["products"][0]["name"] == root


def test_a_dot_in_the_target_takes_nothing_from_names_and_headers(small, crds, tmp_path):
    run(small, tmp_path / "out", crds, target="MACSJ0416.1-2403")
    mosaic = tmp_path / "out/macsj0416.1-2403_miri_lv3_f770w_i2d.fits"
    assert fits.getheader(mosaic)["FILENAME"] == mosaic.name


@pytest.mark.parametrize(
    ("step_ext", "crf"), [("destriped", "_destriped_crf"), ("my-cal", "_my-crf"), ("rate", "_crf")]
)
def test_any_step_ext_is_named_as_jwst_names_it_and_measured(small, crds, tmp_path, step_ext, crf):
    for path in small.folder.glob("*_cal.fits"):
        (tmp_path / "in").mkdir(exist_ok=True)
        shutil.copy(path, tmp_path / "in" / path.name.replace("_cal", f"_{step_ext}"))
    parameters = {"source_catalog": {"skip": True}}
    options = {"in_dir": tmp_path / "in", "step_ext": step_ext, "jwst_parameters": parameters, "do_blot": True}
    record = run(small, tmp_path / "out", crds, **options)
    assert len(list((tmp_path / "out").glob(f"*mirimage{crf}.fits"))) == 3
    assert len(list((tmp_path / "out").glob(f"*mirimage{crf.replace('crf', 'i2d_blot')}.fits"))) == 3
    assert len(record["measurements"]["exposures"]) == 3
    assert "not_measured" not in codes(record)


@pytest.fixture
def in_dn(small, tmp_path):
    """The same exposures in another unit."""
    folder = tmp_path / "dn"
    shutil.copytree(small.folder, folder)
    for path in folder.glob("*_cal.fits"):
        with fits.open(path, mode="update") as hdus:
            for name in ("SCI", "ERR"):
                hdus[name].header["BUNIT"] = "DN/s"
    return folder


def test_a_unit_that_the_catalogue_cannot_take_is_foreseen(small, in_dn, crds, tmp_path):
    with pytest.raises(StrictError, match="no_catalogue_unit: The exposures are in DN/s"):
        make_step(small, tmp_path / "out", crds, in_dir=in_dn, strict=True).do_step()
    record = run(small, tmp_path / "out", crds, in_dir=in_dn)
    assert codes(record).count("no_catalogue_unit") == 1
    assert record["state"] == "success_with_caveats"
    assert fits.getheader(tmp_path / "out/ngc0628_miri_lv3_f770w_i2d.fits", "SCI")["BUNIT"] == "DN/s"
    chosen = {"source_catalog": {"skip": True}}
    assert look_ahead(make_step(small, tmp_path / "x", crds, in_dir=in_dn, jwst_parameters=chosen).plan).caveats == []


def published(folder):
    return sorted(path.name.rpartition("_")[2] for path in folder.glob("*.fits"))


@pytest.fixture
def fails(monkeypatch):
    """Let jwst's catalogue fail half way, after it has written one of its files; return how out_dir looked then."""
    seen = {}

    def fail(error, folder):
        def process(self, *args):
            seen["files"] = published(folder)
            Path(self.make_output_path(ext=".ecsv")).write_text("half of it")
            raise error

        monkeypatch.setattr(SourceCatalogStep, "process", process)
        return seen

    return fail


def test_a_catalogue_that_fails_is_a_caveat_and_the_mosaic_is_there_before(small, crds, tmp_path, fails):
    seen = fails(ValueError("no such star"), tmp_path / "out")
    record = run(small, tmp_path / "out", crds)
    assert seen["files"] == ["crf.fits"] * 3 + ["i2d.fits"]
    assert {"catalogue_failed", "no_catalogue"} <= set(codes(record))
    assert record["measurements"]["mosaic"]
    assert not list((tmp_path / "out").glob("*_cat.ecsv"))


@pytest.mark.parametrize(
    ("error", "status"), [(MemoryError(), ExitCode.MEMORY), (OSError(28, "No space"), ExitCode.INPUT)]
)
def test_a_lack_of_memory_or_room_after_the_mosaic_keeps_its_status_and_the_mosaic(
    small, crds, tmp_path, fails, error, status
):
    fails(error, tmp_path / "out")
    with pytest.raises(Lv3Error) as raised:
        make_step(small, tmp_path / "out", crds).do_step()
    assert raised.value.exit_code == status
    assert published(tmp_path / "out") == ["crf.fits"] * 3 + ["i2d.fits"]
    record = json.loads((tmp_path / "out/lv3_run.json").read_text())
    listed = {product["file"]: product["sha256"] for product in record["products"]}
    for path in (tmp_path / "out").glob("*.fits"):
        assert listed[path.name] == sha256(path)


@pytest.fixture(scope="module")
def finished(small, crds, tmp_path_factory):
    """A finished run."""
    folder = tmp_path_factory.mktemp("finished") / "out"
    return folder, run(small, folder, crds)


def test_measurements_that_were_cut_off_are_made_up_for(finished, small, crds, tmp_path):
    folder, record = finished
    shutil.copytree(folder, out := tmp_path / "out")
    cut_off = {key: value for key, value in record.items() if key != "measurements"} | {"state": "interrupted"}
    (out / "lv3_run.json").write_text(json.dumps(cut_off))
    before = {path.name: path.stat().st_mtime_ns for path in out.glob("*.fits")}
    again = run(small, out, crds)
    assert again["measurements"] == record["measurements"]
    assert {path.name: path.stat().st_mtime_ns for path in out.glob("*.fits")} == before


def test_fewer_exposures_measured_than_planned_is_a_caveat(finished, small, crds, tmp_path):
    folder, found = finished
    shutil.copytree(folder, out := tmp_path / "out")
    min(out.glob("*_crf.fits")).unlink()
    step = make_step(small, out, crds)
    record = Record(out, step.config, found)
    examine(step.plan, record, out)
    (caveat,) = [caveat for caveat in record.data["caveats"] if caveat["code"] == "not_measured"]
    assert "1 of 3 exposures were not measured" in caveat["message"]
    assert min(small.folder.glob("*_cal.fits")).name in caveat["message"]


def test_exposures_of_a_run_can_be_combined_again(finished, small, crds, tmp_path):
    """Their sky is matched already: jwst's own step takes over."""
    folder, _ = finished
    record = run(small, tmp_path / "out", crds, in_dir=folder, step_ext="crf")
    assert "sky_matched_before" in codes(record)
    assert len(record["measurements"]["exposures"]) == 3


def test_inputs_survive_a_run_into_their_own_folder(finished, small, crds, tmp_path):
    """Each input of the second run is a product of the first: nothing is touched, whatever overwrite says."""
    shutil.copytree(finished[0], out := tmp_path / "out")
    before = {path.name: sha256(path) for path in out.iterdir()}
    for overwrite in (False, True):
        with pytest.raises(InputError, match=r"in_dir: .* would be replaced or removed"):
            make_step(small, out, crds, in_dir=out, step_ext="crf", overwrite=overwrite).do_step()
    assert {path.name: sha256(path) for path in out.iterdir()} == before


def test_a_file_of_others_that_appears_during_a_run_stays(small, crds, tmp_path):
    """Intermediate results have names that no plan knows; the mosaic is published all the same."""
    out = tmp_path / "out"
    out.mkdir()
    parameters = {"outlier_detection": {"save_intermediate_results": True}, "source_catalog": {"skip": True}}
    (out / "jw01234001001_02101_00001_mirimage_blot.fits").write_text("mine")
    with pytest.raises(InputError, match=r"mirimage_blot.fits would replace files that are not this program's"):
        make_step(small, out, crds, jwst_parameters=parameters).do_step()
    assert (out / "jw01234001001_02101_00001_mirimage_blot.fits").read_text() == "mine"
    assert (out / "ngc0628_miri_lv3_f770w_i2d.fits").is_file()


def test_a_log_without_a_record_is_added_to(small, crds, tmp_path):
    (tmp_path / "lv3_run.log").write_text("somebody's words\n")
    parameters = {step: {"skip": True} for step in ("tweakreg", "outlier_detection", "source_catalog")}
    run(small, tmp_path, crds, jwst_parameters=parameters)
    assert (tmp_path / "lv3_run.log").read_text().startswith("somebody's words\n")


def test_an_association_of_others_is_not_replaced(small, crds, tmp_path):
    step = make_step(small, tmp_path, crds)
    files = sorted(small.folder.glob("*_cal.fits"))
    path = step.create_asn_file(files)
    assert step.create_asn_file(files) == path  # it is the same
    path.write_text("{}")
    with pytest.raises(InputError, match="is another association"):
        step.create_asn_file(files)
    assert path.read_text() == "{}"
