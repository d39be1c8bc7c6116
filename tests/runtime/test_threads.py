"""One thread a process, also where numpy was there before."""

import json
import os
import subprocess
import sys

LIBRARIES = """
import json, os, sys
import numpy
from threadpoolctl import threadpool_info
from app.runtime.threads import one_thread

def threads():
    return {pool["filepath"]: pool["num_threads"] for pool in threadpool_info()}

before = threads()
with one_thread():
    import scipy.linalg
    within, variables = threads(), [os.environ[name] for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")]
print(json.dumps([before, within, variables, threads(), "MKL_NUM_THREADS" in os.environ]))
"""


def test_libraries_of_before_and_after_have_one_thread_each_within():
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")} | {"OMP_NUM_THREADS": "3"}
    program = [sys.executable, "-c", LIBRARIES]
    said = subprocess.run(program, env=environment, capture_output=True, text=True, check=True).stdout
    before, within, variables, after, is_left = json.loads(said)
    assert min(before.values()) > 1
    assert len(within) > len(before)
    assert set(within.values()) == {1}
    assert variables == ["1", "1"]
    assert {name: after[name] for name in before} == before
    assert not is_left
