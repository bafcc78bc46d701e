"""From samples of one density to samples of another, and the ratio of their integrals.

Annealed (sequential) Monte Carlo, Del Moral, Doucet and Jasra (2006): a population passes through

    ln p_b = (1 - b) ln p_0 + b ln p_1,   b = 0 .. 1,

each step of b as far as half of the samples stay effective. The mean weight of a step is the ratio
of the two integrals; samples are drawn again by their weights and then moved by the differences of
others (differential evolution, ter Braak 2006). Several islands that know nothing of each other
pass side by side: how far their integrals lie apart is the error, seen rather than derived.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from spectramind.retrieval.log_weights import effective, systematic

Array = NDArray[np.float64]
Density = Callable[[Array], Array]
_EFFECTIVE = 0.5  # share of samples that a step leaves effective
_MOVED = 5.0  # accepted moves of each sample a step ...
_MOST_MOVES = 40  # ... or so many tries
_MOST_STEPS = 25  # more are needed from a density that is nowhere near
_JUMP = 0.1  # share of moves as long as the whole difference, which change hills
_ACCEPTED = 0.25  # wanted share of accepted moves
_JITTER = 1e-4
_SPREAD = 0.3  # of the length of moves


@dataclass(frozen=True)
class Particles:
    """Samples of one density in K islands of n.

    Attributes:
        points: (K, n, P). log_density: (K, n) of them, up to a constant.
        log_ratio: (K,) ln of the integral over that of the density that was begun with.
        variance: of the mean ratio's logarithm as the weights tell it; they do not know what
            islands missed.
        climb: rise of the mean ln density by moves, the largest of any step; samples that already
            are of the density do not rise. Infinite: it never got there.
        steps: of b. evaluated: densities computed.
    """

    points: Array
    log_density: Array
    log_ratio: Array
    variance: float
    climb: float
    steps: int
    evaluated: int

    @property
    def log_ratio_mean(self) -> float:
        """ln of the islands' mean ratio."""
        return float(logsumexp(self.log_ratio) - np.log(len(self.log_ratio)))

    @property
    def log_ratio_error(self) -> float:
        """Its error: the larger of what weights tell and of what the islands' spread tells."""
        seen = float(self.log_ratio.std(ddof=1) / np.sqrt(len(self.log_ratio)))
        return max(float(np.sqrt(self.variance)), seen)


def begin(points: Array, log_density: Array, islands: int) -> Particles:
    """A population of independent samples, (n, P); n is a multiple of ``islands``."""
    shape = (islands, len(points) // islands)
    return Particles(
        points.reshape(*shape, -1), log_density.reshape(shape), np.zeros(islands), 0.0, 0.0, 0, 0
    )


def anneal(
    population: Particles, begun: Density, wanted: Density, size: int, rng: np.random.Generator
) -> Particles:
    """Bring a population of one density to another.

    Args:
        population: samples of ``begun``. begun, wanted: ln densities, (B, P) -> (B,), up to
            constants; -inf is impossible. size: samples an island afterwards. rng: of all draws.
    """
    islands = len(population.points)
    flat = population.points.reshape(-1, population.points.shape[-1])
    first, last = population.log_density.ravel(), wanted(flat)
    state = _State(flat, first, last, islands)
    power, log_ratio, variance = 0.0, population.log_ratio.copy(), population.variance
    climb, steps, evaluated = population.climb, 0, len(flat)
    while power < 1:
        gain = _possible(state.last - state.first)
        step = _step(gain, 1 - power)
        log_weight = (step * gain).reshape(islands, -1)
        log_ratio += logsumexp(log_weight, axis=1) - np.log(log_weight.shape[1])
        found = effective(log_weight.ravel())
        variance += max(1 / found - 1 / log_weight.size, 0.0) if found else np.inf
        power = 1.0 if step >= 1 - power else power + step
        state.choose(log_weight, size, rng)
        before = state.at(power).mean()
        evaluated += _move(state, power, begun, wanted, rng)
        climb = max(climb, float(state.at(power).mean() - before))
        steps += 1
        if steps == _MOST_STEPS or not np.isfinite(log_ratio).any():
            climb = np.inf
            break
    shape = (islands, size)
    return Particles(
        state.points.reshape(*shape, -1),
        state.last.reshape(shape),
        log_ratio,
        variance,
        climb,
        population.steps + steps,
        population.evaluated + evaluated,
    )


class _State:
    """Points of all islands, one island after the other, and both densities there."""

    def __init__(self, points: Array, first: Array, last: Array, islands: int) -> None:
        self.points, self.first, self.last, self.islands = points, first, last, islands

    def at(self, power: float) -> Array:
        """ln of the density between, (n,)."""
        return _between(self.first, self.last, power)

    def choose(self, log_weight: Array, size: int, rng: np.random.Generator) -> None:
        """Draw each island anew by its weights, (K, n)."""
        rows = []
        for number, own in enumerate(log_weight):
            total = logsumexp(own)
            weight = np.exp(own - total) if np.isfinite(total) else np.ones(len(own))
            rows.append(number * len(own) + systematic(weight, size, rng))
        chosen = np.concatenate(rows)
        self.points, self.first, self.last = (
            self.points[chosen],
            self.first[chosen],
            self.last[chosen],
        )


def _possible(values: Array) -> Array:
    return np.where(np.isfinite(values), values, -np.inf)


def _between(first: Array, last: Array, power: float) -> Array:
    if power >= 1:
        return last
    return _possible((1 - power) * first + power * last)


def _step(gain: Array, rest: float) -> float:
    """The largest step of b that leaves enough samples effective."""
    wanted = _EFFECTIVE * len(gain)
    if effective(rest * gain) >= wanted:
        return rest
    low, high = 0.0, rest
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if effective(middle * gain) > wanted else (low, middle)
    return high


def _move(
    state: _State, power: float, begun: Density, wanted: Density, rng: np.random.Generator
) -> int:
    """Move every sample some times, one half of each island by differences of the other half."""
    count, size = state.points.shape
    each = count // state.islands
    island = np.repeat(np.arange(state.islands), each // 2)
    length, moved, evaluated = 2.38 / np.sqrt(2 * size), 0.0, 0
    for _ in range(_MOST_MOVES):
        order = np.argsort(rng.random((state.islands, each)), axis=1)
        order += each * np.arange(state.islands)[:, None]
        halves = order[:, : each // 2], order[:, each // 2 : each // 2 * 2]
        accepted = 0.0
        for own, others in (halves, halves[::-1]):
            rows = own.ravel()
            pair = rng.integers(each // 2, size=(2, len(rows)))
            one, two = (others[island, chosen] for chosen in pair)
            long = length * np.exp(_SPREAD * rng.standard_normal(len(rows)))
            long = np.where(rng.random(len(rows)) < _JUMP, 1.0, long)
            points = state.points[rows] + long[:, None] * (state.points[one] - state.points[two])
            points += _JITTER * rng.standard_normal(points.shape)
            first = begun(points) if power < 1 else state.first[rows]
            last = wanted(points)
            gain = _between(first, last, power) - state.at(power)[rows]
            taken = np.log(rng.random(len(rows))) < gain
            chosen = rows[taken]
            state.points[chosen] = points[taken]
            state.first[chosen], state.last[chosen] = first[taken], last[taken]
            evaluated += len(rows)
            accepted += taken.mean() / 2
        moved += accepted
        length *= float(np.exp(np.clip(accepted - _ACCEPTED, -0.2, 0.2)))
        if moved >= _MOVED:
            break
    return evaluated
