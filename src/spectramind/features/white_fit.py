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
from scipy.optimize import OptimizeResult, least_squares

from spectramind.config.fit import FitConfig
from spectramind.features.drift import drift_basis, learn_widths, widest
from spectramind.instrument.grid import FGS1_BIN, N_BINS
from spectramind.physics.orbit import projected_separation
from spectramind.physics.transit import transit_flux

Array = NDArray[np.float64]
BANDS = ("fgs1", "airs")
# Order of the fitted parameters; the first three and the limb darkening are "geometry".
PARAMETERS = ("t0", "log_a", "b", "k_fgs1", "k_airs", "u1_fgs1", "u2_fgs1", "u1_airs", "u2_airs")
_DEPTH = (3, 4)
_GEOMETRY = (0, 1, 2, 5, 6, 7, 8)
CLIP_SIGMA = 5.0
MAD = 1.4826  # median absolute deviation to standard deviation
MAX_RADIUS_RATIO = 0.5
_STEP = 1e-4  # of a parameter, for the transit's slopes
# Orbits tried as a start, ln(a/R*) against the table's: a transit much shorter or longer than the
# star table has it would be looked for at the wrong time.
DURATIONS = np.array([-0.35, 0.0, 0.35, 0.7])
# Impact parameters tried as a start beside the table's own.
IMPACTS = (0.2, 0.6)


@dataclass(frozen=True)
class StarRow:
    """What the star table says of one planet."""

    period_d: float
    a_over_rs: float
    inclination_deg: float
    teff_k: float

    @property
    def impact(self) -> float:
        """Impact parameter of the table's orbit."""
        return float(self.a_over_rs * np.cos(np.radians(self.inclination_deg)))


@dataclass(frozen=True)
class WhiteFit:
    """Result of the white-light fit.

    Attributes:
        values: the nine parameters in the order of ``PARAMETERS``.
        geometry_covariance: (2, 2) covariance that the uncertain geometry and limb darkening add
            to the depths of FGS1 and AIRS beyond what a fixed geometry leaves.
        noise: (2,) white noise of one sample, relative to the flux.
        model: (T, 2) transit models; white: (T, 2) light curves divided by star and drift.
        detection: white-light signal-to-noise of the transit.
        reason: why the fit cannot be trusted, empty when it can.
    """

    values: Array
    geometry_covariance: Array
    noise: Array
    model: Array
    white: Array
    detection: float
    reason: str

    @property
    def limb(self) -> Array:
        """Fitted limb darkening of FGS1 and AIRS, (2, 2)."""
        return self.values[5:].reshape(2, 2)

    @property
    def bin_depth(self) -> Array:
        """White-light depth of the detector that each bin belongs to, (283,)."""
        return self.values[np.where(np.arange(N_BINS) == FGS1_BIN, *_DEPTH)] ** 2


class TransitModel:
    """Transit light curves on fixed sample times, exposures integrated."""

    def __init__(self, time_h: Array, star: StarRow, substep_h: float) -> None:
        exposure = float(np.median(np.diff(time_h))) if len(time_h) > 1 else 0.0
        steps = max(1, int(np.ceil(exposure / substep_h)))
        offsets = (np.arange(steps) + 0.5) / steps - 0.5
        self.time_h = time_h
        self._fine = (time_h[:, None] + exposure * offsets).ravel()
        self._steps = steps
        self._period_d = star.period_d

    def separation(self, t0: float, log_a: float, impact: float) -> Array:
        """Separations [R*] on the fine grid; an impact beyond the orbit is held at the orbit."""
        a = float(np.exp(log_a))
        inclination = float(np.degrees(np.arccos(np.clip(impact / a, 0.0, 1.0))))
        return projected_separation(self._fine, t0, self._period_d, a, inclination)

    def flux(self, separation: Array, radius_ratio: Array, limb: Array) -> Array:
        """Relative flux (N, T) for N radius ratios and (N, 2) limb-darkening pairs."""
        fine = transit_flux(separation, radius_ratio, limb)
        return fine.reshape(len(radius_ratio), -1, self._steps).mean(axis=2)


def white_limb(limb: Array, level: Array) -> Array:
    """Limb darkening of the two white light curves, (2, 2): AIRS bins weigh as much as they shine.

    Args:
        limb: (283, 2) coefficients of the bins; level: (283,) their flux.
    """
    airs = np.average(limb[FGS1_BIN + 1 :], axis=0, weights=level[FGS1_BIN + 1 :])
    return np.stack([limb[FGS1_BIN], airs])


