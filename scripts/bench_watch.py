"""What a process and all that it starts take: time, memory, and how long only one of them is at work."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Time between two looks at the processes [s].
_INTERVAL = 0.2
# The same for their memory, which the system walks through each time: as often, that costs a tenth of a run [s].
_MEMORY_INTERVAL = 1.0
# Share of the CPU time in an interval from which on a process has it for itself.
_NEARLY_ALL = 0.8


@dataclass(frozen=True)
class Usage:
    """What a process took, its descendants included.

    Parameters
    ----------
    wall, cpu : float
        Time [s].
    alone : float
        Time in which one of the processes, or none, did nearly all of the work [s].
    memory : float
        Peak of the sum of their proportional set sizes, in which pages that they share count once [MB].
    """

    wall: float
    cpu: float
    alone: float
    memory: float


def watch(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Usage:
    """Run a command in a folder, with its output in the file ``log`` there; the script ends where it fails."""
    os.sync()  # so that data of the run before are not written during this one
    start = last = time.monotonic()
    memory, looked, alone, before = 0.0, 0.0, 0.0, {}
    seen: dict[int, float] = {}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=environment)
        while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
            tree = list(_tree(process.pid))
            now, times = time.monotonic(), {pid: cpu for pid in tree if (cpu := _cpu(pid)) is not None}
            if now - looked >= _MEMORY_INTERVAL:
                memory, looked = max(memory, sum(map(_memory, tree))), now
            worked = [cpu - before.get(pid, 0.0) for pid, cpu in times.items()]
            alone += now - last if max(worked, default=0.0) >= _NEARLY_ALL * sum(worked) else 0.0
            before, last = times, now
            seen.update(times)
            time.sleep(_INTERVAL)
    process.returncode = os.waitstatus_to_exitcode(ended[1])
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed: {folder / 'log'}")
    waited = ended[2].ru_utime + ended[2].ru_stime  # without those whose ends nobody waits for
    return Usage(time.monotonic() - start, max(waited, sum(seen.values())), alone, memory)


def _tree(pid: int) -> Iterator[int]:
    """A process and its descendants."""
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return  # it ended meanwhile
    for child in children:
        yield from _tree(int(child))


def _cpu(pid: int) -> float | None:
    """CPU time of a process so far [s] (proc(5), ``/proc/pid/stat``)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    """PSS of a process [MB]."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return next((float(line.split()[1]) / 1e3 for line in rollup.splitlines() if line.startswith("Pss:")), 0.0)
