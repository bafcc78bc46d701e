"""The same visit gives the same bytes, whatever threads, processes and linear algebra there are."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import spectramind
from spectramind.calibration.kernel.sums import weighted_sums

# A visit's arrays by their shape: as long as a real one, for short sums no library shares out.
EXTRACTS = """
import hashlib
from pathlib import Path

import numpy as np

from spectramind.calibration.calibrated_curves import airs_light_curves, fgs1_light_curves
from spectramind.calibration.extraction import airs_forms
from spectramind.calibration.kernel.sums import weighted_sums
from spectramind.calibration.photometry import fgs1_forms, fgs1_series
from spectramind.calibration.steps.interpolation import fill_in_space
from spectramind.config.compose import compose

config, rng = compose([]).calib, np.random.default_rng(7)
clocks = [np.linspace(0.0, 7.5, n) for n in (1689, 5626)]

def frames(shape, n, width):
    rows, columns = np.indices(shape)
    image = 50.0 + 1e5 * np.exp(-(((rows - 15.3) / width) ** 2))
    if shape[1] == 32:
        image = 50.0 + 1e5 * np.exp(-((rows - 15.3) ** 2 + (columns - 16.2) ** 2) / width**2)
    seen = rng.normal(image[..., None], np.sqrt(image)[..., None], (*shape, n))
    return image, seen.astype(np.float32)

clear = np.ones((32, 32)), np.zeros((32, 32), bool)
image, seen = frames((32, 32), len(clocks[1]), 3.0)
star_forms = fgs1_forms(image, image, *clear, config.photometry)
sums = weighted_sums(star_forms.weights[:, :, None], seen.reshape(1024, 1, -1))[:, 0]
star = fgs1_series(sums, star_forms)
white = fgs1_light_curves(star, clocks[1], config)
image, seen = frames((32, 282), len(clocks[0]), 2.0)
forms = airs_forms(image, image, np.ones(image.shape), np.zeros(image.shape, bool))
sums = weighted_sums(forms.weights, seen).transpose(0, 2, 1)
bins = airs_light_curves(sums, forms, clocks[0], star, clocks[1], config)
bad = np.zeros((32, 282), bool)
bad[10:20, 100:105] = True
cube, spread = seen.reshape(-1, len(clocks[0])), np.abs(seen).reshape(-1, len(clocks[0]))
fill_in_space(cube, spread, bad, (0.2, 3.0), 0.001)
found = hashlib.sha256()
for curves in (white, bins):
    series = curves.native
    for values in (series.flux, series.variance, series.pointing, curves.removed_ppm):
        found.update(np.ascontiguousarray(values).tobytes())
found.update(cube.tobytes() + spread.tobytes())
print(found.hexdigest())
"""


def extracted_with(blas: str, kernels: str) -> str:
    source = str(Path(spectramind.__file__).parents[1])
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), blas)
    env = {**os.environ, **threads, "NUMBA_NUM_THREADS": blas, "PYTHONPATH": source}
    if kernels:
        env["OPENBLAS_CORETYPE"] = kernels
    done = subprocess.run(
        [sys.executable, "-c", EXTRACTS], env=env, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_extraction_does_not_depend_on_threads() -> None:
    """Haswell's products differ by their thread count where newer kernels' may not."""
    for kernels in ("", "Haswell"):
        assert extracted_with("1", kernels) == extracted_with("2", kernels)


def test_a_sum_does_not_depend_on_the_block_it_is_read_in() -> None:
    rng = np.random.default_rng(3)
    weights = rng.normal(size=(4, 31, 9))
    frames = rng.normal(1e4, 1e2, (31, 9, 1100)).astype(np.float32)
    whole = weighted_sums(weights, frames)
    for columns in (slice(0, 1), slice(3, 8)):
        piece = weighted_sums(weights[..., columns], np.ascontiguousarray(frames[:, columns]))
        np.testing.assert_array_equal(piece, whole[:, columns])
    exact = np.einsum("frc,rct->fct", weights, frames.astype(np.float64))
    np.testing.assert_allclose(whole, exact, atol=1e-8)


@pytest.mark.parametrize("room", ["calibration"])
def test_no_long_sum_goes_through_blas(room: str) -> None:
    products = {"dot", "vdot", "matmul", "tensordot", "inner", "multi_dot"}
    for path in (Path(spectramind.__file__).parent / room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not isinstance(node, ast.MatMult), f"{path.name}: a product by @"
            assert not (isinstance(node, ast.Attribute) and node.attr in products), path.name
