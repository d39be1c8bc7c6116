#!/usr/bin/env python
"""Write docs/configuration.md from app/config/schema.py and the files in conf/; ``--check`` only compares."""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

import yaml

from app.config.forms import in_words
from app.config.schema import NOT_GIVEN, Lv3Config
from app.runtime.files import write_text

ROOT = Path(__file__).resolve().parent.parent
CONF, PAGE = ROOT / "conf", ROOT / "docs/configuration.md"

HEAD = """\
<!-- Made by scripts/make_configuration_docs.py from app/config/schema.py and conf/: change those. -->
# Configuration

Any key is set as `KEY=VALUE` on the command line, or in a file of your own: `jwst-lv3 --config-dir FOLDER -cn NAME`
reads `FOLDER/NAME.yaml`, which starts with

```yaml
defaults: [config, _self_]
```

A config group offers named sets of keys; `GROUP=OPTION` chooses one, and `GROUP=[OPTION,OPTION]` several of a grouping.
From Python the same keys are arguments of `app.Lv3Step`. `jwst-lv3 action=plan ...` shows the result of all this.

`jwst-lv3 action=help sky` explains a key or a config group in the terminal. Tab completion of groups, options and
keys comes from Hydra: `eval "$(jwst-lv3 --shell-completion install=bash)"` in `~/.bashrc` (zsh: the same, after
`autoload -U bashcompinit; bashcompinit`; fish: the same with fish for bash, piped into `source`).

A value may hold blanks, `~`, letters that are not ASCII, and brackets that are not the first: `target='M 33'`,
`in_dir=~/MAST`, `in_dir='data/jw0[12]*'`. With `=`, `,` or quotes in it, it needs quotes inside quotes:
`'in_dir="a,b"'`. One value is a list of one.

## Parameters of the steps

`jwst_parameters` holds parameters of jwst's pipeline and steps, by the names that jwst gives them. On the command line:
`++jwst_parameters.tweakreg.searchrad=1.0`. They are checked against the steps' own specification before a run starts.
Of several origins the later one wins, and plan and record say which one did:

1. the step's default,
2. the parameter reference of CRDS (for NIRISS after 3),
3. the band: `kernel_fwhm` of tweakreg and source_catalog is the width of the point-spread function,
4. presets, that is the config groups `parameters`, `speed`, `sky` and `mosaic`, in this order,
5. `jwst_parameters`.

A value may depend on target, band, channel or instrument. A table of **selectors** can replace any value, or a step's
table:

```yaml
jwst_parameters:
  tweakreg:
    snr_threshold: {miri: 5, nircam_short: 3}  # by instrument or channel; NIRCam long: not set
    searchrad: 2pix                            # a length in pixels of the band's detector, in arcsec
    ngc1365: {minobj: 5}                       # several parameters of one target
    F2100W: {skip: true}                       # ... or of one band
```

The most specific selector that sets a parameter wins: target, `<band>_<instrument>`, band, channel (`nircam_short`,
`nircam_long`, `miri`, `niriss`), instrument; upper or lower case. Where none fits, nothing is set. One that can never
match, `nircam_shrot`, is an error; so is the name of another target where `targets` lists those of the survey.

In YAML, quote what is meant as a text: an unquoted `off` is read as false and `001` as 1. Such values are refused.
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join([HEAD, "## Keys\n", *_keys(), "", *_groups()]).rstrip() + "\n"


def _keys() -> Iterator[str]:
    yield "| key | type | default | meaning |"
    yield "|---|---|---|---|"
    for item in fields(Lv3Config):
        choices = item.metadata.get("choices", ())
        allowed = f"; of {', '.join(choices)}" if choices else ""
        yield f"| `{item.name}` | {in_words(item.type)} | {_default(item)} | {_cell(item.metadata['doc'] + allowed)} |"


def _default(item: Field) -> str:
    if item.default == NOT_GIVEN:
        return "must be given"
    if item.default is MISSING:
        return "" if item.name == "crds" else _code(item.default_factory())  # type: ignore[misc]
    return _code(item.default)


def _code(value: Any) -> str:
    plain = {None: "null", True: "true", False: "false"}
    return f"`{plain[value] if isinstance(value, bool | None) else value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("_", "\\_").replace("*", "\\*")


def _groups() -> Iterator[str]:
    defaults = _chosen_defaults()
    for folder in sorted({path.parent for path in CONF.rglob("*.yaml")} - {CONF}):
        group = folder.relative_to(CONF).as_posix()
        yield f"## Config group `{group}`\n"
        for path in sorted(folder.glob("*.yaml"), key=lambda path: (path.stem != defaults.get(group), path.stem)):
            mark = " (default)" if path.stem == defaults.get(group) else ""
            yield f"**`{group}={path.stem}`**{mark}\n"
            yield from _option(path.read_text(encoding="utf-8"))


def _chosen_defaults() -> dict[str, str]:
    """Return the option of each group that conf/config.yaml chooses."""
    entries = yaml.safe_load((CONF / "config.yaml").read_text(encoding="utf-8"))["defaults"]
    named = {group: option for entry in entries if isinstance(entry, dict) for group, option in entry.items()}
    chosen = {group: option[0] if isinstance(option, list) else option for group, option in named.items()}
    return {group: str(option).rpartition(",")[2].rstrip("}") for group, option in chosen.items()}


def _option(text: str) -> Iterator[str]:
    """Yield the comment at the top of an option's file, its indented lines as examples, and the rest as it stands."""
    lines = [line for line in text.splitlines() if not line.startswith("# @package")]
    n_comments = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    comments = lines[:n_comments]
    yield _cell(" ".join(line.lstrip("# ") for line in comments if not line.startswith("#  "))) + "\n"
    if examples := [line.lstrip("# ") for line in comments if line.startswith("#  ")]:
        yield "```\n" + "\n".join(examples) + "\n```\n"
    rest = "\n".join(lines[n_comments:]).strip()
    if rest and rest != "{}":
        yield f"```yaml\n{rest}\n```\n"


def main(argv: list[str] | None = None) -> int:
    """Write the page, or say whether it is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 where the page is stale")
    wanted = page()
    if not parser.parse_args(argv).check:
        write_text(PAGE, wanted)
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == wanted:
        return 0
    print(f"{PAGE} is stale: run scripts/make_configuration_docs.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
