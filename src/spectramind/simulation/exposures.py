"""Calibrated exposures by their mean and noise alone: what linear forms of them read.

A form is a weighted sum over a detector's pixels, as extraction takes. Its mean follows from the
scene, because every pixel's light is a sum of images times moments of the pointing (see scene):

    sum_p w_p rate_p(t) = sum_n moment_n(t) sum_c light_c(t) sum_{p in c} w_p basis_np,

and its noise is normal, with each pixel's variance as correlated double sampling leaves it [e^2]:

    V_p = (flat rate + dark) t / flat^2 + (2 read^2 + rounding) / flat^2.

Where the published flat or linearity is not what acts (see telescope), a calibrated pixel is a
straight line in its light: see ``_answer`` and ``_offset``.

So a visit costs a few small matrix products instead of its frames. Left out: cosmic rays too faint
to be flagged and read noise stretched by the linearity slope, both far below the other terms, and
saturation.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from spectramind.config.sim import EffectsConfig
from spectramind.simulation.clock import Clock
from spectramind.simulation.detector import adc, read
from spectramind.simulation.detector.misread import misread
from spectramind.simulation.detector.sensor import Sensor
from spectramind.simulation.scene import Scene

Array = NDArray[np.float64]
_LEAST = 1e-9  # added to correlations: forms may depend on each other, Cholesky must not fail


@dataclass(frozen=True)
class Exposures:
    """One detector's calibrated exposures during a visit.

    Attributes:
        scene: what falls on the pixels.
        sensor: the pixels.
        clock: when they are exposed.
        rounding: variance that rounding to counts leaves in an exposure [e^2].
        shot_noise: False when the photons' noise is switched off; the stated variance keeps it.
    """

    scene: Scene
    sensor: Sensor
    clock: Clock
    rounding: float
    shot_noise: bool

    @cached_property
    def image(self) -> Array:
        """Mean exposure, (pixels,) [e]."""
        return self.clock.integration_s * self._rate.ravel() * self._answer + self._offset

    @cached_property
    def variance(self) -> Array:
        """Mean variance of an exposure, (pixels,) [e^2]."""
        return self._shot + self._base

    @cached_property
    def _rate(self) -> Array:
        """Mean electrons a second on ideal pixels, (H, W)."""
        scene = self.scene
        light = np.stack([(scene.light * m).mean(axis=1) for m in scene.moments])
        return np.asarray((scene.basis * light[:, None, :]).sum(axis=0) + scene.foreground)

    @cached_property
    def _gain(self) -> Array:
        return np.tile(self.sensor.gain, self.sensor.detector.height)

    @cached_property
    def _answer(self) -> Array:
        """Calibrated over true change of light."""
        return self._gain * self._misread[0] * self.sensor.flat.ravel() / self._flat

    @cached_property
    def _offset(self) -> Array:
        """What a calibrated exposure holds without light, were it on the same line [e]."""
        slope, offset = self._misread
        dark = self.sensor.frames.dark.ravel() * self.clock.integration_s
        return self._gain * (offset + (slope - 1) * dark) / self._flat

    @cached_property
    def _misread(self) -> tuple[Array, Array]:
        """Slope and offset [e] that a wrong linearity polynomial gives each pixel."""
        sensor, pixels = self.sensor, self.sensor.detector.pixels
        if not sensor.curvature_error:
            return np.ones(pixels), np.zeros(pixels)
        rate = sensor.flat * self._rate + sensor.frames.dark
        acting, published = (
            c.reshape(-1, pixels) for c in (sensor.linear, sensor.frames.linear_corr)
        )
        return misread(rate.ravel(), acting, published, self.clock)

    @cached_property
    def _flat(self) -> Array:
        return self.sensor.frames.flat.ravel()

    @cached_property
    def _shot(self) -> Array:
        return self.image * self._gain / self._flat

    @cached_property
    def _base(self) -> Array:
        """Variance that does not come from light, (pixels,) [e^2]."""
        frames = self.sensor.frames
        dark = self._gain**2 * frames.dark.ravel() * self.clock.integration_s
        return (dark + read.variance(frames.read.ravel()) + self.rounding) / self._flat**2

    def means(self, forms: csr_array) -> Array:
        """What forms (F, pixels) read without noise, (F, T) [e]."""
        scene, offset = self.scene, (forms @ self._offset)[:, None]
        forms = _scaled(forms, self._answer)
        sources = len(scene.light)
        pixels = forms.indices
        # What lights a pixel is its column's light, or the only one there is.
        shape = (forms.shape[0], sources)
        rate = (forms @ scene.foreground.ravel())[:, None]
        for image, moment in zip(scene.basis, scene.moments, strict=True):
            weights = forms.data * image.ravel()[pixels]
            by_source = csr_array((weights, pixels % sources, forms.indptr.copy()), shape=shape)
            by_source.sum_duplicates()
            rate = rate + (by_source @ scene.light) * moment
        charge = rate + (forms @ (self.sensor.frames.dark / self.sensor.flat).ravel())[:, None]
        released = self.sensor.persistence.release(charge, self.clock.cycle_s)
        return np.asarray(self.clock.integration_s * (rate + released) + offset)

    def variances(self, squares: csr_array) -> Array:
        """Variance of forms whose squared weights are given, pixels independent, (F, T) [e^2]."""
        return self.means(_scaled(squares, self._gain / self._flat)) + self._dark(squares)

    def draw(self, forms: csr_array, rng: np.random.Generator) -> Array:
        """What forms (F, pixels) read, (F, T) [e]; those that share pixels share their noise."""
        noise = self.variance if self.shot_noise else self._base
        covariance = (_scaled(forms, noise) @ forms.T).toarray()
        mean = covariance.diagonal()
        scale = np.sqrt(np.where(mean > 0, mean, 1.0))
        correlation = covariance / np.outer(scale, scale) + np.diag(np.where(mean > 0, _LEAST, 1.0))
        values = self.means(forms)
        white = np.linalg.cholesky(correlation) @ rng.standard_normal(values.shape)
        squares = forms.power(2)
        spread = self.variances(squares) if self.shot_noise else self._dark(squares)
        return values + np.sqrt(np.maximum(spread, 0.0)) * white

    def _dark(self, squares: csr_array) -> Array:
        return np.asarray(squares @ self._base)[:, None]


def make_exposures(scene: Scene, sensor: Sensor, clock: Clock, effects: EffectsConfig) -> Exposures:
    """The exposures of a sensor that watches a scene."""
    rounding = adc.variance(adc.adc_info(clock.cadence))
    return Exposures(scene, sensor, clock, rounding, effects.photon)


def _scaled(forms: csr_array, factor: Array) -> csr_array:
    """Forms with each pixel's weights times a factor (pixels,)."""
    scaled = forms.copy()
    scaled.data *= factor[forms.indices]
    return scaled
