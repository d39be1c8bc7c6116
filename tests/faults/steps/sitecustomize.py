"""Imported by every Python of a command: in the middle of a step, a signal is sent to one of its processes, once.

MOMENT names a folder for what these processes tell each other. MOMENT_RECORD is the run's record, MOMENT_STEP the step
that it has to be at, MOMENT_SIGNAL the number of the signal, MOMENT_TARGET who gets it: command, run, worker or group.
"""

import os
import sys
from pathlib import Path

_folder, _record = Path(os.environ["MOMENT"]), Path(os.environ["MOMENT_RECORD"])
_step, _target = f'\n  "step": "{os.environ["MOMENT_STEP"]}"', os.environ["MOMENT_TARGET"]
_number = int(os.environ["MOMENT_SIGNAL"])
#: A worker is forked by a process that has imported this.
_role = "forker" if "app.runtime.worker" in sys.orig_argv else "run" if "app.run.child" in sys.orig_argv else "command"
_own = os.getpid()
#: Files that this process has opened in the step, or tasks that it has read; what looks into the record is not looked
#: at itself.
_state = {"opened": 0, "looks": False}


def _look(event: str, _: object) -> None:
    is_place = os.getpid() != _own if _target == "worker" else _role == "run" and os.getpid() == _own
    if event not in ("open", "pickle.find_class") or _state["looks"] or not is_place:
        return
    _state["looks"] = True
    try:
        if not (_folder / "sent").exists() and _record.exists() and _step in _record.read_text():
            _state["opened"] += 1
            if (
                _state["opened"] > 1
            ):  # the first may belong to the record, which says since a moment that the step has begun
                _send()
    finally:
        _state["looks"] = False


def _send() -> None:
    try:
        (_folder / "sent").touch(exist_ok=False)
    except FileExistsError:  # another worker was first
        return
    command, run = (int((_folder / name).read_text()) for name in ("command", "run"))
    if _target == "group":
        os.killpg(command, _number)
        os.killpg(run, _number)
    else:
        os.kill({"command": command, "run": run, "worker": os.getpid()}[_target], _number)


if _role != "forker":
    (_folder / _role).write_text(str(_own))
sys.addaudithook(_look)
