"""The limits that bind: the least of what machine, cgroups and SLURM allow."""

import pytest

from app.runtime import resources
from app.runtime.resources import memory_limit, usable_cores

GB = 1 << 30
UNLIMITED = str((1 << 63) - 4096)  # what version 1 says where there is none


@pytest.fixture(autouse=True)
def no_slurm(monkeypatch):
    for name in ("MEM_PER_NODE", "MEM_PER_CPU", "CPUS_ON_NODE", "CPUS_PER_TASK"):
        monkeypatch.delenv(f"SLURM_{name}", raising=False)


@pytest.fixture
def cgroups(tmp_path, monkeypatch):
    """A function that lays out cgroups: this process's own, and files by path."""

    def lay_out(own, files):
        for name, text in files.items():
            path = tmp_path / "cgroup" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n")
        (tmp_path / "own").write_text(own)

    monkeypatch.setattr(resources, "_CGROUP", tmp_path / "cgroup")
    monkeypatch.setattr(resources, "_OWN_GROUPS", tmp_path / "own")
    return lay_out


SLURM_2 = "0::/system.slice/slurmstepd.scope/job_7/step_0/user/task_0\n"
JOB_2 = "system.slice/slurmstepd.scope/job_7"
SLURM_1 = "9:memory:/slurm/uid_1/job_7/step_0\n5:cpuacct,cpu:/slurm/uid_1/job_7\n3:pids:/elsewhere\n"


@pytest.mark.parametrize(
    ("own", "files", "limit"),
    [
        (SLURM_2, {f"{JOB_2}/memory.max": str(GB), f"{JOB_2}/step_0/user/task_0/memory.max": "max"}, GB),
        (SLURM_2, {"memory.max": str(2 * GB), f"{JOB_2}/memory.max": str(3 * GB)}, 2 * GB),
        (
            SLURM_1,
            {
                "memory/slurm/uid_1/job_7/step_0/memory.limit_in_bytes": UNLIMITED,
                "memory/slurm/uid_1/job_7/memory.limit_in_bytes": str(GB),
                "memory/elsewhere/memory.limit_in_bytes": "1",
            },
            GB,
        ),
        ("9:memory:/docker/0123\n", {"memory/memory.limit_in_bytes": str(GB)}, GB),  # a container's own is its root
        ("0::/\n", {"memory.max": str(GB)}, GB),
    ],
)
def test_memory_is_the_least_of_all_groups_above(cgroups, own, files, limit):
    cgroups(own, files)
    assert memory_limit() == limit


@pytest.mark.parametrize(
    ("own", "files", "cores"),
    [
        (SLURM_2, {f"{JOB_2}/cpu.max": "100000 100000", f"{JOB_2}/step_0/cpu.max": "max 100000"}, 1),
        (SLURM_2, {f"{JOB_2}/cpu.max": "150000 100000", "cpu.max": "900000 100000"}, 2),
        (
            SLURM_1,
            {
                "cpu/slurm/uid_1/job_7/cpu.cfs_quota_us": "-1",
                "cpu/slurm/uid_1/job_7/cpu.cfs_period_us": "100000",
                "cpu/slurm/cpu.cfs_quota_us": "250000",
                "cpu/slurm/cpu.cfs_period_us": "100000",
            },
            3,
        ),
    ],
)
def test_cores_are_the_least_of_all_groups_above(cgroups, monkeypatch, own, files, cores):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(16)))
    cgroups(own, files)
    assert usable_cores() == cores


@pytest.mark.parametrize(
    ("given", "limit"),
    [
        ({"MEM_PER_NODE": "1024"}, GB),
        ({"MEM_PER_CPU": "512", "CPUS_ON_NODE": "2"}, GB),
        ({"MEM_PER_CPU": "256", "CPUS_PER_TASK": "4"}, GB),
        ({"MEM_PER_CPU": "1024"}, GB),
        ({"MEM_PER_NODE": "0"}, None),  # all of the node
        ({"MEM_PER_NODE": "some"}, None),
        ({}, None),
    ],
)
def test_memory_is_no_more_than_slurm_gives(cgroups, monkeypatch, given, limit):
    cgroups("", {})
    machine = memory_limit()
    for name, value in given.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    assert memory_limit() == (limit or machine)
