"""Pages in a real browser: a probe runs in the page after all else, and what it leaves in the title comes back."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

#: Virtual time does not wait for what is drawn, of which a busy machine draws little: frames come by the clock.
FRAMES = "<script>requestAnimationFrame = (f) => setTimeout(f, 16); cancelAnimationFrame = clearTimeout;</script>"


def visit(page: Path, probe: str, *options: str, wait: int = 0) -> tuple[Any, list[str]]:
    """What a probe, JavaScript that gives ``seen`` a value, saw in a page; and what was said on the console.

    Without a browser tests fail, they are not skipped.
    """
    told = "document.title = JSON.stringify(seen);"
    script = f'<script>window.addEventListener("load", async () => {{ let seen; {probe}; {told} }});</script>'
    probed = page.with_name("probed.html")
    probed.write_text(page.read_text().replace("</body>", script + "</body>").replace("<head>", "<head>" + FRAMES, 1))
    command = [
        *_browser(page), "--window-size=1300,900", "--dump-dom", "--enable-logging=stderr", *options,
        *([f"--virtual-time-budget={wait}"] if wait else []), probed.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    title = re.search(r"<title>(.*?)</title>", done.stdout, re.DOTALL)[1]
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(html.unescape(title)), console


def printed(page: Path) -> list[str]:
    """The text of each sheet of a page that is printed."""
    assert shutil.which("pdftotext"), "no pdftotext: apt-get install poppler-utils"
    file = page.with_suffix(".pdf")
    command = [*_browser(page), "--no-pdf-header-footer", f"--print-to-pdf={file}", page.as_uri()]
    subprocess.run(command, capture_output=True, timeout=120, check=True)
    done = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.rstrip("\f").split("\f")


def _browser(page: Path) -> list[str]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium, "no Chromium: apt-get install chromium, or leave these tests out with -m 'not browser'"
    return [chromium, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={page.parent / 'profile'}"]


#: Of any page: what it fetched, what is broken, whether something is wider than the window.
COMMON = """
{
  broken: [...document.images].filter((image) => !image.complete || !image.naturalWidth).map((image) => image.alt),
  fetched: performance.getEntriesByType("resource").map((e) => e.name).filter((name) => !/^(data|blob):/.test(name)),
  wide: document.documentElement.scrollWidth > window.innerWidth,
}
"""
