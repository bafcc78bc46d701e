"""White-light transit fit of FGS1 and AIRS together: the geometry every bin shares.

Symbols: t0 mid-transit time [h], a = a/R*, b impact parameter, k radius ratio, u1 u2 quadratic limb
darkening. The model of a band is transit(t; t0, a, b, k, u) times a drift: a polynomial in time, a
ramp that dies away after the visit's begin (persistence of an earlier target) and a linear function
of the pointing, whose coefficients are projected out at every step (variable projection, Golub &
Pereyra 1973). Priors: a, b around the star table, u around a grey atmosphere, drift coefficients
around zero.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag
from scipy.optimize import OptimizeResult, least_squares

from spectramind.config.fit import FitConfig
from spectramind.contracts.series import usual_step
from spectramind.contracts.star_row import StarRow
from spectramind.features.drift import drift_basis
from spectramind.features.population import Population
from spectramind.features.sampling import bin_in_time
from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN, N_BINS
from spectramind.physics.orbit import projected_separation
from spectramind.physics.transit import transit_flux

Array = NDArray[np.float64]
BANDS = ("fgs1", "airs")
PARAMETERS = ("t0", "log_a", "b", "k_fgs1", "k_airs", "u1_fgs1", "u2_fgs1", "u1_airs", "u2_airs")
_RADII = (3, 4)
_LEAST_ORBIT = 1 + 1e-6  # [R*]: what is tried may be less
# Prior standard deviations of ln(a/R*) and b of an orbit that no table tells, and what is added to
# that of each limb-darkening coefficient where the star's temperature is not known: about half of
# what lies between the grey atmosphere's of 3,500 and 7,000 K in FGS1.
FREE_ORBIT = np.array([0.4, 0.3])
FREE_LIMB = 0.2
CLIP_SIGMA = 5.0
MAD = 1.4826  # median absolute deviation to standard deviation
MAX_RADIUS_RATIO = 0.5
# Orbits tried as a start, ln(a/R*) against the table's: a transit much shorter or longer than the
# star table has it would be looked for at the wrong time.
DURATIONS = np.array([-0.35, 0.0, 0.35, 0.7])
# Impact parameters tried as a start.
IMPACTS = (0.2, 0.6)
# Relative changes of chi^2 at which a descent ends; rough ones have so many steps at most.
_ROUGH = (1e-3, 8)
_PURSUED = 3  # of the rough descents, the best so many go on
_FINE = 1e-6
_SCALE = np.array([0.02, 0.1, 0.1, 0.01, 0.01, *[0.1] * 4])
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
    """

    values: Array
    kept: NDArray[np.bool_]
    noise: Array
    model: Array
    white: Array
    detection: float
    reason: str


def white_depth(values: Array) -> Array:
    """White-light depth of the detector that each bin belongs to, (283,)."""
    fgs1, airs = values[list(_RADII)] ** 2
    return np.where(np.arange(N_BINS) == FGS1_BIN, fgs1, airs)


class TransitModel:
    """Transit light curves on fixed sample times, exposures integrated."""

    def __init__(self, time_h: Array, star: StarRow, substep_h: float) -> None:
        exposure = usual_step(time_h) if len(time_h) > 1 else 0.0
        steps = max(1, int(np.ceil(exposure / substep_h)))
        offsets = (np.arange(steps) + 0.5) / steps - 0.5
        self.time_h = time_h
        self._fine = (time_h[:, None] + exposure * offsets).ravel()
        self._steps = steps
        self._period_d = star.period_d
        self._orbit, self._nearness = star.computed, star.nearness

    def separation(self, t0: float, log_a: float, impact: float) -> Array:
        """Separations [R*] on the fine grid; an impact beyond the orbit is held at the orbit."""
        a = max(float(np.exp(log_a)), _LEAST_ORBIT)
        far = a * self._nearness
        inclination = float(np.degrees(np.arccos(np.clip(impact / far, 0.0, 1.0))))
        return projected_separation(self._fine, t0, self._period_d, a, inclination, *self._orbit)

    def flux(self, separation: Array, radius_ratio: Array, limb: Array) -> Array:
        """Relative flux (N, T) for N radius ratios and (N, 2) limb-darkening pairs."""
        fine = transit_flux(separation, radius_ratio, limb)
        return fine.reshape(len(radius_ratio), -1, self._steps).mean(axis=2)


