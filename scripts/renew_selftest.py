#!/usr/bin/env python
"""Renew the numbers that ``jwst-lv3 action=selftest`` expects; look at what changed before you commit it."""

import json
import tempfile
from pathlib import Path

from app.cli.selftest.check import EXPECTED, make_mosaic
from app.cli.selftest.numbers import different, measure, unequal


def main() -> None:
    """Make the mosaic, say how it differs from the one before, write its numbers."""
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(make_mosaic(Path(folder)))
    before = json.loads(EXPECTED.read_text(encoding="ascii")) if EXPECTED.exists() else {}
    EXPECTED.write_text(json.dumps(measured, indent=1) + "\n", encoding="ascii")
    changes = different(measured, before) or [f"{name}: other bits" for name in unequal(measured, before)]
    print(EXPECTED, *(changes or ["unchanged" if before else "new"]), sep="\n  ")


if __name__ == "__main__":
    main()
