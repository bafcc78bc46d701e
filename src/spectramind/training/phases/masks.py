"""What masked reconstruction hides: bins of the spectrum, and tokens of the light curve.

Every kind hides the share asked for of the bins and of the tokens; ``molecule`` hides whole
windows, one after the other in random order, until that share is reached.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from spectramind.config.optimisation import MaskedConfig
from spectramind.instrument.grid import N_BINS
from spectramind.instrument.molecules import MOLECULES, window_matrix

Array = NDArray[np.float64]
Hidden = NDArray[np.bool_]


def hidden_bins(config: MaskedConfig, snr: Array, rng: np.random.Generator) -> Hidden:
    """Bins hidden from the network, (n, 283), at least one a planet.

    Args:
        config: kind, share and length of a run.
        snr: (n, 283), signal to noise of the bins, positive; only ``snr`` looks at it.
        rng: source of the draws.
    """
    pick: dict[str, Callable[[Array], Hidden]] = {
        "random": lambda row: weighted(np.ones(N_BINS), config.ratio, rng),
        "block": lambda row: blocks(N_BINS, config.ratio, config.block, rng),
        "molecule": lambda row: _windows(config.ratio, rng),
        "snr": lambda row: weighted(row, config.ratio, rng),
    }
    return np.stack([pick[config.mask](row) for row in snr])


def hidden_tokens(
    config: MaskedConfig, planets: int, tokens: int, rng: np.random.Generator
) -> Hidden:
    """Tokens of the light curve hidden from the network, (planets, tokens)."""
    in_runs = config.mask in ("block", "molecule")  # a molecule shows in no single step
    even = np.ones(tokens)
    return np.stack(
        [
            blocks(tokens, config.ratio, config.block, rng)
            if in_runs
            else weighted(even, config.ratio, rng)
            for _ in range(planets)
        ]
    )


def weighted(weight: Array, ratio: float, rng: np.random.Generator) -> Hidden:
    """A share ``ratio`` drawn without replacement, each with a chance that grows as ``weight``.

    The smallest of exponential times with rates ``weight``: Efraimidis & Spirakis 2006.
    """
    hidden = np.zeros(len(weight), dtype=bool)
    times = rng.exponential(size=len(weight)) / weight
    hidden[np.argsort(times)[: _count(len(weight), ratio)]] = True
    return hidden


def blocks(size: int, ratio: float, length: int, rng: np.random.Generator) -> Hidden:
    """Runs of ``length`` neighbours at random places until a share ``ratio`` is hidden."""
    hidden = np.zeros(size, dtype=bool)
    length, wanted = min(length, size), _count(size, ratio)
    while (missing := wanted - int(hidden.sum())) > 0:
        run = min(length, missing)
        start = int(rng.integers(size - run + 1))
        hidden[start : start + run] = True
    return hidden


def _windows(ratio: float, rng: np.random.Generator) -> Hidden:
    hidden, windows = np.zeros(N_BINS, dtype=bool), window_matrix()
    for molecule in rng.permutation(len(MOLECULES)):
        hidden |= windows[molecule]
        if hidden.sum() >= _count(N_BINS, ratio):
            break
    return hidden


def _count(size: int, ratio: float) -> int:
    return min(max(round(size * ratio), 1), size - 1)