def white_limb(limb: Array, level: Array) -> Array:
    """Limb darkening of the two white light curves, (2, 2): AIRS bins weigh as much as they shine.

    Args:
        limb: (283, 2) coefficients of the bins; level: (283,) their flux.
    """
    airs = np.average(limb[AIRS_BINS], axis=0, weights=level[AIRS_BINS])
    return np.stack([limb[FGS1_BIN], airs])


def geometry_prior(star: StarRow, limb: Array, population: Population) -> tuple[Array, Array]:
    """Prior mean (6,) and covariance (6, 6) of log_a, b and the limb darkening.

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
        covariance = covariance + block_diag(np.diag(_open_omega(star) ** 2), np.zeros((4, 4)))
    if star.limb_open:
        covariance = covariance + np.diag([0.0, 0.0, *[FREE_LIMB**2] * 4])
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
    """log_a, b and the limb darkening as table and atmosphere have them, (6,)."""
    return np.array([np.log(star.a_over_rs), min(star.impact, 0.95), *limb.ravel()])


def neighbour_noise(flux: Array) -> Array:
    """First guess of the noise (C,) of light curves (T, C) of level 1.

    The scatter of neighbours, whose median does not see ingress.
    """
    steps = np.abs(np.diff(flux, axis=0))
    return np.maximum(MAD * np.median(steps, axis=0) / np.sqrt(2), 1e-7)


def within(values: Array, time_h: Array) -> Array:
    """Parameters held inside what a transit can be."""
    low, high = _bounds(time_h)
    return np.clip(values, low + 1e-6, high - 1e-6)


def _bounds(time_h: Array) -> tuple[Array, Array]:
    low = np.array([time_h.min() - 2, 0.0, 0.0, 1e-3, 1e-3, *[-1.0] * 4])
    high = np.array([time_h.max() + 2, 5.0, 1.5, *[MAX_RADIUS_RATIO] * 2, *[1.5] * 4])
    return low, high


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
    prior = geometry_prior(star, limb, population)
    flux = flux / np.median(flux, axis=0)
    problem = _Problem(time_h, flux, pointing, star, prior, config)
    few = bin_in_time(time_h, np.column_stack([flux, pointing]), _FEW)
    rough = config.model_copy(update={"substep_h": np.inf})
    coarse = _Problem(few[0], few[1][:, :2], few[1][:, 2:], star, prior, rough)
    values = problem.solve(coarse.search())
    detection = problem.detection(values)
    model, white = problem.curves(values)
    return WhiteFit(
        values=values,
        kept=np.asarray(problem.keep.all(axis=1)),
        noise=problem.noise,
        model=model,
        white=white,
        detection=detection,
        reason=_doubt(values, detection, model, config),
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


class _Problem:
    """Residuals of one visit."""

    def __init__(
        self,
        time_h: Array,
        flux: Array,
        pointing: Array,
        star: StarRow,
        prior: tuple[Array, Array],
        config: FitConfig,
    ) -> None:
        self._model = TransitModel(time_h, star, config.substep_h)
        self._flux = flux
        self._basis = np.column_stack([np.ones(len(time_h)), drift_basis(time_h, config), pointing])
        # Drift coefficients but the level are pulled to zero; the pointing's are free.
        width = 1e-6 * np.array([*[config.drift_ppm[1]] * config.drift_order, config.ramp_ppm[1]])
        self._prior = np.eye(len(width) + 1, self._basis.shape[1])[1:] / width[:, None]
        self.keep = np.ones(flux.shape, dtype=bool)
        self.noise = neighbour_noise(flux)
        self._centre, covariance = prior
        self._whiten = np.linalg.inv(np.linalg.cholesky(covariance))

    def transit(self, values: Array) -> Array:
        """(T, 2) transit models."""
        separation = self._model.separation(*values[:3])
        return self._model.flux(separation, values[3:5], values[5:].reshape(2, 2)).T

    def _project(self, transit: Array, band: int) -> tuple[Array, Array]:
        """Drift (with the star's level) that fits best, (T,), and residuals in sigma.

        Residuals of the T samples (clipped ones zero), then of the drift coefficients' prior.
        """
        keep = self.keep[:, band] / self.noise[band]
        design = np.vstack([keep[:, None] * transit[:, None] * self._basis, self._prior])
        target = np.append(keep * self._flux[:, band], np.zeros(len(self._prior)))
        best, *_ = np.linalg.lstsq(design, target, rcond=None)
        return self._basis @ best, target - design @ best

    def residuals(self, values: Array) -> Array:
        """Data and prior residuals in units of their sigma."""
        transit = self.transit(values)
        data = [self._project(transit[:, band], band)[1] for band in range(len(BANDS))]
        geometry = np.concatenate([values[1:3], values[5:]])
        return np.concatenate([*data, self._whiten @ (geometry - self._centre)])

    def starts(self) -> list[Array]:
        """Parameters at the best mid-time of each transit duration tried, with a straight drift.

        (More drift here would let polynomials and a misplaced transit imitate the true one.)
        """
        time = self._model.time_h
        limb = self._centre[2:].reshape(2, 2)
        log_a, impact = self._centre[:2]
        found = []
        for duration in log_a + DURATIONS:
            tried = []
            for t0 in np.arange(time.min(), time.max(), 0.1):
                separation = self._model.separation(t0, duration, impact)
                shape = 1 - self._model.flux(separation, np.full(2, 0.1), limb).T
                dips = [self._amplitude(shape[:, band], band) for band in range(len(BANDS))]
                depth, chi2 = np.array([dip[0] for dip in dips]), sum(dip[1] for dip in dips)
                if np.all(depth > 0):
                    k = np.clip(0.1 * np.sqrt(depth), 0.01, MAX_RADIUS_RATIO)
                    tried.append((chi2, np.array([t0, duration, impact, *k, *limb.ravel()])))
            found += [min(tried, key=lambda one: one[0])[1]] if tried else []
        middle = np.array([time.mean(), log_a, impact, 0.1, 0.1, *limb.ravel()])
        return found or [middle]

    def _amplitude(self, shape: Array, band: int) -> tuple[float, float]:
        """Least-squares amplitude of a dip beside a straight line, and the chi^2 it leaves."""
        design = np.column_stack([self._basis[:, :2], -shape])
        best, *_ = np.linalg.lstsq(design, self._flux[:, band], rcond=None)
        residual = (self._flux[:, band] - design @ best) / self.noise[band]
        return float(best[-1] / best[0]), float(residual @ residual)

    def detection(self, values: Array) -> float:
        """Signal-to-noise of the transit: how much worse the full drift alone fits."""
        transit = self.transit(values)
        flat = np.ones(len(transit))
        gain = sum(
            np.sum(self._project(flat, band)[1] ** 2)
            - np.sum(self._project(transit[:, band], band)[1] ** 2)
            for band in range(len(BANDS))
        )
        return float(np.sqrt(max(gain, 0.0)))

    def search(self) -> Array:
        """Parameters near the best, from many starts.

        The valley between a central and a grazing transit can hold a false minimum, and so can that
        between short transits and long ones.
        """
        first = [
            self._descend(np.concatenate([start[:2], [b], start[3:]]), *_ROUGH)
            for start, b in product(self.starts(), IMPACTS)
        ]
        best = sorted(first, key=lambda result: float(result.cost))[:_PURSUED]
        further = [self._descend(result.x, *_ROUGH) for result in best]
        return np.asarray(min(further, key=lambda result: float(result.cost)).x)

    def solve(self, values: Array) -> Array:
        """Parameters: set the noise from the residuals, drop outliers, fit, and again."""
        for _ in range(2):
            self._rescale(values)
            values = np.asarray(self._descend(values, _FINE).x)
        return values

    def _descend(
        self, values: Array, tolerance: float, rounds: int | None = None
    ) -> OptimizeResult:
        time = self._model.time_h
        return least_squares(
            self.residuals,
            within(values, time),
            bounds=_bounds(time),
            x_scale=_SCALE,
            ftol=tolerance,
            max_nfev=rounds,
        )

    def _rescale(self, values: Array) -> None:
        transit = self.transit(values)
        freedom = 1 - (self._basis.shape[1] + 4) / len(transit)
        for band in range(len(BANDS)):
            drift = self._project(transit[:, band], band)[0]
            residual = self._flux[:, band] - drift * transit[:, band]
            spread = MAD * np.median(np.abs(residual[self.keep[:, band]]))
            self.keep[:, band] = np.abs(residual) < CLIP_SIGMA * max(spread, 1e-9)
            left = residual[self.keep[:, band]]
            self.noise[band] = max(np.std(left) / np.sqrt(max(freedom, 0.1)), 1e-7)

    def curves(self, values: Array) -> tuple[Array, Array]:
        """Transit models and light curves without star and drift, both (T, 2)."""
        transit = self.transit(values)
        drift = np.stack([self._project(transit[:, band], band)[0] for band in range(2)], axis=1)
        return transit, self._flux / drift
