"""No thread spins, wherever the chain works: at the entry, in workers, where NumPy is loaded."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits
from torch import nn

from spectramind.run.devices import fitting_threads, prepare_cpu
from spectramind.run.threads import one_thread_here

CHILD = """
import multiprocessing

def found(_):
    import os, numpy, scipy.linalg
    from threadpoolctl import threadpool_info
    blas = [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]
    return blas, os.environ["OMP_WAIT_POLICY"]

if __name__ == "__main__":
    import sys
    import spectramind.cli.main
    from spectramind.run.threads import calm_threads
    assert not {"numpy", "scipy", "torch"} & set(sys.modules), "loaded before it is calmed"
    calm_threads()
    import time, numpy, torch
    from spectramind.run.devices import prepare_cpu
    prepare_cpu(0)
    matrix, weights = numpy.ones((283, 283)), torch.ones(283, 283)
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(200):
        matrix @ matrix
        weights @ weights
    # A process that spins in other threads burns more time than passes.
    assert time.process_time() - cpu <= 1.1 * (time.perf_counter() - wall)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        for blas, policy in (found(0), pool.map(found, [0])[0]):
            assert blas and set(blas) == {1}, blas
            assert policy == "PASSIVE"
"""


def test_here_and_in_workers_blas_has_one_thread(tmp_path) -> None:
    """Whatever the environment says."""
    script = tmp_path / "child.py"
    script.write_text(CHILD)
    noisy = {"OPENBLAS_NUM_THREADS": "2", "OMP_WAIT_POLICY": "ACTIVE"}
    paths = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, **noisy, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def blas_threads() -> set[int]:
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


def test_one_thread_where_numpy_is_loaded_already() -> None:
    np.ones((2, 2)) @ np.ones((2, 2))
    with threadpool_limits(limits=2, user_api="blas"):
        before = blas_threads()
        with one_thread_here():
            assert blas_threads() == {1}
        assert blas_threads() == before


def test_small_networks_get_one_thread_and_large_ones_all() -> None:
    small, large = nn.Linear(500, 500), nn.Linear(2000, 2000)
    assert fitting_threads(None) == fitting_threads(small) == 1
    assert fitting_threads(large) == len(os.sched_getaffinity(0))


@pytest.mark.parametrize(("wanted", "expected"), [(0, 1), (2, 2)])
def test_torch_follows_the_setting(wanted: int, expected: int) -> None:
    before = torch.get_num_threads()
    try:
        prepare_cpu(wanted, nn.Linear(5, 5))
        assert torch.get_num_threads() == expected
    finally:
        torch.set_num_threads(before)
