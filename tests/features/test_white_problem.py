"""Slopes of the white-light residuals, the fitted drift among them."""

import numpy as np

from spectramind.config.compose import compose
from spectramind.contracts.star_row import StarRow
from spectramind.features.transit_model import TransitModel
from spectramind.features.white_problem import WhiteProblem


def test_slopes_of_the_residuals_are_those_of_differences() -> None:
    config = compose().fit
    rng = np.random.default_rng(5)
    time = np.linspace(0.05, 7.45, 90)
    star = StarRow(4.0, 10.0, float(np.degrees(np.arccos(0.03))), 5800.0)
    values = np.array([3.7, np.log(10.0), 0.3, 0.12, 0.121, 0.3, 0.2, 0.15, 0.1])
    model = TransitModel(time, star, config.substep_h)
    shown = model.flux(model.separation(*values[:3]), values[3:5], values[5:].reshape(2, 2)).T
    flux = shown + 3e-4 * rng.standard_normal(shown.shape)
    prior = np.array([*values[1:3], *values[5:]]), np.diag([0.1, 0.2, *[0.1] * 4]) ** 2
    problem = WhiteProblem(time, flux, rng.normal(size=(len(time), 2)), star, prior, config)
    problem.keep[7, 1] = False
    # Away from the best, where residuals are large: they turn the drift along.
    at = values + np.array([0.02, 0.03, 0.1, 0.004, -0.004, 0.05, 0.05, -0.05, 0.05])
    found = problem.jacobian(at)
    for column in range(len(at)):
        step = 1e-6 * (np.arange(len(at)) == column)
        expected = (problem.residuals(at + step) - problem.residuals(at - step)) / 2e-6
        scale = np.abs(expected).max()
        np.testing.assert_allclose(found[:, column], expected, atol=2e-3 * scale)
