"""``notify=CMD``: a command of the user's that is told how a run or a sweep ended, to send a mail or a message.

It is taken from the command line only: a survey file of somebody else must not run anything.
"""

import logging
import os
import shlex
import subprocess
from collections.abc import Sequence

from app.runtime.errors import ConfigError, ExitCode

__all__ = ["check_source", "notify", "split_off"]

log = logging.getLogger(__name__)

_KEY = "notify="
_LONGEST = 60.0  # [s]


def split_off(words: Sequence[str]) -> tuple[list[str], str | None]:
    """A command line without the command to notify by, whatever that holds, and the command; the last of several."""
    found = [word.removeprefix(_KEY) for word in words if word.startswith(_KEY)]
    return [word for word in words if not word.startswith(_KEY)], (found[-1] if found else None)


def check_source(configured: str | None) -> None:
    """Refuse a command that stands in a configuration: that of the command line is split off before it is composed.

    Raises
    ------
    ConfigError
    """
    if configured:
        raise ConfigError(f"notify={configured}: none is run from a file; give it on the command line")


def notify(command: str, status: int, words: Sequence[str]) -> None:
    """Run the command, with the verdict as a line on its input and in LV3_VERDICT, the exit status in LV3_STATUS.

    Parameters
    ----------
    command : str
        For a shell: ``mail -s "$LV3_VERDICT" me@example.org``.
    status : int
        Exit status of the run or sweep.
    words : sequence of str
        The command line, without this.
    """
    said = ExitCode(status).name.lower() if status in {*ExitCode} else f"status {status}"
    line = shlex.join(["jwst-lv3", *words])
    environment = os.environ | {"LV3_VERDICT": said, "LV3_STATUS": str(status)}
    try:
        subprocess.run(  # noqa: S602 - the user's own command line
            command, shell=True, check=True, text=True, input=f"{said}: {line}\n", env=environment, timeout=_LONGEST
        )
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("notify: %s", error)
