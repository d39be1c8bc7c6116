"""What the benchmark watches, and what it writes; the measuring itself is `make bench`."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Two processes at work together, for longer than there is between two looks at their memory, then one alone.
WORK = """
import os, time
def work(seconds):
    start = time.process_time()
    while time.process_time() - start < seconds:
        pass
child = os.fork()
space = bytearray(os.urandom(30_000_000))
work(1.6)
if child == 0:
    os._exit(0)
os.waitpid(child, 0)
work(0.6)
"""


@pytest.fixture
def scripts(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))


def test_all_processes_of_a_run_are_watched(scripts, tmp_path):
    from bench_watch import watch

    usage = watch([sys.executable, "-c", WORK], tmp_path, os.environ)
    assert 3.8 <= usage.cpu < 5
    assert usage.memory > 60
    assert 0 < usage.alone < usage.wall


def test_processes_that_nobody_waits_for_count_too(scripts, tmp_path):
    from bench_watch import watch

    work = (
        "import os, time\n"
        "if not (child := os.fork()):\n"
        "    while time.process_time() < 1: pass\n"
        "    os._exit(0)\n"
        "while open(f'/proc/{child}/stat').read().split()[2] != 'Z': time.sleep(0.1)\n"
    )
    usage = watch([sys.executable, "-c", work], tmp_path, os.environ)
    assert usage.cpu > 0.8


def test_a_run_that_fails_ends_the_benchmark(scripts, tmp_path):
    from bench_watch import watch

    with pytest.raises(SystemExit, match="failed"):
        watch([sys.executable, "-c", "raise SystemExit(3)"], tmp_path, os.environ)


def test_only_what_was_measured_is_written_anew(scripts, tmp_path):
    from bench import REDUCED, Run
    from bench_report import write_report
    from bench_watch import Usage

    page = tmp_path / "page.md"
    page.write_text((ROOT / "docs/performance.md").read_text())
    found = {}
    for number, case in enumerate(REDUCED.cases, start=1):
        found[case.name] = Run(Usage(100.0 * number, 150.0, 5.0, 1000.0), 33.0, {"drizzle": 1.0} if case.procs else {})
    table = write_report(found, REDUCED, limit=15.0, n_rounds=1, page=page)
    text = page.read_text()
    assert "| NIRCam, fast, `procs=2`, to jwst exact: time | <= 0.2 | 1.50 (not reached) |" in table
    assert "| nircam_fast_1 | 500.0 | 150.0 | 5.0 | 1000 | 33 |" in text
    assert "| nircam_fast_1 | 1.0 | 499.0 |" in text
    write_report(found, REDUCED, limit=15.0, n_rounds=1, page=page)
    assert page.read_text() == text
    assert text.count("## How the work is divided") == text.count("| nircam_fast_1 | 1.0 | 499.0 |") == 1
