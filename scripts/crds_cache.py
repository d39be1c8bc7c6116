#!/usr/bin/env python
"""Make, check and list a CRDS cache for jwst-lv3.

``fill`` needs the CRDS server, and so a build machine or a login node; the others need no network. A ``fill`` that was
interrupted, or failed, goes on where it stopped when it is called again.
"""

import argparse
import logging
import os
import sys
from collections import Counter
from pathlib import Path

from app.crds.cache.fill import fill
from app.crds.cache.layout import check_mapping, contexts, mapping_files
from app.crds.cache.synthetic import make_synthetic_cache
from app.crds.environment import CONTEXT, SERVER_URL
from app.crds.manifest import check_manifest, read_manifest
from app.observation.bands import IMAGING
from app.runtime.errors import CrdsError


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="{fill,verify,list,synthetic}")
    for name, help_ in {
        "fill": "download what calwebb_image3 asks for, for imaging",
        "verify": "compare every file with the manifest, and the rules with the sums that they carry",
        "list": "say what is in a cache",
        "synthetic": "write a small made-up cache, for demo and tests",
    }.items():
        commands.add_parser(name, help=help_).add_argument("folder", type=Path, help="the cache, CRDS_PATH of a run")
    options = commands.choices["fill"]
    options.add_argument("--context", default=CONTEXT, help="rules to fill it for (default: %(default)s)")
    options.add_argument("--server", default=os.environ.get("CRDS_SERVER_URL", SERVER_URL), help="default: %(default)s")
    options.add_argument("--exp-type", nargs="+", choices=list(IMAGING), default=list(IMAGING), help="default: all")
    return parser.parse_args(argv)


def run_fill(arguments: argparse.Namespace) -> None:
    """Download a cache."""
    os.environ["CRDS_SERVER_URL"] = arguments.server
    run_list(fill(arguments.folder, arguments.context, arguments.exp_type))


def run_verify(cache: Path) -> None:
    """Compare a cache with its manifest, and its rules with themselves."""
    check_manifest(cache)
    if problems := [problem for path in mapping_files(cache) if (problem := check_mapping(path))]:
        raise CrdsError(problems)
    print(f"{cache}: {len(read_manifest(cache))} files, each as in the manifest")


def run_list(cache: Path) -> None:
    """Print contexts, and number and size of the references by instrument and type."""
    if not cache.is_dir():
        raise CrdsError(f"{cache} is not a folder.")
    references = sorted((cache / "references/jwst").glob("*/*"))
    size = sum(path.stat().st_size for path in [*references, *mapping_files(cache)])
    print(f"{cache}: {', '.join(contexts(cache)) or 'no context'}; {len(mapping_files(cache))} rules, ", end="")
    print(f"{len(references)} references, {size / 1e6:.1f} MB")
    # jwst_<instrument>_<type>_<serial>.<ext>
    kinds = Counter(tuple(path.name.split("_")[1:-1]) for path in references)
    for (instrument, *reftype), number in sorted(kinds.items()):
        print(f"{instrument:8} {'_'.join(reftype):28} {number:4}")


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s: %(message)s")
    arguments = parse(argv)
    try:
        match arguments.command:
            case "fill":
                run_fill(arguments)
            case "verify":
                run_verify(arguments.folder)
            case "list":
                run_list(arguments.folder)
            case "synthetic":
                run_list(make_synthetic_cache(arguments.folder))
    except CrdsError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
