"""What the command says of itself, ``--help`` and ``--version``: by the standard library alone, as one waits for it."""

from collections.abc import Sequence
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

from app.config.folders import CONF, DOCS, option_files
from app.crds.environment import CONTEXT
from app.runtime.kernel import kernel_name

__all__ = ["answer"]

_HELP = """\
jwst-lv3 makes the level-3 mosaic of one target in one band.

  jwst-lv3 target=NAME band=BAND in_dir=FOLDER [out_dir=FOLDER] [KEY=VALUE ...] [GROUP=OPTION ...]

Start with what you have:

  jwst-lv3 action=init in_dir=MAST                            what a download holds; writes a survey file
  jwst-lv3 action=plan target=ngc0628 band=F770W in_dir=MAST  what would be done, in seconds, from headers alone
  jwst-lv3 target=ngc0628 band=F770W in_dir=MAST              the mosaic; then open lv3_report.html in out_dir
  jwst-lv3 -m --config-dir . survey=mast                      a sweep: all targets and bands of a survey file
  jwst-lv3 action=summary out_root=mast                       the summary of a sweep, made anew
  jwst-lv3 action=failed out_root=mast                        commands of its unfinished jobs
  jwst-lv3 action=compare a=out/v1 b=out/v2                   two runs: a table, a page, an exit status
  jwst-lv3 action=help sky                                    what a key or a config group means
  jwst-lv3 action=demo                                        a small simulated observation and its mosaic
  jwst-lv3 action=selftest crds=synthetic crds.path=FOLDER    check this installation

Keys that matter most:

  target             name of the target: part of file names, and what selects exposures
  band               F770W; F200W_niriss where two instruments share the name
  in_dir             folders with *_cal.fits, or patterns; searched below
  out_dir            folder for the products; default out/<target>/<band>
  crds               pinned (a full cache, default), server (download what is missing), synthetic (demo)
  recipe             observatory (default), survey (many pointings, emission), phangs
  tweakreg_grouping  degroup_modules cures doubled stars of NIRCam
  sky                solution, global_match, ...: cures steps in the background
  outliers           spare_stars cures holes in stars
  mosaic             north_up, like another mosaic, explicit
  postprocess        drizzle, blot, drizzle_and_blot: what is made of each exposure beside the mosaic
  exclude            files to leave out, by name or pattern
  procs              number of processes; default all cores
  overwrite          true: make a finished run again
  strict             true: caveats are errors

Config groups and their options:

{groups}

All keys: action=help, or --cfg job with their values. Your own options: --config-dir FOLDER. Also --version.
Tab completion: --shell-completion install=bash, see configuration.md.
Documentation: {docs}
"""


def answer(words: Sequence[str]) -> str | None:
    """What a command line asks the program about itself, answered; None where it asks for something else.

    Parameters
    ----------
    words : sequence of str
        The command line. Options in the folder of ``--config-dir`` are listed with the program's own.
    """
    if "--version" in words:  # Hydra would answer with its own
        packages = f"jwst-lv3 {version('jwst-lv3')}, jwst {version('jwst')}"
        return f"{packages}, CRDS context {CONTEXT}, kernel {kernel_name()}\n"
    if {"-h", "--help"}.isdisjoint(words):
        return None
    return _HELP.format(groups="\n".join(_groups([CONF, *_own_folders(words)])), docs=DOCS)


def _own_folders(words: Sequence[str]) -> list[Path]:
    """The folder of ``--config-dir``, however it is written."""
    split = [part for word in words for part in word.split("=", maxsplit=1)]
    return [Path(value) for option, value in pairwise(split) if option in {"--config-dir", "-cd"}]


def _groups(folders: Sequence[Path]) -> list[str]:
    found: dict[str, set[str]] = {}
    for group, options in ((group, options) for folder in folders for group, options in option_files(folder).items()):
        if not group.startswith("hydra/"):
            found.setdefault(group, set()).update(options)
    return [f"{group}: {', '.join(sorted(options))}" for group, options in sorted(found.items())]
