"""The least-squares problem of the white light curves: residuals, their slopes, and the search.

The drift's coefficients are projected out at every step (variable projection, Golub & Pereyra 1973,
SIAM Journal on Numerical Analysis 10, 413).
"""

from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, least_squares

from spectramind.config.fit import FitConfig
from spectramind.contracts.star_row import StarRow
from spectramind.features.drift import drift_basis
from spectramind.features.transit_model import (
    BANDS,
    MAX_RADIUS_RATIO,
    TransitModel,
    bounds,
    within,
)

Array = NDArray[np.float64]
CLIP_SIGMA = 5.0
MAD = 1.4826  # median absolute deviation to standard deviation
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
_OWN = ((3, 5, 6), (4, 7, 8))  # radius ratio and limb darkening of each band
_STEP = 1e-6


def neighbour_noise(flux: Array) -> Array:
    """First guess of the noise (C,) of light curves (T, C) of level 1.

    The scatter of neighbours, whose median does not see ingress.
    """
    steps = np.abs(np.diff(flux, axis=0))
    return np.maximum(MAD * np.median(steps, axis=0) / np.sqrt(2), 1e-7)


class WhiteProblem:
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
        design, target = self._design(transit, band)
        best, *_ = np.linalg.lstsq(design, target, rcond=None)
        return self._basis @ best, target - design @ best

    def _design(self, transit: Array, band: int) -> tuple[Array, Array]:
        """What the drift is made of, and what it must meet: the data, then its prior."""
        keep = self.keep[:, band] / self.noise[band]
        design = np.vstack([keep[:, None] * transit[:, None] * self._basis, self._prior])
        return design, np.append(keep * self._flux[:, band], np.zeros(len(self._prior)))

    def residuals(self, values: Array) -> Array:
        """Data and prior residuals in units of their sigma."""
        transit = self.transit(values)
        data = [self._project(transit[:, band], band)[1] for band in range(len(BANDS))]
        geometry = np.concatenate([values[1:3], values[5:]])
        return np.concatenate([*data, self._whiten @ (geometry - self._centre)])

    def jacobian(self, values: Array) -> Array:
        """Slopes of the residuals over the parameters.

        The fitted drift moves along (Golub & Pereyra 1973): with design D, its pseudo-inverse P,
        best = P target and residuals r, dr = -(1 - D P) dD best - P' dD' r.
        """
        transit, slopes = self._slopes(values)
        rows = []
        for band in range(len(BANDS)):
            keep = self.keep[:, band] / self.noise[band]
            design, target = self._design(transit[:, band], band)
            inverse = np.linalg.pinv(design)
            best = inverse @ target
            steeper = keep[:, None] * slopes[:, band]
            moved = np.zeros((len(target), len(values)))
            moved[: len(keep)] = (self._basis @ best)[:, None] * steeper
            left = (target - design @ best)[: len(keep)]
            turned = self._basis.T @ (left[:, None] * steeper)
            rows.append(design @ (inverse @ moved) - moved - inverse.T @ turned)
        return np.concatenate([*rows, self._whiten @ np.eye(len(values))[[1, 2, 5, 6, 7, 8]]])

    def _slopes(self, values: Array) -> tuple[Array, Array]:
        """(T, 2) transit models and (T, 2, 9) their slopes over the parameters."""
        # Radius and limb darkening of each band as they are, then each of the three a step further.
        own = np.stack([values[list(which)] for which in _OWN])[:, None]
        own = own + _STEP * np.eye(4, 3, k=-1)
        separation = self._model.separation(*values[:3])
        flux = self._model.flux(separation, own[:, :, 0].ravel(), own[:, :, 1:].reshape(-1, 2))
        flux = flux.reshape(2, 4, -1)
        slopes = np.zeros((flux.shape[2], 2, len(values)))
        for band, which in enumerate(_OWN):
            slopes[:, band, list(which)] = (flux[band, 1:] - flux[band, 0]).T / _STEP
        for column, step in enumerate(_STEP * np.eye(3)):
            moved = self._model.separation(*(values[:3] + step))
            further = self._model.flux(moved, own[:, 0, 0], own[:, 0, 1:])
            slopes[:, :, column] = (further - flux[:, 0]).T / _STEP
        return flux[:, 0].T, slopes

    def starts(self) -> list[Array]:
        """Parameters at the best mid-time of each transit duration tried, with a straight drift.

        (More drift here would let polynomials and a misplaced transit imitate the true one.)
        """
        time, model = self._model.time_h, self._model
        limb = self._centre[2:].reshape(2, 2)
        log_a, impact = self._centre[:2]
        middles = np.arange(time.min(), time.max(), 0.1)
        found = []
        for duration in log_a + DURATIONS:
            separation = [model.separation(t0, duration, impact) for t0 in middles]
            flux = model.flux(np.concatenate(separation), np.full(2, 0.1), limb)
            dips = 1 - flux.reshape(2, len(middles), -1)
            fits = np.array([self._amplitudes(dips[band], band) for band in range(2)])
            depth, chi2 = fits.transpose(1, 2, 0)
            likely = np.where((depth > 0).all(axis=1), chi2.sum(axis=1), np.inf)
            best = int(likely.argmin())
            if np.isfinite(likely[best]):
                k = np.clip(0.1 * np.sqrt(depth[best]), 0.01, MAX_RADIUS_RATIO)
                start = [middles[best], duration, impact, *k, *limb.ravel()]
                found.append(np.array(start))
        middle = np.array([time.mean(), log_a, impact, 0.1, 0.1, *limb.ravel()])
        return found or [middle]

    def _amplitudes(self, dips: Array, band: int) -> Array:
        """Least-squares amplitudes of dips (N, T) beside a straight line, and the chi^2 left."""
        line, corner = np.linalg.qr(self._basis[:, :2])
        flux = self._flux[:, band]
        bent, rest = dips - dips @ line @ line.T, flux - line @ (line.T @ flux)
        power = (bent**2).sum(axis=1)
        seen = power > 1e-12
        depth = np.where(seen, -(bent @ rest) / np.where(seen, power, 1.0), 0.0)
        level = np.linalg.solve(corner, line.T @ (flux + depth[:, None] * dips).T)[0]
        left = rest + depth[:, None] * bent
        return np.array([depth / level, (left**2).sum(axis=1) / self.noise[band] ** 2])

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
            jac=self.jacobian,
            x0=within(values, time),
            bounds=tuple(limit[: len(values)] for limit in bounds(time)),
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

    def curves(self, values: Array) -> tuple[Array, Array, Array]:
        """Transit models, light curves without star and drift, and these drifts, all (T, 2)."""
        transit = self.transit(values)
        drift = np.stack([self._project(transit[:, band], band)[0] for band in range(2)], axis=1)
        return transit, self._flux / drift, drift
