"""`simulate level=lightcurves`: light curves without frames.

The simulator says what the calibrated exposures are on average and how noisy, calibration which
pixels are bad, which linear forms of an exposure it reads and what it makes of them. Put together,
the light curves of a visit are drawn at once: the same planets, detectors, pointing and drift as at
level=telemetry, with noise of the same distribution.
"""

from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from spectramind.calibration.calibrated_curves import airs_light_curves, fgs1_light_curves
from spectramind.calibration.extraction import AirsForms, airs_forms
from spectramind.calibration.photometry import Fgs1Series, fgs1_forms, fgs1_series
from spectramind.calibration.simulated import note_simulated
from spectramind.calibration.steps.bad_pixels import MASKING, reference_flags
from spectramind.config.calib import KillChainConfig
from spectramind.config.root import Config
from spectramind.config.sim import SimulationConfig
from spectramind.contracts.series import Series, write_series
from spectramind.contracts.work_folder import CalibratedFolder, WorkFolder
from spectramind.dataset.tree import Visit
from spectramind.instrument.detectors import AIRS, AIRS_SCIENCE, FGS1, Detector
from spectramind.simulation.clock import make_clock
from spectramind.simulation.detector.sensor import draw_sensor
from spectramind.simulation.exposures import make_exposures
from spectramind.simulation.planet_draw import SimulatedPlanet
from spectramind.simulation.simulate_tree import Level
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
    chain = config.calib.kill_chain()
    observe = partial(
        observe_light_curves, chain=chain, calibrated=WorkFolder(config.paths).calibrated
    )
    return Level(observe, {"level": "lightcurves", "calib": chain.model_dump(mode="json")})


def observe_light_curves(
    planet: SimulatedPlanet,
    visit: Visit,
    config: SimulationConfig,
    streams: Streams,
    chain: KillChainConfig,
    calibrated: CalibratedFolder,
) -> dict[str, ArrayLike]:
    """Write one visit's light curves, and the note in the tree that stands for its frames.

    Returns:
        Everything injected, by name.
    """
    seen = draw_circumstances(planet, config, streams)
    chains = {d: Chain(seen, d, config, streams, chain) for d in (FGS1, AIRS)}
    curves = read_light_curves(chains[FGS1], chains[AIRS])
    for detector, series in zip(chains, curves, strict=True):
        path = calibrated.series(detector, visit.name)
        write_series(path, series.binned(chain.cadence_min))
    note_simulated(visit, chain, calibrated)
    return describe(seen) | chains[FGS1].injected() | chains[AIRS].injected()


class Chain:
    """One detector in one visit: its exposures, calibrated in the mind only.

    Attributes:
        config: the kill chain's settings.
        clock: its exposures' times.
        images: (H, W) mean calibrated exposure [e], its stated variance [e^2], the flat, and the
            pixels masked for good: what extraction makes its forms from.
    """

    def __init__(
        self,
        seen: Circumstances,
        detector: Detector,
        config: SimulationConfig,
        streams: Streams,
        chain: KillChainConfig,
    ) -> None:
        self.config = chain
        self.clock = make_clock(detector, config.hours, config.cadence)
        self._scene = build_scene(seen, detector, config, streams)
        self._sensor = draw_sensor(detector, self.clock, config, streams)
        self._exposures = make_exposures(self._scene, self._sensor, self.clock, config.effects)
        self._noise = streams(Source.PHOTON, detector)
        frames = self._sensor.frames
        flags = reference_flags(frames, self.clock.integration_s, chain)
        image, variance = (
            values.reshape(flags.shape)
            for values in (self._exposures.image, self._exposures.variance)
        )
        bad = (flags & np.uint16(MASKING)) != 0
        self.images: tuple[Array, Array, Array, NDArray[np.bool_]]
        self.images = image, variance, frames.flat, bad

    def read(self, forms: csr_array) -> Array:
        """What forms (F, pixels) of the calibrated exposures read, (F, T), in one draw of noise."""
        return self._exposures.draw(forms, self._noise)

    def injected(self) -> dict[str, ArrayLike]:
        """What acted on this detector alone, by name."""
        acted = describe_detector(self.clock, self._scene, self._sensor)
        return {f"{self._sensor.detector.key}_{name}": value for name, value in acted.items()}


def read_light_curves(fgs1: Chain, airs: Chain) -> tuple[Series, Series]:
    """Both detectors' light curves at native cadence; the next call draws the noise anew."""
    star = read_star(fgs1)
    clocks = fgs1.clock.mid_time_h, airs.clock.mid_time_h
    white = fgs1_light_curves(star, clocks[0], fgs1.config)
    sums, forms = read_columns(airs)
    bins = airs_light_curves(sums, forms, clocks[1], star, clocks[0], airs.config)
    return white.native, bins.native


def read_star(fgs1: Chain) -> Fgs1Series:
    """FGS1's photometry of one draw of the noise."""
    forms = fgs1_forms(*fgs1.images, fgs1.config.photometry)
    return fgs1_series(fgs1.read(csr_array(forms.weights)), forms)


def read_columns(airs: Chain) -> tuple[Array, AirsForms]:
    """What the forms of the science columns read, (F, T, columns), and the forms."""
    image, variance, flat, bad = airs.images
    science = (slice(None), AIRS_SCIENCE)
    forms = airs_forms(image[science], variance[science], flat[science], bad[science])
    kinds, rows, columns = (axis.ravel() for axis in np.indices(forms.weights.shape))
    count = forms.weights.shape[-1]
    pixels = rows * AIRS.width + columns + AIRS_SCIENCE.start
    shape = (len(forms.weights) * count, AIRS.pixels)
    where = (kinds * count + columns, pixels)
    sums = airs.read(csr_array((forms.weights.ravel(), where), shape=shape))
    return sums.reshape(-1, count, sums.shape[-1]).transpose(0, 2, 1), forms
