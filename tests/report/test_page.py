import re
from html.parser import HTMLParser

import numpy as np
import pytest

from app.report import figures
from app.report.methods import REFERENCES, methods
from app.report.page import duration, number, size, write_report
from app.report.pictures import sky_vectors


class Parsed(HTMLParser):
    """Tags that are open at the end, ids, and whatever a browser would fetch."""

    VOID = ("meta", "link", "img", "br", "input", "hr")

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.fetched = [], set(), set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag not in self.VOID:
            self.open.append(tag)
        self.ids.add(attrs.get("id"))
        self.fetched += [attrs[k] for k in ("src", "data", "srcset") if k in attrs]
        self.fetched += [attrs["href"]] if tag == "link" else []
        if tag == "a" and (attrs.get("href") or "").startswith("#"):
            self.links.add(attrs["href"][1:])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def page(record, folder):
    return write_report(record, folder).read_text()


@pytest.mark.parametrize("kind", ["finished", "failed"])
def test_the_page_is_well_formed_and_needs_nothing_else(kind, request, tmp_path):
    parsed = Parsed(page(request.getfixturevalue(kind), tmp_path))
    assert parsed.open == []
    assert parsed.links <= parsed.ids
    assert all(address.startswith("data:") for address in parsed.fetched)


def test_it_says_verdict_caveat_and_hint_first(finished, tmp_path):
    text = page(finished, tmp_path)
    places = [text.index(part) for part in ("success with caveats</span>", "few stars", "more stars", 'id="mosaic"')]
    assert places == sorted(places)


def test_it_says_what_the_errors_of_the_mosaic_are(finished, tmp_path):
    said = re.sub(r"\s+", " ", page(finished, tmp_path))
    assert "scatter by 0.60 of the error" in said
    assert "2 pixels a side: 0.75, 8 pixels a side: 0.90." in said
    finished["measurements"]["mosaic"]["correlated_noise"] = None
    assert 'id="noise"' not in page(finished, tmp_path)


def test_it_shows_every_figure_and_both_pictures(finished, tmp_path):
    text = page(finished, tmp_path)
    assert len(re.findall("<svg role", text)) == 9
    assert len(re.findall('<img src="data:image/jpeg;base64', text)) == 2


def test_a_failed_run_is_shown_as_far_as_it_came(failed, tmp_path):
    text = page(failed, tmp_path)
    assert "in tweakreg" in text
    assert "no &lt;b&gt;star&lt;/b&gt; at all" in text
    assert "<svg" not in text
    assert "No caveats" not in text


@pytest.mark.parametrize("evil", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}"])
def test_names_from_outside_are_text_and_never_markup(finished, tmp_path, evil):
    finished["config"]["target"] = evil
    finished["caveats"][0]["message"] = evil
    for entry in finished["measurements"]["exposures"]:
        entry["group"] = entry["file"] = evil + "_cal.fits"
    text = page(finished, tmp_path)
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "49" not in re.findall("<title>(.*?):", text)


def test_parameters_that_are_not_the_default_are_there_with_origin(finished, tmp_path):
    row = re.search(r"<tr><td>tweakreg</td>.*?</tr>", page(finished, tmp_path))[0]
    assert [re.sub("<.*?>", "", cell) for cell in row.split("</td>")[:4]] == ["tweakreg", "minobj", "6", "user"]


def test_the_methods_say_what_was_done_and_cite_every_work_that_they_name(finished):
    text, works = methods(finished, "miri")
    for part in ("F770W", "jwst_1584.pmap", "version 3.0.0", "3 groups (fit rshift)", "kernel square", "0.11 arcsec"):
        assert part in text
    assert all(work.name in text for work in works)
    assert {w.name for w in REFERENCES.values() if w.name in text} == {w.name for w in works}


def test_the_methods_say_that_background_is_not_used(finished):
    finished["inputs"] += [{"file": "b_cal.fits", "role": "background", "reason": "", "sha256": "0" * 64}] * 2
    text, _ = methods(finished, "miri")
    assert "We combined 1 calibrated exposures of ngc0628" in text
    assert "Background exposures (2) were set aside: this stage uses none." in text


