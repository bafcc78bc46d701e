"""Spectra a second of CPU time: ``python benchmarks/forward_model.py [--count 200]``.

One thread. The simulator's isothermal model on its own planets, then retrieval's on draws of its
prior (all five gases, clouds and haze; grey profile and spots with ``retrieval=full``), with the
band table and with a made-up k-table of 40 pressures, 20 temperatures and 16 values of g.
"""

import argparse
import os
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import torch
from made_up_opacity import made_up

from spectramind.config.compose import compose
from spectramind.physics.atmosphere import transmission_spectrum
from spectramind.physics.namespace import Namespace, numpy_namespace
from spectramind.physics.tabulated import TabulatedOpacity
from spectramind.retrieval.forward_model import ForwardModel
from spectramind.retrieval.torch_arrays import torch_namespace
from spectramind.simulation.abundances import draw_atmosphere
from spectramind.simulation.system import draw_system

KNOWN = {"star_radius_rsun": 0.9, "planet_mass_mjup": 1.0, "star_temperature_k": 5200.0}


def main() -> None:
    """Print one line a case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="spectra a case")
    parser.add_argument("--device", default="cpu", help="of torch")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{'':52} {'a second':>9}")
    say("simulator, isothermal", chosen.count, simulated(chosen.count))
    libraries = {
        "NumPy, double": numpy_namespace(),
        "NumPy, single": numpy_namespace(np.float32),
        f"torch, single, {chosen.device}": torch_namespace(chosen.device),
    }
    for name, arrays in libraries.items():
        for group, title in (("default", "isothermal"), ("full", "grey profile, spots")):
            for opacity, of in ((None, "band table"), (made_up(), "k-table")):
                run = retrieved(group, arrays, opacity, chosen.count)
                say(f"{name}, {title}, {of}", chosen.count, run)


def say(title: str, count: int, run: Callable[[], object]) -> None:
    """Time it; on a GPU the clock on the wall, else CPU time, for others share the cores."""
    clock = time.perf_counter if "cuda" in title else time.process_time
    run()
    start = clock()
    run()
    if "cuda" in title:
        torch.cuda.synchronize()
    print(f"{title:52} {count / (clock() - start):9.0f}", flush=True)


def simulated(count: int) -> Callable[[], object]:
    population = compose().sim.population
    planets = []
    for number in range(count):
        rng = np.random.default_rng([1, number])
        planets.append(draw_atmosphere(rng, population.chemistry, draw_system(rng, population)))
    return lambda: [transmission_spectrum(planet) for planet in planets]


def retrieved(
    group: str, arrays: Namespace, opacity: TabulatedOpacity | None, count: int
) -> Callable[[], object]:
    model = ForwardModel(compose([f"retrieval={group}"]).retrieval, opacity, arrays)
    cube = np.random.default_rng(1).random((count, len(model.space.free)))
    points = model.space.from_unit(cube, KNOWN)
    return lambda: model.spectrum(points, KNOWN)


if __name__ == "__main__":
    main()
