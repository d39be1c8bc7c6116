#!/usr/bin/env python
"""Make and check a CRDS cache for jwst-lv3.

scripts/crds_cache.py synthetic FOLDER      a small made-up cache, for demo and tests
scripts/crds_cache.py verify FOLDER         compare every file with the manifest
"""

import argparse
import sys
from pathlib import Path

from app.crds.manifest import check_manifest
from app.crds.synthetic import make_synthetic_cache
from app.errors import CrdsError


def main() -> int:
    """Run one command; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["synthetic", "verify"])
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    command = {"synthetic": make_synthetic_cache, "verify": check_manifest}[arguments.command]
    try:
        command(arguments.folder)
    except CrdsError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