def test_the_methods_name_the_catalogue_that_was_given_and_what_was_done_to_it(finished):
    finished["parameters"]["steps"]["tweakreg"]["abs_refcat"] = "GAIADR3"
    assert "to the astrometric catalogue GAIADR3;" in methods(finished, "miri")[0]
    finished["catalogue"] = {"file": "/data/gaia.ecsv", "n_rows": 90, "n_inside": 57, "epoch": 2023.54}
    said = "catalogue gaia.ecsv (57 sources in the footprints, at epoch 2023.54 by its proper motions)"
    assert said in methods(finished, "miri")[0]
    finished["catalogue"]["epoch"] = None
    assert "catalogue gaia.ecsv (57 sources in the footprints);" in methods(finished, "miri")[0]


def test_this_program_is_cited(finished, tmp_path):
    text, _ = methods(finished, "miri")
    assert "jwst-lv3 0.1.0 (the jwst-lv3 developers)" in text
    assert "CITATION.cff" in page(finished, tmp_path)
    assert 'href="https://doi.org/"' not in page(finished, tmp_path)


def test_the_methods_do_not_claim_what_was_left_out(finished):
    finished["parameters"]["steps"]["tweakreg"]["skip"] = True
    text, _ = methods(finished, "miri")
    assert "not aligned beyond" in text
    assert "fit rshift" not in text


def test_north_and_east_follow_the_frame():
    turned = [[10.0, 0.0], [10.0, 0.01], [10.01, 0.01], [10.01, 0.0]]  # x to the north, y to the east
    north, east, scale = sky_vectors(turned, (100, 100))
    np.testing.assert_allclose([north, east], [[1, 0], [0, 1]], atol=1e-9)
    assert scale == pytest.approx(0.36)


def test_numbers_are_for_readers():
    assert (number(None), number(0.12345), number(-0.5, "+.2f")) == ("\u2013", "0.123", "-0.50")
    assert (size(999), size(3_000_000), size(25 * 10**9)) == ("999 B", "3 MB", "25 GB")
    assert (duration(None), duration(9.96), duration(125), duration(7260)) == (
        "\u2013",
        "10.0 s",
        "2 min 05 s",
        "2 h 01 min",
    )


def test_the_offset_at_the_worst_corner_stands_beside_the_median_one(finished, tmp_path):
    text = page(finished, tmp_path)
    assert "at the worst corner" in text
    assert "0.0171" in text


def test_a_poor_result_is_called_so(finished, tmp_path):
    caveat = {"code": "unusable", "message": "of no use", "hint": ""}
    text = page(finished | {"state": "poor", "caveats": [caveat]}, tmp_path)
    assert '<span class="verdict poor">poor: not to be used</span>' in text


def test_exposures_that_alignment_left_in_place_need_no_arrows(finished):
    exposures = [e | {"moved": True, "shift": [0.0, 0.0]} for e in finished["measurements"]["exposures"]]
    assert figures.alignment(exposures) is None


def test_a_part_that_fails_leaves_its_place_with_the_reason(finished, tmp_path, monkeypatch, caplog):
    def fails(*_):
        raise ValueError("no <such> thing")

    for name in ("outliers", "footprints"):
        monkeypatch.setattr(figures, name, fails)
    monkeypatch.setattr("app.report.page.coverage_picture", fails)
    monkeypatch.setattr("app.report.page.residuals", fails)
    monkeypatch.setattr("app.report.page.view", fails)
    finished["measurements"] |= {"catalogue": None, "failed": {"catalogue": "KeyError: x"}}
    text = page(finished, tmp_path)
    assert text.count("could not be made: ValueError: no &lt;such&gt; thing") == 5
    assert "Catalogue could not be measured: KeyError: x" in text
    assert len(re.findall("<svg role", text)) == 6
    assert "no <such> thing" in caplog.text


def test_the_depth_is_said_with_its_aperture(finished, tmp_path):
    text = re.sub(r"\s+", " ", page(finished, tmp_path))
    assert re.search(r"Depth: 2\d\.\d\d mag \(AB\), [\d.]+ nJy, is 5 times the noise in an aperture of 0.29", text)


def test_tiles_that_are_not_there_leave_their_place_with_the_reason(finished, tmp_path):
    finished["measurements"]["mosaic"]["file"] = "tiles.json"
    (tmp_path / "tiles.json").write_text('{"shape": [60, 60], "tiles": [{"file": "gone_i2d.fits"}]}')
    text = page(finished, tmp_path)
    assert "This picture could not be made" in text
    assert 'id="alignment"' in text
