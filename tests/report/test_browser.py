"""The pages in a real browser: nothing is fetched, nothing is said on the console, all pictures load, tables sort."""

import re

import numpy as np
import pytest

from app.report.comparison import write_comparison
from app.report.page import write_report
from tests.assess.test_compare import SHAPE, write_mosaic
from tests.browser import COMMON, printed, visit
from tests.report.conftest import exposure, overlap

pytestmark = pytest.mark.browser

SORT = """
  const table = document.querySelector("table.sorts"), head = table.tHead.rows[0].cells[2];
  const column = () => [...table.tBodies[0].rows].map((row) => row.cells[2].textContent);
  head.click(); const up = column(); head.click(); const down = column();
  seen = {
    ...COMMON, up, down, images: document.images.length,
    drawings: [...document.querySelectorAll("figure svg")].filter((svg) => svg.clientWidth > 100).length,
  };
""".replace("COMMON", COMMON)

BLINK = """
  const blink = document.querySelector(".blink"), [below, above] = blink.querySelectorAll("img");
  below.click(); const isAbove = getComputedStyle(above).visibility; above.click();
  seen = { ...COMMON, isAbove, name: blink.querySelector("figcaption").textContent, differ: below.src !== above.src };
""".replace("COMMON", COMMON)

DARK = "--blink-settings=preferredColorScheme=0"


@pytest.mark.parametrize("options", [(), (DARK,), ("--window-size=500,900",)], ids=["light", "dark", "narrow"])
def test_the_report(finished, tmp_path, options):
    seen, console = visit(write_report(finished, tmp_path), SORT, *options)
    assert console == []
    assert (seen["images"], seen["broken"], seen["drawings"]) == (2, [], 9)
    assert not seen["wide"]
    assert seen["up"] != seen["down"]
    assert seen["up"] == ["unmoved", "+0.0200", "+0.0300"]
    assert seen["fetched"] == []


def test_the_comparison(tmp_path):
    mosaics = [tmp_path / "a_i2d.fits", tmp_path / "b_i2d.fits"]
    for path in mosaics:
        write_mosaic(path, np.random.default_rng(len(path.name)).normal(size=SHAPE) + (path == mosaics[1]))
    runs = {"a": "/out/a", "b": "/out/b", "verdict": "Not alike", "settings": []}
    seen, console = visit(write_comparison(tmp_path, runs, [], mosaics), BLINK)
    assert console == []
    assert (seen["broken"], seen["wide"], seen["fetched"]) == ([], False, [])
    assert (seen["isAbove"], seen["name"], seen["differ"]) == ("visible", "a", True)


@pytest.mark.parametrize("n", [3, 14])
def test_on_paper_no_heading_stands_alone_and_no_details_are_unasked(finished, tmp_path, n):
    measured = finished["measurements"]
    measured["exposures"] = [exposure(number) for number in range(1, n)]
    measured["overlaps"] = [overlap(1, 2)] * n
    page = write_report(finished, tmp_path)
    headings = {re.sub("<.*?>", "", title).strip() for title in re.findall(r"<h2.*?</h2>", page.read_text())}
    assert len(headings) == 7
    sheets = printed(page)
    ends = [sheet.rstrip().splitlines()[-1].strip() for sheet in sheets]
    assert not headings & set(ends)
    text = "".join(sheets)
    assert headings <= {line.strip() for line in text.splitlines()}
    assert "SHA-256" not in text
    assert ("at the worst corner" in text) == (n < 12)
