"""The report in a real browser: nothing is fetched, nothing is said on the console, all pictures load, tables sort."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from app.report import write_report

pytestmark = pytest.mark.browser

# Runs in the page after all else, and leaves what it saw in the title.
PROBE = """
<script>
window.addEventListener("load", () => {
  const table = document.querySelector("table.sorts"), head = table.tHead.rows[0].cells[2];
  const column = () => [...table.tBodies[0].rows].map((row) => row.cells[2].textContent);
  head.click(); const up = column(); head.click(); const down = column();
  document.title = JSON.stringify({
    images: document.images.length,
    broken: [...document.images].filter((image) => !image.complete || !image.naturalWidth).length,
    drawings: [...document.querySelectorAll("figure svg")].filter((svg) => svg.clientWidth > 100).length,
    fetched: performance.getEntriesByType("resource").map((e) => e.name).filter((name) => !name.startsWith("data:")),
    wide: document.documentElement.scrollWidth > window.innerWidth, up, down,
  });
});
</script>
"""


@pytest.fixture
def chromium():
    """The browser; without one these tests fail, they are not skipped."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found, "no Chromium: apt-get install chromium, or leave these tests out with -m 'not browser'"
    return found


def visit(chromium, page: Path, folder: Path, *options):
    """What the probe saw, and what was said on the console."""
    probed = folder / "probed.html"
    probed.write_text(page.read_text().replace("</body>", PROBE + "</body>"))
    command = [
        chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,900", "--dump-dom",
        "--enable-logging=stderr", f"--user-data-dir={folder / 'profile'}", *options,
        probed.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    title = re.search(r"<title>(.*?)</title>", done.stdout, re.DOTALL)[1]
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(html.unescape(title)), console


@pytest.mark.parametrize("options", [(), ("--blink-settings=preferredColorScheme=0",)], ids=["light", "dark"])
def test_the_report_in_a_browser(chromium, finished, tmp_path, options):
    report = write_report(finished, tmp_path)
    seen, console = visit(chromium, report, tmp_path, *options)
    assert console == []
    assert (seen["images"], seen["broken"], seen["drawings"]) == (2, 0, 9)
    assert not seen["wide"]
    assert seen["up"] != seen["down"]
    assert seen["up"] == ["unmoved", "+0.0200", "+0.0300"]
    assert seen["fetched"] == []
