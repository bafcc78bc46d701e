"""`simulate level=lightcurves`: light curves without frames.

The simulator says what the calibrated exposures are on average and how noisy, calibration which
pixels are bad and how they are filled, features which linear forms of an exposure are its light
curves. Put together, the light curves of a visit are drawn at once: the same planets, detectors,
pointing and drift as at level=telemetry, with noise of the same distribution.
"""

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from spectramind.calibration.bad_pixels import reference_flags
from spectramind.calibration.interpolation import fill_matrix
from spectramind.config.calibration import KillChainConfig
from spectramind.config.features import PhotometryConfig
from spectramind.config.root import Config
from spectramind.config.simulation import SimulationConfig
from spectramind.dataset.tree import Visit
from spectramind.features.extraction import Spectra, spectrum_weights
from spectramind.features.light_curves import assemble
from spectramind.features.photometry import Photometry, photometry, star_forms
from spectramind.features.run import note_simulated, write_curves
from spectramind.instrument.detectors import AIRS, FGS1, Detector
from spectramind.instrument.grid import columns_to_bins
from spectramind.simulation.clock import make_clock
from spectramind.simulation.detector.sensor import draw_sensor
from spectramind.simulation.exposures import make_exposures
from spectramind.simulation.population import Planet
from spectramind.simulation.run import Level
from spectramind.simulation.streams import Source, Streams
from spectramind.simulation.visit import (
    Circumstances,
    build_scene,
    describe,
    describe_detector,
    draw_circumstances,
)

Array = NDArray[np.float64]


def light_curves_level(config: Config) -> Level:
    """The level as the simulator runs it."""
    chain, photometry_config = config.calib.kill_chain(), config.features.photometry
    observe = partial(
        observe_light_curves,
        chain=chain,
        photometry_config=photometry_config,
        features_dir=config.paths.features,
    )
    settings = {
        "level": "lightcurves",
        "calib": chain.model_dump(mode="json"),
        "photometry": photometry_config.model_dump(mode="json"),
    }
    return Level(observe, settings)


def observe_light_curves(
    planet: Planet,
    visit: Visit,
    config: SimulationConfig,
    streams: Streams,
    chain: KillChainConfig,
    photometry_config: PhotometryConfig,
    features_dir: Path,
) -> dict[str, ArrayLike]:
    """Write one visit's light curves, and the note in the tree that stands for its frames.

    Returns:
        Everything injected, by name.
    """
    seen = draw_circumstances(planet, config, streams)
    fgs1, airs = (Chain(seen, d, config, streams, chain) for d in (FGS1, AIRS))
    curves = assemble(
        read_photometry(fgs1, photometry_config),
        read_spectra(airs),
        fgs1.clock.mid_time_h,
        airs.clock.mid_time_h,
        photometry_config,
    )
    write_curves(curves, features_dir, visit)
    note_simulated(visit, photometry_config)
    return describe(seen) | fgs1.injected() | airs.injected()


class Chain:
    """One detector in one visit: its exposures, calibrated in the mind only.

    Attributes:
        clock: its exposures' times.
        image, spread: (H, W) mean calibrated exposure and its stated variance [e], [e^2].
    """

    def __init__(
        self,
        seen: Circumstances,
        detector: Detector,
        config: SimulationConfig,
        streams: Streams,
        chain: KillChainConfig,
    ) -> None:
        self.clock = make_clock(detector, config.hours, config.cadence)
        self._scene = build_scene(seen, detector, config, streams)
        self._sensor = draw_sensor(detector, self.clock, config, streams)
        self._exposures = make_exposures(self._scene, self._sensor, self.clock, config.effects)
        self._noise = streams(Source.PHOTON, detector)
        self._fill(chain)

    def _fill(self, chain: KillChainConfig) -> None:
        """Bad pixels: the filling is a matrix, its noise floor a variance of its own."""
        interpolation, sensor = chain.interpolation, self._sensor
        good = reference_flags(sensor.frames, self.clock.integration_s, chain) == 0
        self._filling = fill_matrix(good, interpolation.width_px(sensor.detector))
        image = self._filling @ self._exposures.image
        self._floor = np.where(good.ravel(), 0.0, interpolation.noise_floor * image) ** 2
        spread = self._filling.power(2) @ self._exposures.variance + self._floor
        self.image, self.spread = image.reshape(good.shape), spread.reshape(good.shape)

    def read(self, forms: csr_array) -> tuple[Array, Array]:
        """What forms (F, pixels) of the calibrated exposures read, and what variance is stated."""
        squares = forms.power(2)
        values = self._exposures.draw(csr_array(forms @ self._filling), self._noise)
        stated = self._exposures.variances(csr_array(squares @ self._filling.power(2)))
        return values, stated + (squares @ self._floor)[:, None]

    def injected(self) -> dict[str, ArrayLike]:
        """What acted on this detector alone, by name."""
        acted = describe_detector(self.clock, self._scene, self._sensor)
        return {f"{self._sensor.detector.key}_{name}": value for name, value in acted.items()}


def read_photometry(fgs1: Chain, config: PhotometryConfig) -> Photometry:
    """FGS1 photometry of one draw of the noise; the next call draws anew."""
    forms, centre = star_forms(fgs1.image, fgs1.spread, config)
    sums, stated = fgs1.read(csr_array(forms.reshape(len(forms), -1)))
    return photometry(sums, stated[0], centre)


def read_spectra(airs: Chain) -> Spectra:
    """AIRS spectra of one draw of the noise; the next call draws anew."""
    weights = columns_to_bins(spectrum_weights(airs.image, airs.spread))
    columns = columns_to_bins(np.arange(AIRS.width, dtype=np.float64)).astype(int)
    pixels = np.arange(AIRS.height)[:, None] * AIRS.width + columns
    bins = np.broadcast_to(np.arange(len(columns)), pixels.shape)
    shape = (len(columns), AIRS.pixels)
    forms = csr_array((weights.ravel(), (bins.ravel(), pixels.ravel())), shape=shape)
    flux, stated = airs.read(forms)
    return Spectra(flux.T.astype(np.float32), stated.T.astype(np.float32))
