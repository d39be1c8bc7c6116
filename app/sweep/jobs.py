"""The jobs of a sweep, before any is started: valid or refused, to be run or finished."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from app.config.paths import named_files, read_with
from app.config.schema import Lv3Config
from app.config.words import override, override_below, override_of_list
from app.observation.files import searched_folder
from app.plan.checks import outputs
from app.plan.named_files import missing_files, missing_of_parameters
from app.plan.parameters import check_parameters
from app.plan.plan import Plan, make_plan
from app.record.standing import standing
from app.runtime.errors import InputError, Lv3Error
from app.runtime.pool import one_pool, run_all
from app.sweep.cost import Cost, cost
from app.sweep.lines import line
from app.sweep.places import place, shared_places
from app.sweep.points import COMMON, Composer, Point

__all__ = ["Job", "Todo", "look_at"]

log = logging.getLogger(__name__)

#: Keys of the sweep alone, which no job needs.
_OF_THE_SWEEP = COMMON - {"out_root", "procs"}

# Points that one process checks before it returns them.
_CHUNK = 25


class Todo(StrEnum):
    """What a sweep will do with a job."""

    RUN = "run"
    AGAIN = "run again"
    FINISHED = "finished"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Job:
    """One job of a sweep.

    Parameters
    ----------
    name : str
        What the sweep varies, with this job's values.
    overrides : tuple of str
        Arguments of ``jwst-lv3`` that run this job alone, its out_dir included.
    folder : Path
        Its out_dir; ``Path()`` where it is refused and has none of its own.
    todo : Todo
    problems : list of str
        Why it is refused.
    changes : list of str
        How it differs from the finished run in its folder.
    cost : Cost, optional
        None where it is refused.
    reads, writes : tuple of Path
        Folders and files that it reads, and folders other than its own that it writes to.
    follows : Path, optional
        Folder of the run whose alignment it follows, its own where others follow it.
    """

    name: str
    overrides: tuple[str, ...]
    folder: Path
    todo: Todo
    problems: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    cost: Cost | None = None
    reads: tuple[Path, ...] = ()
    writes: tuple[Path, ...] = ()
    follows: Path | None = None

    @property
    def key(self) -> str:
        """What identifies it: its folder, or where it has none its name."""
        return self.name if self.folder == Path() else str(self.folder)

    @property
    def line(self) -> str:
        """The overrides as one line for a shell."""
        return line(self.overrides)


def look_at(composer: Composer, procs: int, versions: dict[str, str] | None) -> list[Job]:
    """Compose, check and plan every point of a sweep, from headers alone; nothing is written.

    Parameters
    ----------
    composer : Composer
    procs : int
        Number of processes that check.
    versions : dict, optional
        Versions that the jobs will run with; a job that was finished with others is run again.

    Returns
    -------
    list of Job
        In the order of the sweep.
    """
    points = composer.points()
    chunks = [points[i : i + _CHUNK] for i in range(0, len(points), _CHUNK)]
    procs = min(procs, len(chunks))  # a process of its own for a single chunk would first have to load all anew
    with one_pool(procs, _load):
        jobs = [job for chunk in run_all(partial(_look, composer, versions), chunks, procs) for job in chunk]
    return list(_after_their_leaders(list(_with_own_places(jobs))))


def _load() -> None:
    """Load jwst once, before processes are forked; where it is missing, jobs check parameters."""
    if find_spec("jwst"):
        import app.crds.image3  # noqa: F401


def _look(composer: Composer, versions: dict[str, str] | None, points: Iterable[Point]) -> list[Job]:
    return [_job(composer, versions, point) for point in points]


def _job(composer: Composer, versions: dict[str, str] | None, point: Point) -> Job:
    folder, overrides = Path(), tuple(word for word in point.overrides if _key(word) not in _OF_THE_SWEEP)
    try:
        config = composer.config(point)
        folder = place(config, point.swept)
        config = replace(config, procs=1, out_dir=str(folder))
        overrides = _overrides(point, config, folder)
        plan = make_plan(config)
        _check(plan)
    except Lv3Error as error:
        return Job(point.name, overrides, folder, Todo.REFUSED, error.problems)
    todo, changes = _standing(plan, versions)
    if todo is Todo.AGAIN:
        overrides = (*overrides, "overwrite=true")
    paths = _paths(config)
    writes = (paths.pop("work_dir"),) if config.work_dir else ()
    follows = paths.pop("align_from", None)
    reads = [
        *map(searched_folder, config.in_dir),
        *paths.values(),
        *(read for keys, path in _parameter_files(config) for read in read_with(keys, path)),
    ]
    reads += [follows] if follows and follows.exists() else []
    return Job(point.name, overrides, folder, todo, [], changes, cost(plan), tuple(reads), writes, follows)


def _check(plan: Plan) -> None:
    """Refuse parameters that jwst does not take, and files that are not there."""
    problems = [*missing_files(plan.config), *(text for error in outputs.check(plan) for text in error.problems)]
    if find_spec("jwst"):
        check_parameters(plan.config, plan.band, plan.asked)
        problems += missing_of_parameters(plan)
    if problems:
        raise InputError(problems)


def _paths(config: Lv3Config) -> dict[str, Path]:
    """Folders and files of a job other than in_dir and out_dir, by key."""
    given = {key: getattr(config, key) for key in ("sky_levels", "mosaic_like", "align_from", "work_dir")}
    given["sky_anchor"] = config.sky_anchor if Path(config.sky_anchor).is_file() else None  # else a word
    given["crds.path"] = config.crds.path
    return {key: Path(path).absolute() for key, path in given.items() if path}


def _parameter_files(config: Lv3Config) -> list[tuple[tuple[str, ...], Path]]:
    """Files that parameters of jwst's steps name, absolute."""
    return [(keys, path.absolute()) for keys, path in named_files(config) if len(keys) > 1]


