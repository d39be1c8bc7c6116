"""A release as a whole: what is in the folder, that it keeps the rules, and what is refused."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from app.cli.release import release
from app.cli.release.rules import problems
from app.config.schema import Lv3Config
from app.config.validation import check
from app.record.provenance import datasums
from app.runtime.errors import ConfigError, InputError
from app.runtime.files import sha256
from tests.cli.release.made import make_config, make_run

STEM = "hlsp_my-survey_jwst_miri_ngc0628_f770w_v1"


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def refusal(config):
    with pytest.raises(InputError) as caught:
        release(config)
    assert not [path.name for path in Path(config.release_dir).parent.iterdir() if "release" in path.name]
    return caught.value.problems


@pytest.fixture
def one(tmp_path):
    return make_run(tmp_path / "out/ngc0628/F770W")


def test_a_run_is_released_by_the_rules(one, tmp_path):
    before = {path: path.read_bytes() for path in one.folder.iterdir()}
    folder = release(make_config(one.folder, tmp_path / "new/release"))
    pictures = [f"{STEM}_preview-{size}.{end}" for size in (1024, 256, 4096) for end in ("jpg", "png")]
    products = [f"{STEM}_{end}" for end in ("cat.ecsv", "footprints.reg", "i2d.fits", "manifest.txt", "moc.fits")]
    readme = "hlsp_my-survey_readme.md"
    assert files(folder) == sorted([*pictures, *products, f"{STEM}_segment.fits", readme, "ro-crate-metadata.json"])
    assert problems(folder) == []
    assert {path: path.read_bytes() for path in one.folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["release"]
    said = subprocess.run(["sha256sum", "--check", f"{STEM}_manifest.txt"], cwd=folder, capture_output=True, check=True)
    assert said.stdout.count(b": OK\n") == len(files(folder)) - 1


def test_nothing_is_copied_that_can_be_the_same_file(one, tmp_path):
    folder = release(make_config(one.folder, tmp_path / "release"))
    assert (folder / f"{STEM}_cat.ecsv").samefile(one.folder / one.names.catalogue)
    assert (folder / f"{STEM}_preview-4096.png").samefile(folder / f"{STEM}_preview-1024.png")


def test_the_readme_says_what_made_it_and_names_no_place(one, tmp_path):
    folder = release(make_config(one.folder, tmp_path / "release", hlsp_reference="2026ApJ...1..1N"))
    text = (folder / "hlsp_my-survey_readme.md").read_text()
    for said in (
        "A. Nobody",
        "a@example.org",
        "10.17909/abcd",
        "2026ApJ...1..1N",
        "jwst 3.0.0",
        "jwst_1584.pmap",
        "CC BY",
    ):
        assert said in text
    assert "container image: none" in text
    for path in folder.iterdir():
        assert b"secret" not in path.read_bytes(), path.name


def test_a_sweep_has_folders_by_target_and_one_manifest(tmp_path):
    for target in ("NGC 628", "ngc1365"):
        for band in ("F300M", "F770W", "F2100W"):
            make_run(tmp_path / f"out/{target}/{band}", target=target, band=band)
    folder = release(make_config(tmp_path / "out", tmp_path / "release", hlsp_version="v2.1"))
    assert {path.name for path in folder.iterdir() if path.is_dir()} == {"ngc-628", "ngc1365"}
    assert (folder / "hlsp_my-survey_jwst_nircam-miri_multi_f300m-f770w-f2100w_v2.1_manifest.txt").is_file()
    rgb = "ngc-628/hlsp_my-survey_jwst_nircam-miri_ngc-628_f300m-f770w-f2100w_v2.1_rgb-1024.png"
    assert rgb in files(folder)
    assert problems(folder) == []
    header = fits.getheader(folder / "ngc-628/hlsp_my-survey_jwst_miri_ngc-628_f770w_v2.1_i2d.fits")
    assert (header["HLSPTARG"], header["HLSPVER"]) == ("NGC 628", "v2.1")


def test_two_processes_make_the_same_files_as_one(tmp_path):
    for band in ("F770W", "F2100W"):
        make_run(tmp_path / "out" / band, band=band)
    found = [release(make_config(tmp_path / "out", tmp_path / f"release{n}", procs=n)) for n in (1, 2)]
    manifests = [next(folder.glob("*_manifest.txt")).read_text() for folder in found]
    assert manifests[0] == manifests[1]


def test_a_background_is_another_target(tmp_path):
    run = make_run(tmp_path / "out")
    record = json.loads((run.folder / "lv3_run.json").read_text())
    for product in record["products"]:
        name = product["file"]
        product["file"] = name.replace("_f770w_", "_f770w_bgr_")
        (run.folder / name).rename(run.folder / product["file"])
    record["config"]["is_bgr"] = True
    (run.folder / "lv3_run.json").write_text(json.dumps(record))
    folder = release(make_config(tmp_path / "out", tmp_path / "release"))
    assert f"{STEM.replace('ngc0628', 'ngc0628-bgr')}_i2d.fits" in files(folder)


def test_what_is_there_is_not_replaced(one, tmp_path):
    (tmp_path / "release").mkdir()
    with pytest.raises(InputError, match="is there already"):
        release(make_config(one.folder, tmp_path / "release"))
    assert list((tmp_path / "release").iterdir()) == []


def test_a_release_that_fails_leaves_nothing(one, tmp_path, monkeypatch):
    monkeypatch.setattr("app.cli.release.publish.crate", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        release(make_config(one.folder, tmp_path / "made/release"))
    assert list((tmp_path / "made").iterdir()) == []


def test_a_folder_without_a_run_is_refused(tmp_path):
    assert "no run has left a record" in refusal(make_config(tmp_path, tmp_path / "release"))[0]


def test_a_fault_of_its_version_that_was_found_later_is_said(one, tmp_path, monkeypatch):
    version = one.record["versions"]["jwst-lv3"]
    (tmp_path / "flagged.yaml").write_text(f"[{{versions: [{version}], fault: levels are wrong, see: CHANGELOG}}]")
    monkeypatch.setenv("LV3_FLAGGED_VERSIONS", str(tmp_path / "flagged.yaml"))
    said = refusal(make_config(one.folder, tmp_path / "release"))
    assert ["levels are wrong" in said[0], "accept=[flagged_version]" in said[1], len(said)] == [True, True, 2]
    assert release(make_config(one.folder, tmp_path / "release", accept=["flagged_version"])).is_dir()


def test_a_run_with_caveats_is_released_only_where_they_are_accepted(tmp_path):
    caveats = [{"code": code, "message": f"this is {code}", "hint": ""} for code in ("few_matches", "sky_steps")]
    run = make_run(tmp_path / "out", state="success_with_caveats", caveats=caveats)
    said = refusal(make_config(run.folder, tmp_path / "release", accept=["few_matches"]))
    assert ["this is sky_steps" in said[0], "accept=[sky_steps]" in said[1], len(said)] == [True, True, 2]
    folder = release(make_config(run.folder, tmp_path / "release", accept=["few_matches", "sky_steps"]))
    assert "this is few_matches" in (folder / "hlsp_my-survey_readme.md").read_text()


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"versions": {"jwst-lv3": "0.1.0", "jwst": "3.0.1"}}, "jwst: 3.0.0 in"),
        ({"config": {"crds": {"context": "jwst_1.pmap"}}}, "CRDS context: jwst_1584.pmap in"),
        ({"config": {"dr_version": "v2"}}, "dr_version: v1 in"),
    ],
)
def test_mixed_versions_and_contexts_are_refused(tmp_path, facts, said):
    first = make_run(tmp_path / "out/a")
    config = first.record["config"] | {"target": "b"} | facts.get("config", {})
    config["crds"] = first.record["config"]["crds"] | config["crds"]
    make_run(tmp_path / "out/b", target="b", **(facts | {"config": config}))
    assert any(problem.startswith(said) for problem in refusal(make_config(tmp_path / "out", tmp_path / "release")))


def test_a_product_that_was_changed_or_is_gone_is_refused(one, tmp_path):
    with fits.open(one.mosaic, mode="update") as hdus:
        hdus["SCI"].data[20, 20] += 1
    (one.folder / one.names.segments).unlink()
    said = "\n".join(refusal(make_config(one.folder, tmp_path / "release")))
    assert f"{one.mosaic}: was changed after the run" in said
    assert f"{one.names.segments}: is gone" in said


def test_an_unfinished_job_keeps_a_sweep_from_being_released(one, tmp_path):
    make_run(tmp_path / "out/ngc1365/F770W", target="ngc1365", state="failed")
    (said,) = refusal(make_config(tmp_path / "out", tmp_path / "release"))
    assert "ngc1365/F770W: is no finished run: failed" in said


def test_two_runs_whose_files_would_have_one_name_are_refused(one, tmp_path):
    make_run(tmp_path / "out/again", target="NGC0628")
    (said,) = refusal(make_config(tmp_path / "out", tmp_path / "release"))
    assert "has the target and band of" in said


def test_a_name_that_is_too_long_is_refused_by_the_rule(tmp_path):
    run = make_run(tmp_path / "out", target="a-target-with-a-name-of-31-chars")
    assert all("at most 30 characters" in said for said in refusal(make_config(run.folder, tmp_path / "release")))


def test_an_empty_mosaic_is_refused(one, tmp_path):
    with fits.open(one.mosaic, mode="update") as hdus:
        hdus["WHT"].data[:] = 0
    record = json.loads((one.folder / "lv3_run.json").read_text())
    for product in record["products"]:
        if product["file"] == one.names.mosaic:
            product["sha256"] = sha256(one.mosaic)
    (one.folder / "lv3_run.json").write_text(json.dumps(record))
    assert "no pixel has weight" in refusal(make_config(one.folder, tmp_path / "release"))[0]


def test_pixels_are_those_of_the_run(one, tmp_path):
    folder = release(make_config(one.folder, tmp_path / "release"))
    assert datasums(folder / f"{STEM}_i2d.fits") == datasums(one.mosaic)
    recorded = {product["file"]: product.get("datasum") for product in one.record["products"]}
    assert datasums(folder / f"{STEM}_segment.fits") == recorded[one.names.segments]
    with fits.open(one.mosaic) as old, fits.open(folder / f"{STEM}_i2d.fits") as new:
        assert np.array_equal(old["HDRTAB"].data, new["HDRTAB"].data)


def test_what_a_release_needs_is_asked_for_at_once_and_checked(tmp_path):
    with pytest.raises(ConfigError) as caught:
        check(Lv3Config(action="release"))
    keys = ("release_dir", "hlsp_id", "hlsp_name", "hlsp_lead", "hlsp_contact")
    assert [problem.partition(":")[0] for problem in caught.value.problems] == list(keys)
    check(make_config(tmp_path, tmp_path / "release"))
    for options in ({"hlsp_id": "My Survey"}, {"hlsp_version": "v01"}, {"hlsp_lead": "Müller"}, {"hlsp_version": "1"}):
        with pytest.raises(ConfigError, match=next(iter(options))):
            check(make_config(tmp_path, tmp_path / "release", **options))
