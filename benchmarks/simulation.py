"""How fast the simulator is: ``python benchmarks/simulation.py [--cadence 1 10 40]``.

Seconds a planet (one visit, one process, compiled code warm) beside a reference that runs in the
same process on the same disk: PyArrow writing tables of the same shape, filled with random uint16.
The ratio says more than the seconds do on a machine that others share.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from spectramind.config.compose import compose
from spectramind.instrument.detectors import DETECTORS
from spectramind.physics.atmosphere import transmission_spectrum
from spectramind.pipeline.draw_light_curves import light_curves_level
from spectramind.simulation.abundances import draw_atmosphere
from spectramind.simulation.clock import make_clock
from spectramind.simulation.simulate_tree import TELEMETRY, plan, simulate_planet
from spectramind.simulation.system import draw_system

SEED = 1
SPECTRA = 200


def main() -> None:
    """Print one line a case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cadence", type=int, nargs="+", default=[1, 10, 40])
    parser.add_argument("--light-curves", type=int, default=20, help="planets at level=lightcurves")
    chosen = parser.parse_args()
    cases: list[tuple[str, Callable[..., tuple[float, float]], tuple[int, ...]]] = [
        (f"telemetry, cadence {n}", telemetry, (n,)) for n in chosen.cadence
    ]
    cases.append(("light curves, cadence 40", light_curves, (40, chosen.light_curves)))
    cases.append(("spectrum alone", spectra, (SPECTRA,)))
    print(f"{'':26} {'s a planet':>11} {'reference s':>12} {'ratio':>8} {'peak MB':>8}")
    for title, function, arguments in cases:
        seconds, reference, megabytes = in_fresh_process(function, arguments)
        shown = f"{reference:12.3f} {seconds / reference:8.2f}" if reference else f"{'':21}"
        print(f"{title:26} {seconds:11.4f} {shown} {megabytes:8.0f}")


def in_fresh_process(
    function: Callable[..., tuple[float, float]], arguments: Iterable[int]
) -> tuple[float, float, float]:
    """Seconds a planet, seconds of the reference (0: none), peak memory of it all [MB]."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measured, function, tuple(arguments)).result()


def measured(
    function: Callable[..., tuple[float, float]], arguments: tuple[int, ...]
) -> tuple[float, float, float]:
    """Run in the fresh process."""
    seconds, reference = function(*arguments)
    return seconds, reference, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def telemetry(cadence: int) -> tuple[float, float]:
    """One visit's raw and reference frames, after a short visit that compiles the code."""
    with tempfile.TemporaryDirectory() as folder:
        simulate(Path(folder) / "warm", 200, 1, "telemetry")
        seconds = simulate(Path(folder) / "timed", cadence, 1, "telemetry")
        return seconds, written(Path(folder) / "random.parquet", cadence)


def light_curves(cadence: int, planets: int) -> tuple[float, float]:
    """Feature files without frames; the reference is what telemetry of that cadence weighs."""
    with tempfile.TemporaryDirectory() as folder:
        simulate(Path(folder) / "warm", cadence, 1, "lightcurves")
        seconds = simulate(Path(folder) / "timed", cadence, planets, "lightcurves")
        return seconds / planets, written(Path(folder) / "random.parquet", cadence)


def simulate(root: Path, cadence: int, planets: int, level: str) -> float:
    """Seconds that ``planets`` one-visit planets take."""
    settings = ["sim=full", f"sim.cadence={cadence}", f"sim.planets={planets}", f"level={level}"]
    config = compose([*settings, "sim.two_visit_fraction=0", f"paths.work={root}"])
    chosen = TELEMETRY if level == "telemetry" else light_curves_level(config)
    jobs = plan(config.sim, root / "raw", SEED, chosen)[:planets]
    (root / "raw" / "train").mkdir(parents=True)
    start = time.perf_counter()
    for job in jobs:
        simulate_planet(job)
    return time.perf_counter() - start


def written(path: Path, cadence: int) -> float:
    """Seconds PyArrow takes to write random counts in the shape of both signals."""
    total = 0.0
    for detector in DETECTORS:
        reads = 2 * make_clock(detector, 7.5, cadence).pairs
        rng = np.random.default_rng(0)
        counts = rng.integers(0, 2**16, (detector.pixels, reads), dtype=np.uint16)
        start = time.perf_counter()
        table = pa.table({f"column_{n}": row for n, row in enumerate(counts)})
        pq.write_table(table, path, compression="zstd", use_dictionary=False)
        total += time.perf_counter() - start
    return total


def spectra(count: int) -> tuple[float, float]:
    """Transmission spectra in 283 bins, of planets drawn beforehand."""
    population = compose().sim.population
    atmospheres = []
    for number in range(count):
        rng = np.random.default_rng([SEED, number])
        system = draw_system(rng, population)
        atmospheres.append(draw_atmosphere(rng, population.chemistry, system))
    transmission_spectrum(replace(atmospheres[0], haze_factor=0.0))
    start = time.perf_counter()
    for atmosphere in atmospheres:
        transmission_spectrum(atmosphere)
    return (time.perf_counter() - start) / count, 0.0


if __name__ == "__main__":
    main()
