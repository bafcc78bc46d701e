"""Depth of every bin and their covariance, with the drift and geometry that all bins share.

Model of bin i, divided by its level: y_i = T_i (1 + e_i + p_i . pointing + drift_i + red_i) +
D_i d_i + G_i . g, with T_i the transit, D_i = dT_i / d(k^2) and G_i its slopes over the geometry,
e_i a level error, d_i the depth's offset, g the geometry's, and drift_i(t) = sum_jl c_jl P_j(t)
L_l(i): P_j as in white light; L_0 is FGS1 alone, the others are Legendre polynomials in wavelength
over AIRS.
red_i is noise with memory (memory_noise.py), cosines in time with the same loadings and one more,
d ln F / d column: AIRS's own motion x(t) along the dispersion, whatever FGS1 shows of the pointing.
Since a planet's spectrum of that shape moves the light alike in transit, x is found together with
the depths, and what cannot be told apart stands in the covariance; nothing of the spectrum is
regressed away. Bins stray from that slope: once x is known they follow it by a coefficient more. c
and g have priors; e, d, p are free. Each bin's own (e_i, d_i, p_i) are eliminated first, the few
(c, g) solved together, then put back: what is left is a covariance "diagonal + low rank" over the
bins. The geometry starts at the white-light fit's and the solution is repeated around the one it
finds (Gauss-Newton), till it settles.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from spectramind.config.fit import FitConfig
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.star_row import StarRow
from spectramind.features.normal_equations import Elimination, Light, NormalEquations
from spectramind.features.population import COLOUR, Population, Seen
from spectramind.features.shapes import GEOMETRY, ShapeModel, Shapes
from spectramind.features.shared import (
    GeometryPrior,
    Shared,
    SharedColumns,
    Variances,
    solve_shared,
)
from spectramind.features.transit_model import white_limb, within
from spectramind.features.white_fit import expected_geometry, geometry_prior
from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN, N_BINS

Array = NDArray[np.float64]
# Share of each round's step that is taken: near b = 0, where the transit is even in b, full ones
# may go to and fro.
_DAMPING = (1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25)
# Sigmas a depth may move in a round: less than the first is the end, more than the other a doubt.
_SETTLED, _UNSETTLED = 0.1, 1.0
_LARGEST = np.array([0.05, 0.1, 0.2, *[0.1] * 8])  # step: t0 [h], log_a, b, limb darkening


@dataclass(frozen=True)
class Linearised:
    """The last round of the bin fit: what the depths are linear in.

    Attributes:
        elimination: of the light curves' own coefficients.
        shapes: transits around which it is linear; motion: (T,) AIRS's own, as it was taken.
        system: its normal equations; shared: their solution.
    """

    elimination: Elimination
    shapes: Shapes
    motion: Array
    system: NormalEquations
    shared: Shared


@dataclass(frozen=True)
class BinFit:
    """Result of the bin fit.

    Attributes:
        measured: depths and covariance.
        values: in the order of ``BIN_PARAMETERS``, the radii those of the mean depths.
        seen: what the visit says of ``population``.
        settled: whether depths had stopped moving with the geometry.
        last: the round that gave the depths.
    """

    measured: Measurement
    values: Array
    seen: Seen
    settled: bool
    last: Linearised


def fit_bins(
    light: Light,
    star: StarRow,
    limb: Array,
    start: Array,
    population: Population,
    config: FitConfig,
) -> BinFit:
    """Depth per bin.

    Args:
        light: the light curves.
        star: the planet's row of the star table.
        limb: (283, 2) limb darkening expected of the bins.
        start: (9,) parameters of the white-light fit.
        population: how planets stray from table and expected limb darkening.
        config: drift orders and scales.
    """
    expected = white_limb(limb, np.median(light.flux, axis=0))
    model = ShapeModel(light.time_h, star, limb, expected, config.substep_h)
    centre, covariance = geometry_prior(star, expected, population)
    # Of the mid-time nothing is known beforehand.
    prior = GeometryPrior(np.append(0.0, centre), block_diag(0.0, np.linalg.inv(covariance)))
    columns = SharedColumns.of(config, light.time_h)
    elimination = Elimination(light, columns, config)
    motion = np.zeros(len(light.time_h))
    variances: Variances | None = None
    values, last = np.append(start, centre[COLOUR]), np.full(N_BINS, np.inf)
    for damping in _DAMPING:
        shapes, moved_by = model.at(values), motion
        system = elimination.at(shapes, moved_by)
        at = values[list(GEOMETRY)]
        shared = solve_shared(
            system.normal, system.right, at, prior, variances, config, columns, population.shares
        )
        fit, variances = system.measure(shared, values), shared.variances
        motion = elimination.motion(shared)
        change, last = fit.depth - last, fit.depth
        moved = float(np.abs(change / np.sqrt(fit.total_variance)).max())
        if moved < _SETTLED:
            break
        step = _target(values, shared.geometry, fit) - values
        values = within(values + damping * step, light.time_h)
    # How far the solution still moves is part of what is not known.
    fit = Measurement(fit.depth, fit.variance, np.column_stack([fit.modes, change])).in_few_modes()
    found = (at + shared.geometry)[1:] - expected_geometry(star, expected)
    root = shared.root[-len(found) :]
    seen = Seen(found, root @ root.T, shared.variances.shares)
    last_round = Linearised(elimination, shapes, moved_by, system, shared)
    return BinFit(fit, values, seen, moved < _UNSETTLED, last_round)


def _target(values: Array, geometry: Array, fit: Measurement) -> Array:
    """Parameters a full step away: the geometry's, and the radii of the mean depths."""
    moved = values.copy()
    moved[list(GEOMETRY)] += np.clip(geometry, -_LARGEST, _LARGEST)
    airs = np.average(fit.depth[AIRS_BINS], weights=1 / fit.variance[AIRS_BINS])
    moved[3:5] = np.sqrt(np.maximum([fit.depth[FGS1_BIN], airs], 1e-6))
    return moved
