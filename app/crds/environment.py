"""The CRDS environment of a run: which context, which cache, which server.

CRDS reads its settings from environment variables and remembers them for the life of the process, so all of them are
set here, before anything imports ``crds`` or ``jwst``. Other CRDS variables of the caller's shell are dropped.
"""

import logging
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.runtime.errors import CrdsError

__all__ = [
    "CONTEXT",
    "SERVERLESS_URL",
    "SERVER_URL",
    "SYNTHETIC_CONTEXT",
    "CrdsOptions",
    "environment",
    "set_environment",
]

log = logging.getLogger(__name__)

#: The context released with jwst 3.0.0 (build 13.0), as jwst's README says since July 2026; the README inside the 3.0.0
#: tag still names 1581.
CONTEXT = "jwst_1584.pmap"
SYNTHETIC_CONTEXT = "jwst_synthetic_0001.pmap"

SERVER_URL = "https://jwst-crds.stsci.edu"
#: Where reference files are downloaded to if nobody says so: the folder that STScI's own instructions name.
HOME_CACHE = "~/crds_cache"
#: A name that the crds client knows and never calls: any request ends at once.
SERVERLESS_URL = "https://jwst-serverless-mode.stsci.edu"

_OFFICIAL = re.compile(r"jwst_\d{4,}\.pmap")
_SYNTHETIC = re.compile(r"jwst_synthetic_\d{4}\.pmap")

# Not named CRDS_*, and makes stpipe ignore every parameter reference, with no message.
_STPIPE_DISABLE = "STPIPE_DISABLE_CRDS_STEPPARS"


@dataclass  # not frozen: OmegaConf makes a frozen class read-only
class CrdsOptions:
    """Config group ``crds``.

    Attributes
    ----------
    mode : {"pinned", "server", "synthetic"}
        ``pinned``: the files in the cache and no others, no server. ``server``: what the cache lacks is downloaded.
        ``synthetic``: a made-up cache for demo and tests, no server.
    context : str
        Literal name of the rules, ``jwst_NNNN.pmap``; a symbolic name or a date would mean other files tomorrow.
    path : str, optional
        The cache folder; default ``CRDS_PATH`` of the environment; then, in mode ``server``, which makes it,
        `HOME_CACHE`.
    check_manifest : bool
        Compare every file of the cache with its manifest first (not in mode ``server``, whose cache may grow).
    """

    mode: str = "pinned"
    context: str = CONTEXT
    path: str | None = None
    check_manifest: bool = True


def environment(options: CrdsOptions, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment variables that make CRDS do what the options say.

    Parameters
    ----------
    options : CrdsOptions
        Config group ``crds``.
    environ : mapping
        Where ``CRDS_PATH`` (the default of ``crds.path``) and, in mode ``server``, ``CRDS_SERVER_URL`` (an
        institute's mirror) are looked up.

    Returns
    -------
    dict
        Every variable that has to be set; no other ``CRDS_*`` may be.

    Raises
    ------
    CrdsError
        For a mode, context or path that cannot be used; all problems at once.
    """
    path = options.path or environ.get("CRDS_PATH") or (HOME_CACHE if options.mode == "server" else None)
    problems = [*_context_problems(options), *_path_problems(path, options.mode)]
    if problems:
        raise CrdsError(problems)
    cache = Path(str(path)).expanduser().absolute()
    return {
        "CRDS_PATH": str(cache),
        "CRDS_CONTEXT": options.context,
        "CRDS_SERVER_URL": _server_url(options, environ),
        "CRDS_OBSERVATORY": "jwst",
        "CRDS_CLIENT_TIMEOUT_SECONDS": "60",  # the client's default is an hour
        "CRDS_READONLY_CACHE": "0" if options.mode == "server" else "1",
        # A name that does not exist, so that ~/.crds.ini is not read.
        "CRDS_INI_FILE": str(cache / "no-crds.ini"),
    }


def set_environment(options: CrdsOptions) -> Path:
    """Set the CRDS environment of this process and of its children.

    Call it before ``crds`` or ``jwst`` is imported.

    Parameters
    ----------
    options : CrdsOptions
        Config group ``crds``.

    Returns
    -------
    pathlib.Path
        The cache folder.

    Raises
    ------
    CrdsError
        When the options cannot be used, or when ``crds`` was imported before with other settings.
    """
    wanted = environment(options)
    changed = {key: os.environ.get(key) for key, value in wanted.items() if os.environ.get(key) != value}
    if changed and "crds" in sys.modules:
        raise CrdsError(
            "crds was imported before its environment was set, and remembers what it saw then: "
            + ", ".join(f"{key}={changed[key]!r} instead of {wanted[key]!r}" for key in changed)
            + ". Import app (or call app.crds.set_environment) before jwst or crds, or run in a new process."
        )
    if options.mode == "server":
        _make_folder(Path(wanted["CRDS_PATH"]))
    if "crds" in sys.modules:
        return Path(wanted["CRDS_PATH"])  # all is set; variables that crds itself added must stay
    dropped = {key: os.environ.pop(key) for key in list(os.environ) if _overrides(key, wanted)}
    ignored = {key: value for key, value in {**changed, **dropped}.items() if value is not None}
    if ignored:
        log.warning("CRDS settings of the environment that config group crds replaces: %s", ignored)
    os.environ.update(wanted)
    return Path(wanted["CRDS_PATH"])


def _make_folder(cache: Path) -> None:
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CrdsError(f"The CRDS cache {cache} cannot be made ({error.strerror}): set crds.path") from error


def _overrides(key: str, wanted: Mapping[str, str]) -> bool:
    """CRDS_MAPPATH, CRDS_MODE, CRDS_DOWNLOAD_PLUGIN, ...: some 40 variables that would change what a run gets."""
    return (key.startswith("CRDS_") and key not in wanted) or key == _STPIPE_DISABLE


def _server_url(options: CrdsOptions, environ: Mapping[str, str]) -> str:
    if options.mode != "server":
        return SERVERLESS_URL
    url = environ.get("CRDS_SERVER_URL", SERVER_URL)
    return SERVER_URL if "serverless" in url else url


def _context_problems(options: CrdsOptions) -> list[str]:
    mode, context = options.mode, options.context
    problem = None
    if mode not in ("pinned", "server", "synthetic"):
        problem = f"crds.mode={mode}: allowed are pinned, server, synthetic."
    elif mode == "synthetic":
        if not _SYNTHETIC.fullmatch(context):
            problem = f"crds.context={context} with crds.mode=synthetic: only {SYNTHETIC_CONTEXT} can be used."
    elif _SYNTHETIC.fullmatch(context):
        problem = f"crds.context={context} is synthetic, for tests: use crds=synthetic, or {CONTEXT} for real data."
    elif not _OFFICIAL.fullmatch(context):
        problem = (
            f"crds.context={context}: only a literal context, jwst_NNNN.pmap, means the same files tomorrow; symbolic "
            f"names and dates do not. For this version of jwst: {CONTEXT}."
        )
    return [problem] if problem else []


def _path_problems(path: str | None, mode: str) -> list[str]:
    problem = None
    if path and mode == "server" and not Path(path).expanduser().exists():
        return []  # it is made
    if not path:
        problem = (
            "No CRDS cache: set crds.path or the environment variable CRDS_PATH to its folder. "
            "`scripts/crds_cache.py fill FOLDER` makes one (needs the network); crds=server lets a run download, into "
            f"{HOME_CACHE} where neither is set."
        )
    elif not Path(path).expanduser().is_dir():
        problem = f"The CRDS cache {path} (crds.path, or CRDS_PATH of the environment) is not a folder."
    return [problem] if problem else []
