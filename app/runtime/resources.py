"""What this process may use of the machine: cores and memory, by affinity and cgroup."""

import math
import os
import resource
from pathlib import Path

__all__ = ["memory_limit", "usable_cores"]

_CGROUP = Path("/sys/fs/cgroup")


def usable_cores() -> int:
    """Cores that this process may use: the least of its affinity, its cgroup's quota, rounded up, and SLURM's word.

    Not every cluster binds tasks to the cores that it gives them: then SLURM_CPUS_PER_TASK is all that says so.
    """
    cores = [len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1]
    if (quota := _cpu_quota()) is not None:
        cores.append(math.ceil(quota))
    if (given := os.environ.get("SLURM_CPUS_PER_TASK", "")).isdigit():
        cores.append(int(given))
    return max(1, min(cores))


def _cpu_quota() -> float | None:
    """CPU quota [cores] of the cgroup, version 2 or 1 (Linux kernel documentation, cgroup-v2 and sched-bwc)."""
    if text := _read(_CGROUP / "cpu.max"):
        quota, period = text.split()
        return None if quota == "max" else int(quota) / int(period)
    quota, period = _read(_CGROUP / "cpu/cpu.cfs_quota_us"), _read(_CGROUP / "cpu/cpu.cfs_period_us")
    return int(quota) / int(period) if quota and period and int(quota) > 0 else None


def memory_limit() -> int:
    """Memory [byte] that this process may use: the least of the machine's, its cgroup's and its ulimit."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    own, _ = resource.getrlimit(resource.RLIMIT_AS)
    limits = [_read(path) for path in _memory_files()]
    return min([physical, *([own] if own > 0 else []), *(int(limit) for limit in limits if limit.isdigit())])


def _memory_files() -> list[Path]:
    """Where cgroups, version 2 and 1, say their memory limit: the process's own group first, then the root."""
    own = [line.split(":", 2) for line in _read(Path("/proc/self/cgroup")).splitlines()]
    files = [_CGROUP / "memory.max", _CGROUP / "memory/memory.limit_in_bytes"]
    for _, controllers, group in own:
        if controllers == "":
            files.append(_CGROUP / group.lstrip("/") / "memory.max")
        elif "memory" in controllers.split(","):
            files.append(_CGROUP / "memory" / group.lstrip("/") / "memory.limit_in_bytes")
    return files


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""
