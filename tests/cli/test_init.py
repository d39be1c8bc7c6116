"""``action=init``: what a download holds, and the survey file that sweeps it."""

import pytest
import yaml

from app.cli.init import init
from app.config.hydra_internals import parse_arguments
from app.config.schema import Lv3Config
from app.runtime.errors import ConfigError, InputError
from app.sweep.points import Composer
from tests.plan.test_selection import NIRCAM, NIRISS, SPECTRUM, write


@pytest.fixture
def download(tmp_path):
    """A target that two instruments saw in one band, background, and what is no image."""
    folder = tmp_path / "my MAST"
    for n in (1, 2):
        number = {"PROGRAM": "01234", "OBSERVTN": "001", "VISIT": f"00{n}", "EXPOSURE": "1"}
        write(folder, f"a{n}", **NIRCAM, **number, TARGPROP="NGC-628")
        write(folder, f"b{n}", **NIRCAM | {"DETECTOR": "NRCA2"}, **number, TARGPROP="NGC0628-CENTRE")
        write(folder, f"c{n}", **NIRISS, **number, TARGPROP="NGC-628")
    write(folder, "e", **NIRCAM | {"FILTER": "F444W", "DETECTOR": "NRCBLONG"}, TARGPROP="OFF", BKGDTARG=True)
    write(folder, "f", **SPECTRUM, TARGPROP="NGC-628")
    (folder / "g_cal.fits").write_bytes(b"nothing")
    return folder


def look(folder, tmp_path, **options):
    init(Lv3Config(action="init", in_dir=folder, out_dir=tmp_path / "here", **options))


def test_the_table_says_what_there_is(download, tmp_path, capsys):
    look(download, tmp_path)
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[1:] == [
        ["ngc628", "F200W_nircam", "2", "2", "0", "4", "NGC-628,", "NGC0628-CENTRE"],
        ["ngc628", "F200W_niriss", "2", "2", "0", "2", "NGC-628"],
        ["off", "F444W", "1", "1", "1", "1", "OFF"],
        ["Not", "for", "mosaics:", "MIRI", "MIR_MRS", "1,", "not", "readable", "1"],
    ]


def test_the_survey_file_can_be_swept_as_it_is(download, tmp_path, monkeypatch):
    look(download, tmp_path)
    path = tmp_path / "here/survey/my-mast.yaml"
    table = yaml.safe_load(path.read_text())
    assert table["in_dir"] == str(download)
    assert table["observations"] == {"ngc628": ["F200W_nircam", "F200W_niriss"], "off": ["F444W"]}
    assert table["defaults"] == [{"override /background": "header"}]
    words = ["-m", "action=plan", "--config-dir", str(tmp_path / "here"), "survey=my-mast"]
    composer = Composer(parse_arguments(words))
    points = composer.points()
    assert [point.swept for point in points] == [
        {"target": "ngc628", "band": "F200W_nircam"},
        {"target": "ngc628", "band": "F200W_niriss"},
        {"target": "off", "band": "F444W"},
    ]
    assert composer.config(points[0]).in_dir == [str(download)]
    assert composer.config(points[0]).targets == ["ngc628", "off"]


@pytest.mark.parametrize(("words", "n_jobs"), [(["band=f444w"], 1), (["target=ngc628", "procs=1"], 2)])
def test_what_the_command_line_asks_for_is_taken_of_what_there_is(download, tmp_path, words, n_jobs):
    look(download, tmp_path)
    arguments = ["-m", "--config-dir", str(tmp_path / "here"), "survey=my-mast", *words]
    assert len(Composer(parse_arguments(arguments)).points()) == n_jobs


def test_what_is_not_there_is_not_swept(download, tmp_path):
    look(download, tmp_path)
    arguments = ["-m", "--config-dir", str(tmp_path / "here"), "survey=my-mast", "target=off", "band=F200W_niriss"]
    with pytest.raises(ConfigError, match="observations: has none of the targets in any of the bands"):
        Composer(parse_arguments(arguments)).points()


def test_a_survey_file_is_never_replaced(download, tmp_path, capsys):
    path = tmp_path / "here/survey/my-mast.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    with pytest.raises(InputError, match=r"my-mast.yaml: is there already: move it away, or set out_dir"):
        look(download, tmp_path)
    assert path.read_text() == "mine"
    assert "ngc628" in capsys.readouterr().out, "the table is shown all the same"


def test_where_there_is_no_image_nothing_is_written(tmp_path):
    write(tmp_path / "in", "f", **SPECTRUM, TARGPROP="NGC-628")
    with pytest.raises(InputError, match="none of 1 files is an image of a known band"):
        look(tmp_path / "in", tmp_path)
    assert not (tmp_path / "here").exists()
