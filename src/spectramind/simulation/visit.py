"""One visit: from a planet to raw frames, reference frames and the record of what was injected."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectramind.config.sim import SimulationConfig
from spectramind.dataset.frames import ReferenceFrames
from spectramind.dataset.tree import Visit
from spectramind.dataset.writer import write_references, write_signal
from spectramind.instrument.detectors import DETECTORS, FGS1, Detector
from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN, bin_wavelengths
from spectramind.simulation.clock import FGS1_CYCLES_AN_AIRS_CYCLE, Clock, make_clock
from spectramind.simulation.defocus import draw_width
from spectramind.simulation.detector.expose import expose
from spectramind.simulation.detector.foreground import draw_foreground
from spectramind.simulation.detector.intra_pixel import draw_sensitivity
from spectramind.simulation.detector.sensor import Sensor, draw_sensor
from spectramind.simulation.jitter import airs_plate_scale, draw_track, track_moments
from spectramind.simulation.last_exposure import without_transit_at_last
from spectramind.simulation.motion import reach_of
from spectramind.simulation.passing import Passing, draw_passing
from spectramind.simulation.planet_draw import SimulatedPlanet, draw_mid_time_h
from spectramind.simulation.psf import airs_basis, even_sensitivity, fgs1_basis, fgs1_motion
from spectramind.simulation.response_drift import Drift, draw_drift, no_drift
from spectramind.simulation.scene import Scene, bins_to_columns
from spectramind.simulation.sky_record import describe_sky
from spectramind.simulation.star import StarLight, draw_light
from spectramind.simulation.streams import Source, Streams
from spectramind.simulation.transit_light import transit_light

_FGS1_BINS = slice(FGS1_BIN, FGS1_BIN + 1)


@dataclass(frozen=True)
class Circumstances:
    """What is drawn once a visit and acts on both detectors.

    Attributes:
        planet: the truth about the planet.
        mid_time_h: mid-transit on the visit's clock [h].
        light: the star's electrons a second.
        drift: the response's drift.
        track: (2, FGS1 cycles) pointing error [FGS1 px].
        width: (FGS1 cycles,) what defocus adds to the variance of the image's width [FGS1 px^2].
        passing: what the transit meets on its way.
    """

    planet: SimulatedPlanet
    mid_time_h: float
    light: StarLight
    drift: Drift
    track: NDArray[np.float64]
    width: NDArray[np.float64]
    passing: Passing


@dataclass(frozen=True)
class Taken:
    """What one detector gives.

    Attributes:
        frames: its reference frames.
        counts: (pixels, 2 pairs) raw reads.
        injected: what acted on this detector alone, by name.
    """

    frames: ReferenceFrames
    counts: NDArray[np.uint16]
    injected: Mapping[str, ArrayLike]


def draw_circumstances(
    planet: SimulatedPlanet, config: SimulationConfig, streams: Streams
) -> Circumstances:
    """Draw the visit. The star shines alike in all visits of its planet."""
    cycles = make_clock(FGS1, config.hours, cadence=1).pairs
    first_visit = Streams(streams.seed, streams.planet, 0)
    effects = config.effects
    return Circumstances(
        planet=planet,
        mid_time_h=draw_mid_time_h(streams(Source.ORBIT_PHASE), config.population, config.hours),
        light=draw_light(
            first_visit(Source.STAR_LIGHT), planet.star.teff_K, config.population.star_light
        ),
        drift=_drift(config, streams),
        track=draw_track(streams(Source.JITTER), config.jitter, cycles)
        if effects.jitter
        else np.zeros((2, cycles)),
        width=draw_width(streams(Source.DEFOCUS), config.jitter, cycles)
        if effects.defocus
        else np.zeros(cycles),
        passing=draw_passing(planet, config.foreign.sky, streams),
    )


def _drift(config: SimulationConfig, streams: Streams) -> Drift:
    if not config.effects.drift:
        return no_drift()
    return draw_drift(streams(Source.DRIFT), config.detector)


def build_scene(
    seen: Circumstances, detector: Detector, config: SimulationConfig, streams: Streams
) -> Scene:
    """What falls on one detector during the visit."""
    clock = make_clock(detector, config.hours, config.cadence)
    bins = _FGS1_BINS if detector == FGS1 else AIRS_BINS
    change = transit_light(seen.planet, seen.mid_time_h, clock, bins, seen.passing)
    if config.effects.last_exposure:
        change = without_transit_at_last(change, clock.cadence)
    change = change * seen.drift.factor(clock.mid_time_h, config.hours, bins)
    sensitivity = _sensitivity(detector, config, streams)
    displacement = _displacement(seen, clock, detector, config)
    if detector == FGS1:
        motion = fgs1_motion(reach_of(seen.track))
        basis = fgs1_basis(motion, sensitivity)
        moments = motion.moments(seen.track, seen.width, clock.cadence, clock.pairs)
        light = seen.light.fgs1 * change
        level = np.full(FGS1.width, seen.light.fgs1 / FGS1.width)
    else:
        light = seen.light.airs[:, None] * bins_to_columns(change)
        basis, moments = airs_basis(seen.light.airs, sensitivity), displacement
        level = seen.light.airs
    foreground = np.zeros((detector.height, detector.width))
    if config.effects.foreground:
        rng = streams(Source.FOREGROUND, detector)
        foreground = draw_foreground(rng, level, detector.height, config.detector)
    return Scene(light, basis, moments, foreground, displacement[1:])


def _sensitivity(
    detector: Detector, config: SimulationConfig, streams: Streams
) -> NDArray[np.float64]:
    shape = (detector.height, detector.width)
    if not config.effects.intra_pixel:
        return even_sensitivity(shape)
    rng = streams(Source.INTRA_PIXEL, detector)
    return draw_sensitivity(rng, shape, config.detector.intra_pixel)


def _displacement(
    seen: Circumstances, clock: Clock, detector: Detector, config: SimulationConfig
) -> NDArray[np.float64]:
    """Moments of the pointing over each exposure, (6, T), see ``track_moments``."""
    if detector == FGS1:
        return track_moments(seen.track, seen.width, clock.cadence, clock.pairs)
    samples = FGS1_CYCLES_AN_AIRS_CYCLE * clock.cadence
    scale = airs_plate_scale(config.jitter)
    return track_moments(scale * seen.track, scale**2 * seen.width, samples, clock.pairs)


def observe(
    planet: SimulatedPlanet, visit: Visit, config: SimulationConfig, streams: Streams
) -> dict[str, ArrayLike]:
    """Write one visit's raw and reference frames.

    Returns:
        Everything injected, by name: the arrays of truth/{visit}.npz.
    """
    seen = draw_circumstances(planet, config, streams)
    truth = describe(seen)
    for detector in DETECTORS:
        taken = expose_detector(detector, seen, config, streams)
        write_references(visit, detector, taken.frames)
        write_signal(visit, detector, taken.counts)
        truth |= {f"{detector.key}_{name}": value for name, value in taken.injected.items()}
    return truth


def expose_detector(
    detector: Detector, seen: Circumstances, config: SimulationConfig, streams: Streams
) -> Taken:
    """Let one detector watch the visit."""
    clock = make_clock(detector, config.hours, config.cadence)
    scene = build_scene(seen, detector, config, streams)
    sensor = draw_sensor(detector, clock, config, streams)
    counts, full = expose(scene, sensor, clock, config, streams)
    return Taken(sensor.frames, counts, _injected(clock, scene, sensor, full))


def _injected(
    clock: Clock, scene: Scene, sensor: Sensor, full: NDArray[np.bool_]
) -> dict[str, ArrayLike]:
    hits = sensor.hits
    return describe_detector(clock, scene, sensor) | {
        "full": full,
        "cosmic_pixel": hits.pixel,
        "cosmic_exposure": hits.exposure,
        "cosmic_charge_e": hits.charge,
        "cosmic_early": hits.early,
    }


def describe_detector(clock: Clock, scene: Scene, sensor: Sensor) -> dict[str, ArrayLike]:
    """What acted on one detector at either level, by name."""
    persistence = sensor.persistence
    return {
        "time_h": clock.mid_time_h,
        "displacement_px": scene.displacement[:2],
        "displacement_square_px2": scene.displacement[2:],
        "foreground_e_s": scene.foreground,
        "dead": sensor.frames.dead,
        "hot": sensor.hot,
        "seam_gain": sensor.gain,
        "persistence": (persistence.fraction, persistence.release_s, persistence.before),
    }


def describe(seen: Circumstances) -> dict[str, ArrayLike]:
    """What was drawn for the whole visit, by name."""
    planet = seen.planet
    found: dict[str, ArrayLike] = {
        "wavelength_um": bin_wavelengths(),
        "spectrum": planet.spectrum,
        "limb_darkening": planet.limb_darkening,
        "spot_fraction": planet.spots.fraction,
        "spot_temperature_k": planet.spots.temperature_K,
        "spot_factor": seen.passing.apparent_factor(planet),
        "period_d": planet.orbit.period_d,
        "a_over_rs": planet.orbit.a_over_rs,
        "inclination_deg": planet.orbit.inclination_deg,
        "eccentricity": planet.orbit.eccentricity,
        "omega_deg": planet.orbit.omega_deg,
        "mid_time_h": seen.mid_time_h,
        "star_fgs1_e_s": seen.light.fgs1,
        "star_airs_e_s": seen.light.airs,
        "drift_legendre": seen.drift.legendre,
        "drift_spectrum": seen.drift.spectrum,
    }
    return found | describe_sky(planet, seen.passing)
