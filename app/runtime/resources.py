"""What this process may use of the machine: cores, memory and time, by affinity, ulimit, cgroup and SLURM."""

import math
import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

__all__ = ["is_time_up", "memory_limit", "usable_cores"]

_CGROUP = Path("/sys/fs/cgroup")
_OWN_GROUPS = Path("/proc/self/cgroup")
#: SLURM asks for an end up to so long before it is due (manual of sbatch, --signal), by the clock of another host [s].
_EARLY = 60.0


def usable_cores() -> int:
    """Cores that this process may use: the least of its affinity, its cgroups' quotas, rounded up, and SLURM's setting.

    Not every cluster binds tasks to the cores that it gives them: then only SLURM_CPUS_PER_TASK says how many they are.
    """
    cores = [len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1]
    cores += [math.ceil(quota) for quota in _cpu_quotas()]
    if given := _slurm("SLURM_CPUS_PER_TASK"):
        cores.append(given)
    return max(1, min(cores))


def _cpu_quotas() -> Iterator[float]:
    """CPU quotas [cores] of the cgroups, version 2 or 1 (Linux kernel documentation, cgroup-v2 and sched-bwc)."""
    for group in _groups("cpu"):
        quota, _, period = _read(group / "cpu.max").partition(" ")
        quota, period = quota or _read(group / "cpu.cfs_quota_us"), period or _read(group / "cpu.cfs_period_us")
        if quota.isdigit() and period.isdigit():  # without a limit it is "max", or -1
            yield int(quota) / int(period)


def memory_limit() -> int:
    """Memory [byte] that this process may use: the least of the machine's, its cgroups', its ulimit, SLURM's setting.

    Where a cluster confines jobs in cgroups, the cgroup ends them; elsewhere SLURM checks from time to time, and ends a
    job that uses more than it asked for.
    """
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    own, _ = resource.getrlimit(resource.RLIMIT_AS)
    limits += [own] if own > 0 else []
    for group in _groups("memory"):
        said = _read(group / "memory.max") or _read(group / "memory.limit_in_bytes")
        limits += [int(said)] if said.isdigit() else []
    return min([*limits, *_slurm_memory()])


def _slurm_memory() -> Iterator[int]:
    """What SLURM gives the job on this node [byte], by ``--mem`` or ``--mem-per-cpu``, both in MiB; 0 is no limit."""
    if given := _slurm("SLURM_MEM_PER_NODE"):
        yield given << 20
    if given := _slurm("SLURM_MEM_PER_CPU"):
        yield given * (_slurm("SLURM_CPUS_ON_NODE") or _slurm("SLURM_CPUS_PER_TASK") or 1) << 20


def is_time_up() -> bool:
    """Whether the end that SLURM set for the job when it started has come, or comes within a minute.

    A job whose limit is extended later is not told of it; one that is cancelled then seems to have reached its limit.
    """
    return 0 < _slurm("SLURM_JOB_END_TIME") <= time.time() + _EARLY


def _slurm(variable: str) -> int:
    given = os.environ.get(variable, "")
    return int(given) if given.isdigit() else 0


def _groups(controller: str) -> Iterator[Path]:
    """Folders of this process's cgroups, version 2 and 1, and of all above them: each has limits of its own.

    A container often sees the path that its group has on the host, no folder inside, and its group as the root.
    """
    for line in _read(_OWN_GROUPS).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "" or controller in controllers.split(","):
            root = _CGROUP / controller if controllers else _CGROUP
            group = PurePosixPath(path.lstrip("/"))
            yield from (root / above for above in (group, *group.parents))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""