def fit_white(
    time_h: Array, flux: Array, pointing: Array, star: StarRow, limb: Array, config: FitConfig
) -> WhiteFit:
    """Fit the white light curves.

    Args:
        time_h: (T,) mid-exposure times [h].
        flux: (T, 2) FGS1 and AIRS white light, any positive unit.
        pointing: (T, R) regressors beside the drift polynomials; R may be 0.
        star: the planet's row of the star table.
        limb: (2, 2) limb darkening expected of FGS1 and of AIRS white light.
        config: priors and drift order.
    """
    problem = _Problem(time_h, flux / np.median(flux, axis=0), pointing, star, limb, config)
    solution, noise = problem.solve(problem.best_start())
    values = solution.x
    detection = problem.detection(values)
    model, white = problem.curves(values)
    covariance = _covariance(solution)
    return WhiteFit(
        values=values,
        geometry_covariance=_geometry_part(covariance, values),
        noise=noise,
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


def _covariance(solution: OptimizeResult) -> Array:
    """Laplace approximation: inverse of J^T J (residuals are in units of their sigma)."""
    return np.asarray(np.linalg.pinv(solution.jac.T @ solution.jac))


def _geometry_part(covariance: Array, values: Array) -> Array:
    """cov(d, g) cov(g, g)^-1 cov(g, d) for the two depths d = k^2 and the geometry g."""
    cross = covariance[np.ix_(_DEPTH, _GEOMETRY)]
    inner = covariance[np.ix_(_GEOMETRY, _GEOMETRY)]
    slope = 2 * values[list(_DEPTH)]
    added = cross @ np.linalg.pinv(inner) @ cross.T
    return added * np.outer(slope, slope)


class _Problem:
    """Residuals of one visit."""

    def __init__(
        self,
        time_h: Array,
        flux: Array,
        pointing: Array,
        star: StarRow,
        limb: Array,
        config: FitConfig,
    ) -> None:
        self._model = TransitModel(time_h, star, config.substep_h)
        self._flux = flux
        self._drift, self._pointing, self._config = drift_basis(time_h, config), pointing, config
        self._basis = np.column_stack([np.ones(len(time_h)), self._drift, pointing])
        self._expect_drift(widest(config))
        self._keep = np.ones(flux.shape, dtype=bool)
        # First guess of the noise: scatter of neighbours; the median does not see ingress.
        steps = np.abs(np.diff(flux, axis=0))
        self._noise = np.maximum(MAD * np.median(steps, axis=0) / np.sqrt(2), 1e-7)
        self._centre = np.array([np.log(star.a_over_rs), min(star.impact, 0.95), *limb.ravel()])
        self._width = np.array([config.log_a_sigma, config.impact_sigma, *[config.limb_sigma] * 4])

    def _expect_drift(self, width: Array) -> None:
        """Pull every drift coefficient but the level to zero; the pointing's are free."""
        self._prior = np.eye(len(width) + 1, self._basis.shape[1])[1:] / width[:, None]

    def _learn_drift(self, values: Array) -> None:
        """Set the drift's prior widths to what the residuals say, whatever the transit's shape."""
        transit = self.transit(values)
        steps = [
            self.transit(values + row) - transit for row in np.diag(np.full(len(values), _STEP))
        ]
        functions = self._drift.shape[1]
        normal, right = np.zeros((2 * functions,) * 2), np.zeros(2 * functions)
        for band in range(len(BANDS)):
            weight = (self._keep[:, band] / self._noise[band])[:, None]
            light = weight * transit[:, [band]]
            shape = weight * np.column_stack([step[:, band] for step in steps])
            own, _ = np.linalg.qr(np.column_stack([light, light * self._pointing, shape]))
            left = light * self._drift
            left = left - own @ (own.T @ left)
            normal[band::2, band::2] = left.T @ left
            right[band::2] = left.T @ (weight[:, 0] * self._flux[:, band])
        self._expect_drift(learn_widths(normal, right, self._config))

    def transit(self, values: Array) -> Array:
        """(T, 2) transit models."""
        separation = self._model.separation(*values[:3])
        return self._model.flux(separation, values[3:5], values[5:].reshape(2, 2)).T

    def _project(self, transit: Array, band: int) -> tuple[Array, Array]:
        """Drift (with the star's level) that fits best, (T,), and residuals in sigma.

        Residuals of the T samples (clipped ones zero), then of the drift coefficients' prior.
        """
        keep = self._keep[:, band] / self._noise[band]
        design = np.vstack([keep[:, None] * transit[:, None] * self._basis, self._prior])
        target = np.append(keep * self._flux[:, band], np.zeros(len(self._prior)))
        best, *_ = np.linalg.lstsq(design, target, rcond=None)
        return self._basis @ best, target - design @ best

    def residuals(self, values: Array) -> Array:
        """Data and prior residuals in units of their sigma."""
        transit = self.transit(values)
        data = [self._project(transit[:, band], band)[1] for band in range(len(BANDS))]
        geometry = np.concatenate([values[1:3], values[5:]])
        return np.concatenate([*data, (geometry - self._centre) / self._width])

    def best_start(self) -> Array:
        """Scan mid-times and durations, with a straight drift: a transit is deeper than it.

        (More drift here would let polynomials and a misplaced transit imitate the true one.)
        """
        time = self._model.time_h
        limb = self._centre[2:].reshape(2, 2)
        log_a, impact = self._centre[:2]
        best, lowest, start_k = (float(time.mean()), log_a), np.inf, np.full(2, 0.1)
        for start in product(np.arange(time.min(), time.max(), 0.1), log_a + DURATIONS):
            shape = (
                1
                - self._model.flux(self._model.separation(*start, impact), np.full(2, 0.1), limb).T
            )
            found = [self._amplitude(shape[:, band], band) for band in range(len(BANDS))]
            depth, chi2 = np.array([f[0] for f in found]), sum(f[1] for f in found)
            if np.all(depth > 0) and chi2 < lowest:
                best, lowest = start, chi2
                start_k = np.clip(0.1 * np.sqrt(depth), 0.01, MAX_RADIUS_RATIO)
        return np.array([*best, impact, *start_k, *self._centre[2:]])

    def _amplitude(self, shape: Array, band: int) -> tuple[float, float]:
        """Least-squares amplitude of a dip beside a straight line, and the chi^2 it leaves."""
        design = np.column_stack([self._basis[:, :2], -shape])
        best, *_ = np.linalg.lstsq(design, self._flux[:, band], rcond=None)
        residual = (self._flux[:, band] - design @ best) / self._noise[band]
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

    def solve(self, start: Array) -> tuple[OptimizeResult, Array]:
        """Fit, set the noise from the residuals, drop outliers, fit again."""
        time = self._model.time_h
        low = np.array([time.min() - 2, 0.0, 0.0, 1e-3, 1e-3, *[-1.0] * 4])
        high = np.array([time.max() + 2, 5.0, 1.5, *[MAX_RADIUS_RATIO] * 2, *[1.5] * 4])
        scale = np.array([0.02, 0.1, 0.1, 0.01, 0.01, *[0.1] * 4])

        def descend(values: Array) -> OptimizeResult:
            inside = np.clip(values, low + 1e-6, high - 1e-6)
            return least_squares(self.residuals, inside, bounds=(low, high), x_scale=scale)

        # The valley between a central and a grazing transit can hold a false minimum.
        first = [descend(np.concatenate([start[:2], [b], start[3:]])) for b in (start[2], *IMPACTS)]
        solution = min(first, key=lambda result: result.cost)
        for _ in range(2):
            self._rescale(solution.x)
            self._learn_drift(solution.x)
            solution = descend(solution.x)
        return solution, self._noise

    def _rescale(self, values: Array) -> None:
        transit = self.transit(values)
        freedom = 1 - (self._basis.shape[1] + 4) / len(transit)
        for band in range(len(BANDS)):
            drift = self._project(transit[:, band], band)[0]
            residual = self._flux[:, band] - drift * transit[:, band]
            spread = MAD * np.median(np.abs(residual[self._keep[:, band]]))
            self._keep[:, band] = np.abs(residual) < CLIP_SIGMA * max(spread, 1e-9)
            left = residual[self._keep[:, band]]
            self._noise[band] = max(np.std(left) / np.sqrt(max(freedom, 0.1)), 1e-7)

    def curves(self, values: Array) -> tuple[Array, Array]:
        """Transit models and light curves without star and drift, both (T, 2)."""
        transit = self.transit(values)
        drift = np.stack([self._project(transit[:, band], band)[0] for band in range(2)], axis=1)
        return transit, self._flux / drift
