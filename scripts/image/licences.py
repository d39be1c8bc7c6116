#!/usr/bin/env python
"""Print the licences of all packages of the Python that runs this: a line for each, and then the texts that they bring.

python scripts/image/licences.py > licences.txt

A package that neither names its licence nor brings a text is an error.
"""

import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions

#: Parts of the names of files with such texts, in a package's own description (*.dist-info).
_TEXTS = ("licen", "copying", "copyright", "notice", "authors")
_LONGEST = 60  # what is longer is a text, not a name


def named(package: Distribution) -> str:
    """The licence by name, as the package's metadata have it; empty where they have none."""
    facts = package.metadata
    classes = [
        name.rpartition(" :: ")[2] for name in facts.get_all("Classifier") or () if name.startswith("License ::")
    ]
    license_ = (facts.get("License") or "").strip()
    is_name = license_ not in {"", "UNKNOWN"} and "\n" not in license_ and len(license_) <= _LONGEST
    return facts.get("License-Expression") or (license_ if is_name else "") or ", ".join(classes)


def texts(package: Distribution) -> Iterator[str]:
    """The texts that it brings, each with its file's name above."""
    for file in sorted(package.files or ()):
        if ".dist-info" in file.parts[0] and any(part in file.name.lower() for part in _TEXTS):
            yield f"--- {file}\n\n{file.read_text(encoding='utf-8').strip()}\n"


def main() -> int:
    """Print all of it; returns the exit status."""
    packages = sorted(distributions(), key=lambda package: package.name.lower())
    found = {package: (named(package), "\n".join(texts(package))) for package in packages}
    if unknown := [package.name for package, said in found.items() if not any(said)]:
        print(f"no licence is known of {', '.join(unknown)}", file=sys.stderr)
        return 1
    for package, (name, _) in found.items():
        print(f"{package.name} {package.version}: {name or 'its text, below'}")
    for package, (_, text) in found.items():
        print(f"\n{'=' * 100}\n{package.name} {package.version}\n\n{text or 'It brings no text.'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
