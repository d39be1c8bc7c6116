"""Imported by every Python of a command: at the n-th fork of all its processes, a signal is sent to one of them.

FORKS names a folder for what these processes tell each other, FORK_NUMBER is n, FORK_TARGET is the command or the run.
"""

import os
import signal
import sys
from pathlib import Path

_folder = Path(os.environ["FORKS"])


def _came(*_: object) -> None:
    with (_folder / "forks").open("a") as forks:
        forks.write(f"{os.getpid()} {sys.orig_argv}\n")
    count = len((_folder / "forks").read_text().splitlines())
    if count == int(os.environ["FORK_NUMBER"]):
        target = _folder / os.environ["FORK_TARGET"]
        target = target if target.exists() else _folder / "command"  # the run is not there yet
        os.kill(int(target.read_text()), signal.SIGTERM)


if not (_folder / "command").exists():
    (_folder / "command").write_text(str(os.getpid()))
elif "app.run.child" in sys.orig_argv:
    (_folder / "run").write_text(str(os.getpid()))

os.register_at_fork(before=_came)  # what is raised in here, by a handler of the signal, Python drops
sys.addaudithook(lambda event, _: _came() if event == "subprocess.Popen" else None)
