"""One visit: from a planet to raw frames, reference frames and the record of what was injected."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectramind.config.simulation import SimulationConfig
from spectramind.dataset.frames import ReferenceFrames
from spectramind.dataset.tree import Visit
from spectramind.dataset.writer import write_references, write_signal
from spectramind.instrument.detectors import DETECTORS, FGS1, Detector
from spectramind.instrument.grid import FGS1_BIN, N_BINS, bin_wavelengths
from spectramind.simulation.clock import FGS1_CYCLES_AN_AIRS_CYCLE, Clock, make_clock
from spectramind.simulation.detector.adc import adc_info
from spectramind.simulation.detector.cosmic import draw_hits, no_hits
from spectramind.simulation.detector.expose import draw_frames, expose
from spectramind.simulation.detector.foreground import draw_foreground
from spectramind.simulation.drift import Drift, draw_drift, no_drift
from spectramind.simulation.jitter import AIRS_PLATE_SCALE, draw_track, still, track_moments
from spectramind.simulation.population import Planet, draw_mid_time_h
from spectramind.simulation.psf import airs_basis, fgs1_basis
from spectramind.simulation.scene import Scene, bins_to_columns
from spectramind.simulation.star import StarLight, draw_light
from spectramind.simulation.streams import Source, Streams
from spectramind.simulation.transit import transit_light

_FGS1_BINS = slice(FGS1_BIN, FGS1_BIN + 1)
_AIRS_BINS = slice(FGS1_BIN + 1, N_BINS)


@dataclass(frozen=True)
class Circumstances:
    """What is drawn once a visit and acts on both detectors.

    Attributes:
        planet: the truth about the planet.
        mid_time_h: mid-transit on the visit's clock [h].
        light: the star's electrons a second.
        drift: the response's drift.
        track: (2, FGS1 cycles) pointing error [FGS1 px], None without jitter.
    """

    planet: Planet
    mid_time_h: float
    light: StarLight
    drift: Drift
    track: NDArray[np.float64] | None


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


def draw_circumstances(planet: Planet, config: SimulationConfig, streams: Streams) -> Circumstances:
    """Draw the visit. The star shines alike in all visits of its planet."""
    cycles = make_clock(FGS1, config.hours, cadence=1).pairs
    first_visit = Streams(streams.seed, streams.planet, 0)
    effects = config.effects
    return Circumstances(
        planet=planet,
        mid_time_h=draw_mid_time_h(streams(Source.ORBIT_PHASE), config.hours),
        light=draw_light(first_visit(Source.STAR_LIGHT), planet.star.teff_K),
        drift=draw_drift(streams(Source.DRIFT)) if effects.drift else no_drift(),
        track=draw_track(streams(Source.JITTER), cycles) if effects.jitter else None,
    )


def build_scene(
    seen: Circumstances, detector: Detector, config: SimulationConfig, streams: Streams
) -> Scene:
    """What falls on one detector during the visit."""
    clock = make_clock(detector, config.hours, config.cadence)
    bins = _FGS1_BINS if detector == FGS1 else _AIRS_BINS
    change = transit_light(seen.planet, seen.mid_time_h, clock, bins)
    change = change * seen.drift.factor(clock.mid_time_h, config.hours, bins)
    if detector == FGS1:
        light, basis = seen.light.fgs1 * change, fgs1_basis()
        level = np.full(FGS1.width, seen.light.fgs1 / FGS1.width)
    else:
        light, basis = (
            seen.light.airs[:, None] * bins_to_columns(change),
            airs_basis(seen.light.airs),
        )
        level = seen.light.airs
    foreground = np.zeros((detector.height, detector.width))
    if config.effects.foreground:
        foreground = draw_foreground(streams(Source.FOREGROUND, detector), level, detector.height)
    return Scene(light, basis, _moments(seen, detector, clock), foreground)


def _moments(seen: Circumstances, detector: Detector, clock: Clock) -> NDArray[np.float64]:
    if seen.track is None:
        return still(clock.pairs)
    if detector == FGS1:
        return track_moments(seen.track, clock.cadence, clock.pairs)
    samples = FGS1_CYCLES_AN_AIRS_CYCLE * clock.cadence
    return track_moments(AIRS_PLATE_SCALE * seen.track, samples, clock.pairs)


def observe(
    planet: Planet, visit: Visit, config: SimulationConfig, streams: Streams
) -> dict[str, ArrayLike]:
    """Write one visit's raw and reference frames.

    Returns:
        Everything injected, by name: the arrays of truth/{visit}.npz.
    """
    seen = draw_circumstances(planet, config, streams)
    truth = _truth(seen)
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
    effects, clock = config.effects, make_clock(detector, config.hours, config.cadence)
    scene = build_scene(seen, detector, config, streams)
    frames = draw_frames(detector, config.cadence, effects, streams)
    hits = no_hits()
    if effects.cosmic:
        hits = draw_hits(streams(Source.COSMIC, detector), detector.pixels, clock)
    adc = adc_info(config.cadence)
    counts = expose(scene, frames, detector, clock, hits, adc, effects, streams)
    injected = {
        "time_h": clock.mid_time_h,
        "displacement_px": scene.moments[1:3],
        "foreground_e_s": scene.foreground,
        "cosmic_pixel": hits.pixel,
        "cosmic_exposure": hits.exposure,
        "cosmic_charge_e": hits.charge,
    }
    return Taken(frames, counts, injected)


def _truth(seen: Circumstances) -> dict[str, ArrayLike]:
    planet = seen.planet
    return {
        "wavelength_um": bin_wavelengths(),
        "spectrum": planet.spectrum,
        "limb_darkening": planet.limb_darkening,
        "period_d": planet.orbit.period_d,
        "a_over_rs": planet.orbit.a_over_rs,
        "inclination_deg": planet.orbit.inclination_deg,
        "mid_time_h": seen.mid_time_h,
        "star_fgs1_e_s": seen.light.fgs1,
        "star_airs_e_s": seen.light.airs,
        "drift_legendre": seen.drift.legendre,
        "drift_spectrum": seen.drift.spectrum,
    }
