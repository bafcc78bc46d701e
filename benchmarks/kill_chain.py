"""How fast the kill chain is: ``python benchmarks/kill_chain.py [--raw TREE]``.

One visit, raw parquet to light curves, beside two references in the same run: PyArrow decoding the
same files (nothing can be faster), and the same chain in plain NumPy, read whole (what people
write). Without ``--raw`` a full-cadence visit is simulated first. The ratio to decoding says more
than the seconds do on a machine that others share.
"""

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from spectramind.calibration.calibrate_split import calibrate_visit
from spectramind.calibration.extraction import airs_forms, airs_series
from spectramind.calibration.kernel.stream import pixel_references
from spectramind.calibration.photometry import fgs1_forms, fgs1_series
from spectramind.calibration.steps import adc_reversal, cds, dark_current, flat_field, non_linearity
from spectramind.calibration.steps.bad_pixels import MASKING
from spectramind.config.compose import compose
from spectramind.contracts.work_folder import CalibratedFolder
from spectramind.dataset.frames import SignalFile, read_references, read_signal
from spectramind.dataset.tables import read_adc_info, read_timing
from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.instrument.detectors import AIRS, DETECTORS, Detector
from spectramind.run.cores import core_count
from spectramind.run.pool import Workers, run_all
from spectramind.simulation.simulate_tree import TELEMETRY, simulate

VISITS = 1_210
CHAIN = compose([]).calib


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, help="a tree in the competition's layout")
    parser.add_argument("--repeat", type=int, default=5, help="the median of so many runs counts")
    parser.add_argument("--plain", action="store_true", help="time plain NumPy too (8 GB)")
    parser.add_argument("--growth", action="store_true", help="time shorter visits too")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tree = KaggleTree(chosen.raw or simulated(Path(folder) / "visits", 7.5, planets=4))
        visit = tree.visits("train")[0]
        cores = core_count()
        print(f"visit {visit.name}, {cores} cores, median of {chosen.repeat} runs")
        print(f"{'':34} {'wall s':>7} {'CPU s':>7} {'ratio':>6} {'peak MB':>8}")
        floor = report("decode (PyArrow, all threads)", decode, visit, tree, chosen.repeat, 0.0)
        report("kill chain, all cores", calibrated, visit, tree, chosen.repeat, floor)
        report("kill chain, one thread", one_thread, visit, tree, chosen.repeat, floor)
        if chosen.plain:
            report("plain NumPy, light curves too", plain_numpy, visit, tree, 1, floor)
        grow_with_visits(tree, cores)
        if chosen.growth:
            grow_with_frames(Path(folder))


def simulated(root: Path, hours: float, planets: int) -> Path:
    """A full-cadence tree."""
    print(f"simulating {planets} visit(s) of {hours:g} h at full cadence ...", flush=True)
    counts = [f"sim.planets={planets}", "sim.test_planets=1", "sim.two_visit_fraction=0"]
    config = compose(["sim=full", f"sim.hours={hours}", *counts, f"paths.work={root}"])
    simulate(config.sim, config.data.raw, config.seed, Workers(0), TELEMETRY)
    return config.data.raw


Work = Callable[[Visit, KaggleTree], None]


def report(
    title: str, work: Work, visit: Visit, tree: KaggleTree, repeat: int, floor: float
) -> float:
    """Print one line, measured in a fresh process; the median wall time."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        wall, cpu, peak = pool.submit(measured, work, visit, tree, repeat).result()
    ratio = f"{wall / floor:6.2f}" if floor else f"{1:6.2f}"
    print(f"{title:34} {wall:7.2f} {cpu:7.2f} {ratio} {peak:8.0f}", flush=True)
    return wall


def measured(work: Work, visit: Visit, tree: KaggleTree, repeat: int) -> tuple[float, float, float]:
    """Median wall and CPU seconds of warm runs, and the process' peak memory [MB]."""
    work(visit, tree)  # compiled code is loaded, files are in the page cache
    walls, cpus = [], []
    for _ in range(repeat):
        wall, cpu = time.perf_counter(), time.process_time()
        work(visit, tree)
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return statistics.median(walls), statistics.median(cpus), peak


def decode(visit: Visit, tree: KaggleTree) -> None:
    """Both signal files into Arrow's memory."""
    for detector in DETECTORS:
        pq.ParquetFile(visit.signal_path(detector)).read()


