"""One training step on the CPU: ``python benchmarks/training_step.py [--steps 1024 67500]``.

Forward, loss, backward and AdamW of an experiment's network on random planets, by the engine's own
stepper, for light curves of so many steps: FGS1 alone has 67,500 in a full visit. Every size has a
process of its own; memory is the peak over what stood before the first step. The last column is
what ``train.epochs`` of ``--planets`` would take at that pace, with nothing else done.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import time

import torch
from gpu_bench import Bench

from spectramind.run.devices import prepare_cpu
from spectramind.training.engine.stepper import Stepper

PLANETS = 660  # training fold of the competition's 1,100


def peak_mb() -> float:
    """The largest this process has been."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1.024e-3


def measure(steps: int, batch: int, threads: int, repeats: int, small: bool) -> tuple[float, float]:
    """Median seconds and peak MB over the base of a training step, in this process."""
    bench = Bench("cpu", small)
    bench.train = bench.train.model_copy(update={"sequence_length": steps, "grad_accum": 1})
    prepare_cpu(threads)
    network, objective = bench.network(), bench.objective()
    stepper = Stepper(network, bench.train, 1, bench.device)
    inputs, y = bench.planets(batch)
    base, times = peak_mb(), []
    for _ in range(repeats):
        start = time.perf_counter()
        stepper.take(objective(inputs, network(inputs), y).total, 1)
        times.append(time.perf_counter() - start)
    return statistics.median(times), peak_mb() - base


def main(arguments: list[str] | None = None) -> list[str]:
    """Print and return a line a size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, nargs="+", default=[1024, 67_500])
    parser.add_argument("--batch", type=int, default=1, help="planets a step")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--planets", type=int, default=PLANETS, help="of the projection")
    parser.add_argument("--small", action="store_true", help="a tiny network")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.one:
        print(*measure(given.one, given.batch, given.threads, given.repeats, given.small))
        return []
    bench = Bench("cpu", given.small)
    epochs = bench.train.epochs
    lines = [f"exp_baseline, {given.threads} threads, torch {torch.__version__}"]
    lines.append(
        f"{'steps x planets':>16} {'s':>8} {'MB':>7} {'planets/s':>10} {'projected h':>12}"
    )
    for steps in given.steps:
        options = ["--batch", given.batch, "--threads", given.threads, "--repeats", given.repeats]
        wanted = [*map(str, options), "--one", str(steps), *(["--small"] if given.small else [])]
        done = subprocess.run(
            [sys.executable, __file__, *wanted], stdout=subprocess.PIPE, text=True, check=True
        )
        seconds, peak = map(float, done.stdout.split())
        rate = given.batch / seconds
        hours = epochs * given.planets / rate / 3600
        size = f"{steps} x {given.batch}"
        lines.append(f"{size:>16} {seconds:8.2f} {peak:7.0f} {rate:10.3f} {hours:12.1f}")
    print("\n".join(lines))
    return lines


if __name__ == "__main__":
    main()
