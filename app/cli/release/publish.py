"""``action=release``: finished runs in, a folder that can be published out, whole or not at all."""

import json
import logging
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from app.cli.release.colour import triples
from app.cli.release.crate import CRATE_NAME, crate
from app.cli.release.one_run import release_run
from app.cli.release.pictures import colour_pictures
from app.cli.release.readme import readme
from app.cli.release.rules import MANIFEST, OPEN, problems
from app.cli.release.runs import Run, file_name, releasable_runs
from app.config.schema import Lv3Config
from app.observation.hlsp import FIELDS, Collection, hlsp_target
from app.runtime.disk import disk_errors
from app.runtime.errors import InputError
from app.runtime.files import settle_folder, sha256
from app.runtime.pool import run_all

__all__ = ["release"]

log = logging.getLogger(__name__)

#: A release of more runs than this has a folder for each target.
_FLAT = 4

#: For each file, by its path in the release: the runs that it shows, and where it is now.
Made = dict[str, tuple[Sequence[Run], Path]]


def release(config: Lv3Config) -> Path:
    """Release the runs in out_dir, or below out_root.

    Parameters
    ----------
    config : Lv3Config
        With action=release; checked.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        A run cannot be released, the folder is there already, or what was made breaks a rule.
    """
    place = Path(str(config.release_dir)).absolute()
    if place.exists() or place.is_symlink():
        raise InputError(f"release_dir={place}: is there already, and is not replaced; choose another")
    runs = releasable_runs(Path(config.out_dir or config.out_root).absolute(), config.accept, config.n_procs)
    config = replace(config, hlsp_version=config.hlsp_version or _common_version(runs))
    with _unfinished(place) as folder:
        made = _make(runs, config, folder)
        _describe(made, runs, config, folder)
        found = problems(folder)
        if broken := [problem for problem in found if OPEN not in problem]:
            raise InputError(broken)
        settle_folder(folder, place)
    for problem in found:
        log.warning("still open: %s", problem)
    log.info("release: %s, %d files", place, len(made))
    return place


def _common_version(runs: Sequence[Run]) -> str:
    """The data processing version, which all runs of a release share."""
    version = runs[0].record["config"]["dr_version"]
    if not FIELDS["version"].fits(version):
        raise InputError(
            f"dr_version={version}: the runs have it, and no release can have it: that is {FIELDS['version'].rule}; "
            "give hlsp_version"
        )
    return version


@contextmanager
def _unfinished(place: Path) -> Iterator[Path]:
    """Context with a folder beside a place, which is gone at its end, unless it was given that place."""
    with disk_errors(place.parent):
        place.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".jwst-lv3-tmp-{place.name}-", dir=place.parent))
        try:
            folder.chmod(0o755)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _make(runs: Sequence[Run], config: Lv3Config, folder: Path) -> Made:
    """Write the files of all runs, and the pictures of several bands together."""
    folders = [folder / _folder_of(run) if len(runs) > _FLAT else folder for run in runs]
    for path in folders:
        path.mkdir(exist_ok=True)
    made: Made = {}
    work = list(zip(runs, folders, strict=True))
    files = run_all(partial(release_run, config), work, min(config.n_procs, len(runs)))
    for run, paths in zip(runs, files, strict=True):
        made |= {str(path.relative_to(folder)): ((run,), path) for path in paths}
    for bands in triples(runs):
        paths = list(colour_pictures(bands, config, folders[runs.index(bands[0])]))
        made |= {str(path.relative_to(folder)): (bands, path) for path in paths}
    return made


def _folder_of(run: Run) -> str:
    """A target as the name of a folder, by MAST's rules: up to 20 letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", hlsp_target(run.target))[:20].strip("-")


def _describe(made: Made, runs: Sequence[Run], config: Lv3Config, folder: Path) -> None:
    """Write README and RO-Crate, and last the manifest, which lists these too."""
    day = datetime.now(UTC).date()
    name = Collection(str(config.hlsp_id), str(config.hlsp_version)).readme
    (folder / name).write_text(readme(runs, config, list(made), day), encoding="utf-8")
    listed = made | {name: ((), folder / name)}
    text = json.dumps(crate(listed, runs, config, day), indent=1) + "\n"
    (folder / CRATE_NAME).write_text(text, encoding="utf-8")
    paths = {**{name: path for name, (_, path) in listed.items()}, CRATE_NAME: folder / CRATE_NAME}
    lines = [f"{sha256(path)}  {name}\n" for name, path in sorted(paths.items())]
    (folder / file_name(config, runs, MANIFEST, "txt")).write_text("".join(lines), encoding="utf-8")