def calibrated(visit: Visit, tree: KaggleTree) -> None:
    """The command's own per-visit function, on all cores."""
    _calibrate(visit, tree, core_count())


def one_thread(visit: Visit, tree: KaggleTree) -> None:
    """The same as one of many processes runs it."""
    _calibrate(visit, tree, 1)


def _calibrate(visit: Visit, tree: KaggleTree, threads: int) -> None:
    with tempfile.TemporaryDirectory() as out:
        calibrate_visit(visit, tree.root, CHAIN, CalibratedFolder(Path(out)), threads)


def plain_numpy(visit: Visit, tree: KaggleTree) -> None:
    """Every step over the whole cube in float64, then the same extraction."""
    for detector in DETECTORS:
        image, variance, flat_field, bad, exposures = _plain_exposures(visit, tree, detector)
        shape = (detector.height, detector.width)
        frames = [values.reshape(shape) for values in (image, variance, flat_field, bad)]
        if detector == AIRS:
            forms = airs_forms(*frames)
            sums = np.einsum("fhw,thw->ftw", forms.weights, exposures.reshape(-1, *shape))
            airs_series(sums, forms)
        else:
            star = fgs1_forms(*frames, CHAIN.photometry)
            fgs1_series(star.weights @ exposures.T, star)


def _plain_exposures(visit: Visit, tree: KaggleTree, detector: Detector) -> tuple[np.ndarray, ...]:  # type: ignore[type-arg]
    raw = read_signal(visit, detector)
    info = read_adc_info(tree, detector, visit.planet_id)
    timing = read_timing(tree, detector, len(raw))
    pixels = pixel_references(read_references(visit, detector), timing.integration_s, CHAIN)
    linear, slope = non_linearity.linearise(adc_reversal.reverse(raw, info), pixels.coefficients.T)
    start = dark_current.subtract(linear[0::2], pixels.dark, timing.read_time_s[0])
    end = dark_current.subtract(linear[1::2], pixels.dark, timing.read_time_s[1])
    terms = cds.variance_terms(
        linear[1::2] - linear[0::2],
        slope[0::2],
        slope[1::2],
        pixels.read_noise,
        adc_reversal.quantisation_variance(info),
    )
    signal, variance = flat_field.divide(cds.difference(start, end), terms.total, pixels.flat)
    bad = pixels.flags & MASKING != 0
    return signal.mean(axis=0), variance.mean(axis=0), pixels.flat, bad, signal


def grow_with_visits(tree: KaggleTree, cores: int) -> None:
    """The pool as `calibrate` uses it: one process a core, one thread each."""
    visits, seconds = tree.visits("train"), {}
    print(f"{'visits in a pool of ' + str(cores):34} {'wall s':>7} {'a visit':>7}")
    for count in (2, 6, 18):
        batch = [visits[i % len(visits)] for i in range(count)]
        with tempfile.TemporaryDirectory() as out:
            work = partial(
                calibrate_visit,
                tree_root=tree.root,
                config=CHAIN,
                out=CalibratedFolder(Path(out)),
                threads=1,
            )
            start = time.perf_counter()
            for _ in run_all(work, batch, Workers(cores), "benchmark"):
                pass
            seconds[count] = time.perf_counter() - start
        print(f"{count:34} {seconds[count]:7.2f} {seconds[count] / count:7.2f}", flush=True)
    rate = (seconds[18] - seconds[6]) / 12  # without the pool's start
    print(f"{VISITS:,} visits at {rate:.2f} s each: {VISITS * rate / 60:.0f} min")


def grow_with_frames(folder: Path) -> None:
    """Visits of growing length, all cores."""
    print(f"{'hours (AIRS exposures)':34} {'wall s':>7} {'us an exposure':>15}")
    for hours in (0.94, 1.88, 3.75, 7.5):
        tree = KaggleTree(simulated(folder / f"{hours:g}", hours, planets=1))
        visit = tree.visits("train")[0]
        wall, _, _ = measured(calibrated, visit, tree, 3)
        exposures = SignalFile(visit, AIRS).n_reads // 2
        title = f"{hours:g} ({exposures})"
        print(f"{title:34} {wall:7.2f} {1e6 * wall / exposures:15.1f}", flush=True)


if __name__ == "__main__":
    main()