def _overrides(point: Point, config: Lv3Config, folder: Path) -> tuple[str, ...]:
    """The point's overrides with absolute paths of its own: they have the same meaning wherever the job runs."""
    own = {key: str(path) for key, path in _paths(config).items()} | {"out_dir": str(folder)}
    kept = [word for word in point.overrides if _key(word) not in {"in_dir", *own, *COMMON} - {"procs"}]
    places = override_of_list("in_dir", [str(Path(place).absolute()) for place in config.in_dir])
    named = [override_below(keys, str(path)) for keys, path in _parameter_files(config)]
    return (*kept, places, *(override(key, value) for key, value in own.items()), *named)


def _key(word: str) -> str:
    return word.partition("=")[0].lstrip("+")


def _standing(plan: Plan, versions: dict[str, str] | None) -> tuple[Todo, list[str]]:
    """What is to be done, and why it is to be done again."""
    found = standing(plan.config, plan.members, versions)
    is_replaced = found.differences and found.aligned is None
    todo = Todo.AGAIN if is_replaced else Todo.FINISHED if found.is_finished else Todo.RUN
    return todo, found.differences


def _after_their_leaders(jobs: list[Job]) -> Iterator[Job]:
    """The jobs; a finished one is made again where that whose alignment it follows is."""
    remade = {job.folder for job in jobs if job.todo is Todo.AGAIN}
    for job in jobs:
        if job.todo is Todo.FINISHED and job.follows in remade:
            changes = [f"the run that it follows, {job.follows}, is made again"]
            yield replace(job, todo=Todo.AGAIN, changes=changes, overrides=(*job.overrides, "overwrite=true"))
        else:
            yield job


def _with_own_places(jobs: list[Job]) -> Iterator[Job]:
    """The jobs; those that would share a place are refused."""
    sharing = shared_places((" ".join(job.overrides), job.folder) for job in jobs if job.folder != Path())
    for job in jobs:
        if problem := sharing.get(job.folder):
            yield replace(job, todo=Todo.REFUSED, folder=Path(), problems=[*job.problems, problem])
        else:
            yield job
