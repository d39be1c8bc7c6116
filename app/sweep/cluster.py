"""What jobs of a sweep run in: this installation, or on nodes of a cluster the same program in an image."""

import json
import logging
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from omegaconf import DictConfig, open_dict

from app.record.provenance import versions
from app.runtime.errors import ConfigError

__all__ = ["check_cluster", "job_versions", "use_image", "uses_image"]

log = logging.getLogger(__name__)

#: The launcher that runs jobs in an image.
_LAUNCHER = "slurm_apptainer"
#: Packages that hand a job over, pickled: the same versions have to be outside and inside.
_HANDING_OVER = ("jwst-lv3", "hydra-core", "hydra-submitit-launcher", "omegaconf", "submitit", "cloudpickle")
_PYTHON = "/opt/venv/bin/python"

_ASK = """
import json, sys
from importlib.metadata import version
from app.record.provenance import versions
print(json.dumps({"python": "%d.%d" % sys.version_info[:2], **{n: version(n) for n in sys.argv[1:]}}))
print(json.dumps(versions()))
"""


def uses_image(launcher: str) -> bool:
    """Whether a launcher runs its jobs in an image."""
    return launcher == _LAUNCHER


def job_versions(launcher: str, sif: str | None) -> dict[str, str] | None:
    """Versions that the jobs will run with; None where they cannot be known.

    Raises
    ------
    ConfigError
        The image cannot be used from here.
    """
    if uses_image(launcher):
        return _ask_image(sif)
    try:
        return versions()
    except PackageNotFoundError:  # a small environment, which plans only
        return None


def _ask_image(sif: str | None) -> dict[str, str]:
    """Refuse an image that is not what this program can hand jobs to."""
    if not sif:
        raise ConfigError(
            f"sif: not given; the image in which hydra/launcher={_LAUNCHER} runs each job: write sif=FILE"
        )
    if not os.access(sif, os.R_OK):
        raise ConfigError(f"sif={sif}: {'cannot be read' if Path(sif).exists() else 'no such file'}")
    if shutil.which("apptainer") is None:
        raise ConfigError("apptainer: not found on PATH: install it, or load its module")
    command = ["apptainer", "exec", "--contain", "--no-home", sif, _PYTHON, "-c", _ASK, *_HANDING_OVER]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if answer.returncode:
        raise ConfigError(f"sif={sif}: cannot be run here: {answer.stderr.strip()[-500:]}")
    inside, all_inside = map(json.loads, answer.stdout.splitlines()[-2:])
    outside = {"python": f"{sys.version_info[0]}.{sys.version_info[1]}"} | {n: _version(n) for n in _HANDING_OVER}
    differing = [f"{n}: {outside[n]} here, {inside[n]} in {sif}" for n in outside if outside[n] != inside[n]]
    if differing:
        raise ConfigError(["versions differ between this environment and the image; install the image's", *differing])
    return all_inside


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


def check_cluster(launcher: str) -> None:
    """Refuse a launcher whose cluster cannot be reached from here.

    Raises
    ------
    ConfigError
        There is no sbatch.
    """
    if "slurm" in launcher and shutil.which("sbatch") is None:
        raise ConfigError(
            f"hydra/launcher={launcher}: sbatch is not found on PATH: start the sweep on a login node of the cluster"
        )


def use_image(master: DictConfig, sif: str, written: Iterable[Path], read: Iterable[Path]) -> None:
    """Let the launcher run each job in the image: srun starts Apptainer, and that the image's Python.

    Parameters
    ----------
    master : DictConfig
        Its launcher is changed.
    sif : str
    written : iterable of Path
        Folders that jobs write to, the sweep's own first.
    read : iterable of Path
        Folders and files that jobs read.

    Raises
    ------
    ConfigError
        Apptainer cannot bind a path of this name.
    """
    image = str(Path(sif).absolute())
    folders, read = list(dict.fromkeys(written)), sorted({*read})
    if unbound := [path for path in [*folders, *read] if set(str(path)) & set(",:")]:
        what = "a path with a comma or a colon cannot be bound into the image; rename it, or give a link to it"
        raise ConfigError(f"{path}: {what}" for path in unbound)
    binds = [f"{path}:{path}:rw" for path in folders] + [f"{path}:{path}:ro" for path in read]
    command = ["apptainer", "exec", "--contain", "--no-home", "--pwd", str(folders[0])]
    command += [word for bind in binds for word in ("--bind", bind)]
    # srun is given the python of this environment, which is dropped: the image has its own.
    command += [image, "sh", "-c", f'shift; exec {_PYTHON} "$@"', "python"]
    unreadable = f"sif={image}: cannot be read on this node"
    with open_dict(master.hydra.launcher):
        master.hydra.launcher.srun_args = command
        master.hydra.launcher.setup = [
            f"test -r {shlex.quote(image)} || {{ echo {shlex.quote(unreadable)} >&2; exit 125; }}"
        ]
