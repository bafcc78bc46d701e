"""One visit: from a planet to raw frames, reference frames and the record of what was injected."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectramind.config.sim import SimulationConfig
from spectramind.dataset.frames import ReferenceFrames
from spectramind.dataset.tree import Visit
from spectramind.dataset.writer import write_references, write_signal
from spectramind.instrument.detectors import AIRS, DETECTORS, FGS1, Detector
from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN, bin_wavelengths
from spectramind.simulation.clock import FGS1_CYCLES_AN_AIRS_CYCLE, Clock, make_clock
from spectramind.simulation.defocus import draw_width
from spectramind.simulation.detector.expose import expose
from spectramind.simulation.detector.foreground import draw_foreground, draw_gradient
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
from spectramind.simulation.telescope.breathing import draw_breathing
from spectramind.simulation.telescope.odd_response import draw_response
from spectramind.simulation.telescope.own_motion import airs_track
from spectramind.simulation.telescope.response import Response
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
        response: what the response does beyond it.
        track: (2, FGS1 cycles) pointing error of each detector [its px].
        width: (FGS1 cycles,) what is added to the variance of each image's width [its px^2].
        passing: what the transit meets on its way.
    """

    planet: SimulatedPlanet
    mid_time_h: float
    light: StarLight
    drift: Drift
    response: Response
    track: Mapping[Detector, NDArray[np.float64]]
    width: Mapping[Detector, NDArray[np.float64]]
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
    effects, drift = config.effects, _drift(config, streams)
    track, width = np.zeros((2, cycles)), np.zeros(cycles)
    if effects.jitter:
        track = draw_track(streams(Source.JITTER), config.jitter, cycles)
    if effects.defocus:
        width = draw_width(streams(Source.DEFOCUS), config.jitter, cycles)
    return Circumstances(
        planet=planet,
        mid_time_h=draw_mid_time_h(streams(Source.ORBIT_PHASE), config.population, config.hours),
        light=draw_light(
            first_visit(Source.STAR_LIGHT), planet.star.teff_K, config.population.star_light
        ),
        drift=drift,
        response=draw_response(drift, config, streams),
        track={FGS1: track, AIRS: airs_track(track, config, streams)},
        width={
            FGS1: width + draw_breathing(FGS1, config, streams),
            AIRS: airs_plate_scale(config.jitter) ** 2 * width
            + draw_breathing(AIRS, config, streams),
        },
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
    drift = seen.drift.factor(clock.mid_time_h, config.hours, bins)
    change = change * (drift + seen.response.added(clock.mid_time_h, bins))
    sensitivity = _sensitivity(detector, config, streams)
    track, width = seen.track[detector], seen.width[detector]
    displacement = track_moments(track, width, _samples(clock, detector), clock.pairs)
    if detector == FGS1:
        motion = fgs1_motion(reach_of(track))
        basis = fgs1_basis(motion, sensitivity)
        moments = motion.moments(track, width, clock.cadence, clock.pairs)
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
        if gradient := config.foreign.telescope.stray_gradient:
            rng = streams(Source.STRAY_GRADIENT, detector)
            foreground = foreground * draw_gradient(rng, foreground.shape, gradient)
    return Scene(light, basis, moments, foreground, displacement[1:])


def _sensitivity(
    detector: Detector, config: SimulationConfig, streams: Streams
) -> NDArray[np.float64]:
    shape = (detector.height, detector.width)
    if not config.effects.intra_pixel:
        return even_sensitivity(shape)
    rng = streams(Source.INTRA_PIXEL, detector)
    return draw_sensitivity(rng, shape, config.detector.intra_pixel)


def _samples(clock: Clock, detector: Detector) -> int:
    """Samples of the track in one exposure."""
    return clock.cadence * (1 if detector == FGS1 else FGS1_CYCLES_AN_AIRS_CYCLE)


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
        "flat_true": sensor.flat,
        "curvature_error": sensor.curvature_error,
        "persistence": (persistence.fraction, persistence.release_s, persistence.before),
    }


def describe(seen: Circumstances) -> dict[str, ArrayLike]:
    """What was drawn for the whole visit, by name."""
    planet = seen.planet
    drawn: dict[str, ArrayLike] = {
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
    return drawn | seen.response.describe() | describe_sky(planet, seen.passing)
