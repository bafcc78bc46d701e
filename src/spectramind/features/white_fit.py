"""White-light transit fit of FGS1 and AIRS together: the geometry every bin shares.

Symbols: t0 mid-transit time [h], a = a/R*, b impact parameter, k radius ratio, u1 u2 quadratic limb
darkening. The model of a band is transit(t; t0, a, b, k, u) times a drift: a polynomial in time, a
ramp that dies away after the visit's begin (persistence of an earlier target) and a linear function
of the pointing, whose coefficients are projected out at every step (variable projection, Golub &
Pereyra 1973). Priors: a, b around the star table, u around a grey atmosphere, drift coefficients
around zero.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.config.fit import FitConfig
from spectramind.contracts.star_row import StarRow
from spectramind.features.population import LIMB, OFFSETS, WHITE, Population
from spectramind.features.sampling import bin_in_time
from spectramind.features.transit_model import PARAMETERS
from spectramind.features.white_problem import WhiteProblem

Array = NDArray[np.float64]
# Prior standard deviations of ln(a/R*) and b of an orbit that no table tells, and what is added to
# that of each limb-darkening coefficient where the star's temperature is not known: about half of
# what lies between the grey atmosphere's of 3,500 and 7,000 K in FGS1.
FREE_ORBIT = np.array([0.4, 0.3])
FREE_LIMB = 0.2
_FEW = 100  # samples are enough to look for a start


@dataclass(frozen=True)
class WhiteFit:
    """Result of the white-light fit.

    Attributes:
        values: the nine parameters in the order of ``PARAMETERS``.
        kept: (T,) samples that are no outliers in either band.
        noise: (2,) white noise of one sample, relative to the flux.
        model: (T, 2) transit models; white: (T, 2) light curves divided by star and drift.
        detection: white-light signal-to-noise of the transit.
        reason: why the fit cannot be trusted, empty when it can.
        drift: (T, 2) what the light curves were divided by, in units of their medians.
    """

    values: Array
    kept: NDArray[np.bool_]
    noise: Array
    model: Array
    white: Array
    detection: float
    reason: str
    drift: Array


def geometry_prior(star: StarRow, limb: Array, population: Population) -> tuple[Array, Array]:
    """Prior mean (10,) and covariance (10, 10) of the geometry, as ``OFFSETS`` has it.

    Args:
        star: the planet's row of the star table.
        limb: (2, 2) limb darkening expected of FGS1 and of AIRS white light.
        population: how planets stray from both.
    """
    mean, covariance = expected_geometry(star, limb) + population.mean, population.covariance
    if star.orbit_fault:  # neither table nor population knows of it
        covariance = covariance.copy()
        covariance[:2] = covariance[:, :2] = 0.0
        covariance[:2, :2] = np.diag(FREE_ORBIT**2)
    elif star.eccentricity and star.omega_deg is None:
        open_omega = np.append(_open_omega(star), np.zeros(len(mean) - 2))
        covariance = covariance + np.diag(open_omega**2)
    if star.limb_open:
        open_limb = np.zeros(len(mean))
        open_limb[LIMB] = FREE_LIMB**2
        covariance = covariance + np.diag(open_limb)
    return mean, covariance


def _open_omega(star: StarRow) -> Array:
    """How far an unknown omega lets ln(a/R*), fitted as a circle, and b stray from table, (2,).

    In transit the planet is (1 + e sin omega) / sqrt(1 - e^2) faster than on a circle, and nearer
    by (1 - e^2) / (1 + e sin omega); root mean squares over all omega.
    """
    e = star.eccentricity
    sway = 1 + e * np.sin(np.linspace(-np.pi, np.pi, 181)[1:])
    speed, nearness = np.log(sway / np.sqrt(1 - e**2)), (1 - e**2) / sway
    b = min(star.impact, 0.95)
    return np.array([np.sqrt(np.mean(speed**2)), b * np.sqrt(np.mean((nearness - 1) ** 2))])


def expected_geometry(star: StarRow, limb: Array) -> Array:
    """log_a, b and the limb darkening as table and atmosphere have them, (10,)."""
    geometry = np.zeros(len(OFFSETS))
    geometry[WHITE] = np.log(star.a_over_rs), min(star.impact, 0.95), *limb.ravel()
    return geometry


def fit_white(
    time_h: Array,
    flux: Array,
    pointing: Array,
    star: StarRow,
    limb: Array,
    population: Population,
    config: FitConfig,
) -> WhiteFit:
    """Fit the white light curves.

    Args:
        time_h: (T,) mid-exposure times [h].
        flux: (T, 2) FGS1 and AIRS white light, any positive unit.
        pointing: (T, R) regressors beside the drift polynomials; R may be 0.
        star: the planet's row of the star table.
        limb: (2, 2) limb darkening expected of FGS1 and of AIRS white light.
        population: how planets stray from table and expected limb darkening.
        config: drift order.
    """
    mean, covariance = geometry_prior(star, limb, population)
    prior = mean[WHITE], covariance[WHITE, WHITE]
    flux = flux / np.median(flux, axis=0)
    problem = WhiteProblem(time_h, flux, pointing, star, prior, config)
    few = bin_in_time(time_h, np.column_stack([flux, pointing]), _FEW)
    rough = config.model_copy(update={"substep_h": np.inf})
    coarse = WhiteProblem(few[0], few[1][:, :2], few[1][:, 2:], star, prior, rough)
    values = problem.solve(coarse.search())
    detection = problem.detection(values)
    model, white, drift = problem.curves(values)
    return WhiteFit(
        values=values,
        kept=np.asarray(problem.keep.all(axis=1)),
        noise=problem.noise,
        model=model,
        white=white,
        detection=detection,
        reason=_doubt(values, detection, model, config),
        drift=drift,
    )


def _doubt(values: Array, detection: float, model: Array, config: FitConfig) -> str:
    t = dict(zip(PARAMETERS, values, strict=True))
    if detection < config.detection_sigma:
        return f"no transit found ({detection:.1f} sigma, {config.detection_sigma} needed)"
    if t["b"] > 1 - t["k_airs"]:
        return f"grazing (impact parameter {t['b']:.2f}): depth and geometry cannot be told apart"
    inside = model[:, 1] < 1 - 0.5 * (1 - model[:, 1].min())
    if inside[0] or inside[-1]:
        return "incomplete: the light curve begins or ends in transit"
    return ""
