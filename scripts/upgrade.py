#!/usr/bin/env python3
"""Write another version of jwst and its CRDS context into every file that names them; `make upgrade` does the rest.

    python scripts/upgrade.py 3.0.1 jwst_1590.pmap

Which context belongs to a version, jwst's README says, in the table "Software vs DMS build version map".
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONTEXT = r"jwst_\d{4,}\.pmap"
VERSION = r"\d+\.\d+\.\d+"

#: What names the version of jwst, and the context, by file; the pattern's second group is replaced.
JWST_PINS = {
    "requirements/run.in": rf"(^jwst==)({VERSION})",
    "pyproject.toml": rf'("jwst==)({VERSION})',
    "Dockerfile": rf"(^ARG JWST_VERSION=)({VERSION})",
    "apptainer.def": rf"(^ +JWST_VERSION=)({VERSION})",
    "scripts/conda/recipe.yaml": rf"(^ +- jwst ==)({VERSION})",
}
CONTEXT_PINS = {
    "app/crds/environment.py": rf'(^CONTEXT = ")({CONTEXT})',
    "conf/crds/pinned.yaml": rf"(^context: )({CONTEXT})",
    "conf/crds/server.yaml": rf"(^context: )({CONTEXT})",
    "Dockerfile": rf"(^ARG CRDS_CONTEXT=)({CONTEXT})",
    "apptainer.def": rf"(^ +CRDS_CONTEXT=)({CONTEXT})",
}


def pins(patterns: dict[str, str], root: Path = ROOT) -> dict[str, list[str]]:
    """What the files name now, by file."""
    return {
        name: [match[2] for match in re.finditer(pattern, (root / name).read_text(encoding="utf-8"), re.MULTILINE)]
        for name, pattern in patterns.items()
    }


def replace(patterns: dict[str, str], value: str, root: Path = ROOT) -> None:
    """Write `value` in place of what the files name now."""
    for name, pattern in patterns.items():
        path = root / name
        text = re.sub(pattern, rf"\g<1>{value}", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        path.write_text(text, encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Check the two names and write them; returns the exit status."""
    version, context = [*arguments, "", ""][:2]
    if not re.fullmatch(VERSION, version) or not re.fullmatch(CONTEXT, context):
        print(
            f"JWST={version} CONTEXT={context}: a version and a literal context are needed: "
            "make upgrade JWST=3.0.1 CONTEXT=jwst_1590.pmap",
            file=sys.stderr,
        )
        return 2
    replace(JWST_PINS, version)
    replace(CONTEXT_PINS, context)
    print(f"jwst {version} with {context}: written into", *sorted({*JWST_PINS, *CONTEXT_PINS}), sep="\n  ")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
