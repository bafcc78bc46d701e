"""What a foreign telescope does: each switch by the amount it states, nothing when it is off."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError
from scipy.sparse import csr_array

from spectramind.config.compose import compose
from spectramind.config.sim import SimulationConfig
from spectramind.instrument.detectors import AIRS, DETECTORS, FGS1, Detector
from spectramind.instrument.grid import AIRS_BINS, N_BINS
from spectramind.simulation.clock import make_clock
from spectramind.simulation.detector.foreground import draw_gradient
from spectramind.simulation.detector.linearity import draw_coefficients, measure
from spectramind.simulation.detector.misread import misread
from spectramind.simulation.detector.sensor import draw_sensor
from spectramind.simulation.exposures import make_exposures
from spectramind.simulation.jitter import airs_plate_scale
from spectramind.simulation.planet_draw import SimulatedPlanet, draw_planet
from spectramind.simulation.streams import Source, Streams
from spectramind.simulation.telescope.flat_error import draw_flat_error
from spectramind.simulation.telescope.odd_drift import draw_odd_drift
from spectramind.simulation.telescope.published_frames import true_linearity
from spectramind.simulation.telescope.red_noise import draw_red_noise
from spectramind.simulation.telescope.slow_course import knots_h, smooth, wandering
from spectramind.simulation.visit import (
    Circumstances,
    build_scene,
    describe,
    describe_detector,
    draw_circumstances,
    expose_detector,
)

Array = NDArray[np.float64]
Make = Callable[..., SimulationConfig]
EVERY = slice(0, N_BINS)
STEPS_AN_HOUR = 120
FOREIGN = compose(["sim=foreign"]).sim.foreign.telescope
OWN = {
    *(Source.AIRS_JITTER, Source.AIRS_FLEXURE, Source.RED_NOISE, Source.FGS1_DRIFT),
    *(Source.ODD_DRIFT, Source.BREATHING, Source.FLAT_ERROR, Source.STRAY_GRADIENT),
}
# Each switch alone: the settings of the profile `foreign`, and what it draws from.
SWITCHES = {
    "airs_motion": {Source.AIRS_JITTER, Source.AIRS_FLEXURE},
    "red_noise": {Source.RED_NOISE},
    "fgs1_own_drift": {Source.FGS1_DRIFT},
    "odd_drift": {Source.ODD_DRIFT},
    "breathing": {Source.BREATHING},
    "flat_error": {Source.FLAT_ERROR},
    "curvature_error": set(),
    "stray_gradient": {Source.STRAY_GRADIENT},
}


@dataclass(frozen=True)
class Watched(Streams):
    """Streams that remember who drew."""

    asked: set[Source] = field(default_factory=set)

    def __call__(self, source: Source, detector: Detector | None = None) -> np.random.Generator:
        self.asked.add(source)
        return super().__call__(source, detector)


@pytest.fixture(scope="module")
def planet() -> SimulatedPlanet:
    return draw_planet(np.random.default_rng(5), np.random.default_rng(6), compose().sim.population)


def switched(config: SimulationConfig, *names: str, **values: object) -> SimulationConfig:
    """With some switches as ``foreign`` has them, or with settings of the caller's."""
    telescope = config.foreign.telescope.model_dump()
    telescope |= {name: getattr(FOREIGN, name) for name in names}
    telescope |= {
        name: {**telescope[name], **value} if isinstance(value, dict) else value
        for name, value in values.items()
    }
    tree = config.model_dump()
    tree["foreign"]["telescope"] = telescope
    return SimulationConfig.model_validate(tree)


def watch(planet: SimulatedPlanet, config: SimulationConfig) -> tuple[set[Source], list[Array]]:
    """Who draws, and all that a visit leaves."""
    streams = Watched(1, 0, 0)
    seen = draw_circumstances(planet, config, streams)
    left = []
    for detector in DETECTORS:
        taken = expose_detector(detector, seen, config, streams)
        frames = taken.frames
        left += [taken.counts, frames.flat, frames.dark, frames.linear_corr, frames.read]
    return streams.asked, left


def seen_of(planet: SimulatedPlanet, config: SimulationConfig, seed: int = 1) -> Circumstances:
    return draw_circumstances(planet, config, Streams(seed, 0, 0))


def test_a_switch_draws_from_its_own_streams_alone_and_is_felt(
    make_config: Make, planet: SimulatedPlanet
) -> None:
    config = make_config(hours=0.5, cadence=46)
    asked, usual = watch(planet, config)
    assert not asked & OWN
    for name, own in SWITCHES.items():
        asked, left = watch(planet, switched(config, name))
        assert asked & OWN == own, name
        assert any(not np.array_equal(a, b) for a, b in zip(left, usual, strict=True)), name


def test_the_profile_switches_everything_on() -> None:
    off = compose(["sim=full"]).sim.foreign.telescope.model_dump()
    on = FOREIGN.model_dump()
    assert set(on) == set(SWITCHES)
    for name, value in on.items():
        assert value != off[name]
    assert compose(["sim=foreign"]).sim.cadence == 40


@pytest.mark.parametrize(
    "values",
    [
        {"airs_motion": {"shared": 1.1}},
        {"airs_motion": {"memory_h": 0.0}},
        {"odd_drift": {"cycling_h": (3.0, 1.0)}},
        {"odd_drift": {"settling_h": (0.0, 1.0)}},
        {"breathing": {"period_h": (0.0, 1.0)}},
        {"curvature_error": 0.3},
        {"flat_error": {"pixel": -0.1}},
    ],
)
def test_senseless_strengths_are_refused(make_config: Make, values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        switched(make_config(), **values)


def correlation(courses: Array, lag: int) -> float:
    return float((courses[:, lag:] * courses[:, :-lag]).mean())


def test_slow_courses_have_unit_rms_and_the_stated_memory() -> None:
    rng = np.random.default_rng(1)
    rough, calm = (draw(rng, 4000, 301, 1.5) for draw in (wandering, smooth))
    for courses in (rough, calm):
        for place in (0, 150, 300):  # steady from the begin
            assert courses[:, place].std() == pytest.approx(1, abs=0.04)
        assert abs(courses.mean()) < 0.03
    for hours in (0.5, 1.5):
        lag, fell = int(hours * STEPS_AN_HOUR), np.exp(-hours / 1.5)
        assert correlation(rough, lag) == pytest.approx(fell, abs=0.05)
        assert correlation(calm, lag) == pytest.approx((1 + hours / 1.5) * fell, abs=0.05)
    # The one has no slope, the other has one: between knots it hardly moves.
    assert np.diff(rough).std() == pytest.approx(np.sqrt(2 / STEPS_AN_HOUR / 1.5), rel=0.05)
    assert np.diff(calm).std() == pytest.approx(1 / STEPS_AN_HOUR / 1.5, rel=0.05)


@pytest.mark.parametrize("shared", [0.0, 0.6, 1.0])
def test_airs_follows_fgs1_by_the_share(
    make_config: Make, planet: SimulatedPlanet, shared: float
) -> None:
    config = switched(make_config(hours=7.5), airs_motion={"shared": shared})
    seen = seen_of(planet, config)
    common = airs_plate_scale(config.jitter) * seen.track[FGS1]
    for own, theirs in zip(seen.track[AIRS], common, strict=True):
        assert own.std() == pytest.approx(theirs.std(), rel=0.05)
        assert np.corrcoef(own, theirs)[0, 1] == pytest.approx(shared, abs=0.03)


def test_the_bench_bends_slowly_and_by_the_stated_amount(
    make_config: Make, planet: SimulatedPlanet
) -> None:
    still = make_config(hours=7.5, off=("jitter",))
    bent = switched(still, airs_motion={"own_px": 0.01, "memory_h": 0.5})
    tilted = switched(still, airs_motion={"slope_px": 0.02})
    tracks = [seen_of(planet, bent, seed).track for seed in range(30)]
    assert not tracks[0][FGS1].any()
    airs = np.concatenate([track[AIRS] for track in tracks])
    assert np.sqrt((airs**2).mean()) == pytest.approx(0.01, rel=0.1)
    an_hour = 9000  # samples
    assert np.diff(airs[:, ::150]).std() < 0.05 * airs.std()  # in a minute
    alike = (airs[:, an_hour:] * airs[:, :-an_hour]).mean() / (airs**2).mean()
    assert alike == pytest.approx(3 * np.exp(-2), abs=0.1)
    ends = [seen_of(planet, tilted, seed).track[AIRS][:, [0, -1]] for seed in range(60)]
    change = np.diff(np.array(ends), axis=2)
    assert np.sqrt((change**2).mean()) == pytest.approx(0.02, rel=0.2)
    middle = seen_of(planet, tilted).track[AIRS]
    np.testing.assert_allclose(np.diff(middle, 2), 0, atol=1e-9)


def test_the_truth_holds_the_motion_that_was(make_config: Make, planet: SimulatedPlanet) -> None:
    config = switched(make_config(hours=1.0, cadence=10), "airs_motion")
    streams = Streams(1, 0, 0)
    seen = draw_circumstances(planet, config, streams)
    clock = make_clock(AIRS, 1.0, 10)
    scene = build_scene(seen, AIRS, config, streams)
    truth = describe_detector(clock, scene, draw_sensor(AIRS, clock, config, streams))
    means = seen.track[AIRS][:, : clock.pairs * 120].reshape(2, clock.pairs, 120).mean(-1)
    np.testing.assert_allclose(truth["displacement_px"], means)


def test_red_noise_is_common_to_a_detector_and_to_no_other() -> None:
    noise = FOREIGN.red_noise
    drawn = [draw_red_noise(np.random.default_rng(n), noise, 901) for n in range(300)]
    for place, (detector, rms) in enumerate((("airs", 3e-5), ("fgs1", 5e-5))):
        terms = [both[place] for both in drawn]
        assert terms[0].name == f"{detector}_red_noise"
        own = AIRS_BINS if detector == "airs" else slice(0, 1)
        assert np.all(terms[0].loading[own] == rms)
        assert np.count_nonzero(terms[0].loading) == (282 if detector == "airs" else 1)
        courses = np.array([term.course for term in terms])
        assert courses.std() == pytest.approx(1, rel=0.1)
        assert correlation(courses, 180) == pytest.approx(np.exp(-1), abs=0.06)
    across = np.mean([airs.course * fgs1.course for airs, fgs1 in drawn])
    assert abs(across) < 0.1


def test_fgs1_drifts_by_itself_as_much_as_before(
    make_config: Make, planet: SimulatedPlanet
) -> None:
    time_h = np.linspace(0, 7.5, 200)
    config = make_config(hours=7.5)
    alike, spread = [], []
    for seed in range(150):
        alone = seen_of(planet, switched(config, fgs1_own_drift=1.0), seed)
        common = alone.drift.factor(time_h, 7.5, slice(0, 1))[0] - 1
        own = common + alone.response.added(time_h, EVERY)[0]
        assert not alone.response.added(time_h, AIRS_BINS).any()
        alike.append(np.corrcoef(common, own)[0, 1])
        spread.append(own.std() / common.std())
    assert abs(np.mean(alike)) < 0.2
    np.testing.assert_allclose(spread, 1, rtol=0.02)
    half = seen_of(planet, switched(config, fgs1_own_drift=0.5), 1)
    assert half.response.terms[0].name == "fgs1_own_drift"


def test_odd_drift_has_its_size_and_leaves_polynomials() -> None:
    knots, drift = knots_h(7.5), FOREIGN.odd_drift
    drawn = [draw_odd_drift(np.random.default_rng(n), drift, knots) for n in range(300)]
    for place, size in ((0, drift.settling), (1, drift.cycling)):
        fgs1 = np.array([both[place].loading[0] for both in drawn])
        assert np.sqrt((fgs1**2).mean()) == pytest.approx(size, rel=0.15)
        airs = np.array([np.median(both[place].loading[1:]) for both in drawn])
        assert np.sqrt((airs**2).mean()) == pytest.approx(size, rel=0.25)
    settling, cycling = drawn[0]
    assert settling.course[0] == 1
    assert 0.5 <= -knots[60] / np.log(settling.course[60]) <= 1.5
    assert np.abs(cycling.course).max() == pytest.approx(1, abs=1e-3)
    x = np.linspace(-1, 1, len(knots))
    left = cycling.course - np.polynomial.Legendre.fit(x, cycling.course, 4)(x)
    assert left.std() > 0.5 * cycling.course.std()
    flat = draw_odd_drift(np.random.default_rng(0), drift.model_copy(update={"bump": 0.0}), knots)
    assert np.ptp(flat[0].loading[1:]) == 0
    place = np.linspace(-1, 1, 282)
    odd = [
        np.std(g - np.polynomial.Legendre.fit(place, g, 2)(place)) / np.abs(np.median(g))
        for g in (both[0].loading[1:] for both in drawn)
    ]
    assert np.median(odd) > 0.1


def test_the_truth_gives_the_response_at_any_time(
    make_config: Make, planet: SimulatedPlanet
) -> None:
    config = switched(make_config(hours=7.5, cadence=40, only=("drift",)), *SWITCHES)
    plain = make_config(hours=7.5, cadence=40, only=("drift",))
    streams = Streams(1, 0, 0)
    seen, usual = (draw_circumstances(planet, c, streams) for c in (config, plain))
    truth = describe(seen)
    knots, courses, loadings = (
        np.asarray(truth[f"response_{name}"]) for name in ("time_h", "course", "loading")
    )
    for detector, bins in ((FGS1, slice(0, 1)), (AIRS, slice(100, 101))):
        lights = [build_scene(s, detector, config, streams) for s in (seen, usual)]
        time_h = make_clock(detector, 7.5, 40).mid_time_h
        added = sum(
            np.interp(time_h, knots, course) * loading[bins]
            for course, loading in zip(courses, loadings, strict=True)
        )
        row = 0 if detector == FGS1 else 320 - 99
        ratio = lights[0].light[row] / lights[1].light[row] - 1
        np.testing.assert_allclose(ratio, added, atol=1e-3 * np.abs(added).max())
        assert np.abs(added).max() > 2e-5
    assert np.asarray(describe(usual)["response_course"]).shape == (0, len(knots))


@pytest.mark.parametrize("detector", DETECTORS)
def test_images_breathe_each_by_itself(
    make_config: Make, planet: SimulatedPlanet, detector: Detector
) -> None:
    still = make_config(hours=7.5, off=("defocus",))
    amplitude = 0.004
    own = f"{detector.key}_px2"
    config = switched(still, breathing={own: amplitude})
    widths = [seen_of(planet, config, seed).width for seed in range(60)]
    other = next(d for d in DETECTORS if d != detector)
    assert not widths[0][other].any()
    # A trend's mean square is a third of its half range's, a sine's half of its amplitude's.
    rms = np.sqrt(np.mean([width[detector] ** 2 for width in widths]))
    assert rms == pytest.approx(amplitude * np.sqrt(1 / 3 + 1 / 2), rel=0.15)
    assert np.diff(widths[0][detector]).std() < 1e-3 * amplitude


def test_the_published_flat_errs_as_stated(make_config: Make) -> None:
    flat = FOREIGN.flat_error
    shape = (AIRS.height, AIRS.width)
    errors = np.array([draw_flat_error(np.random.default_rng(n), shape, flat) for n in range(40)])
    assert errors.std() == pytest.approx(np.hypot(0.003, 0.003), rel=0.1)
    steps = np.diff(errors, axis=2).std() / np.sqrt(2)
    assert steps == pytest.approx(0.003, rel=0.03)  # the smooth part hardly steps
    config = make_config(hours=0.5, cadence=46)
    streams, clock = Streams(1, 0, 0), make_clock(AIRS, 0.5, 46)
    right, wrong = (
        draw_sensor(AIRS, clock, c, streams) for c in (config, switched(config, "flat_error"))
    )
    np.testing.assert_array_equal(right.flat, right.frames.flat)
    np.testing.assert_array_equal(wrong.flat, right.flat)
    assert (wrong.frames.flat / wrong.flat - 1).std() == pytest.approx(0.0042, rel=0.3)


def test_a_pixel_more_curved_than_published_is_misread() -> None:
    """The straight line that stands for it, against its polynomials at other rates."""
    clock = make_clock(AIRS, 7.5, 1)
    one = compose().sim.detector.linearity
    published = draw_coefficients(np.random.default_rng(1), (1, 50), one)[:, 0]
    acting = true_linearity(published, 0.1)
    np.testing.assert_array_equal(acting[:2], published[:2])
    np.testing.assert_allclose(acting[2:], 1.1 * published[2:])
    rate = np.linspace(100, 12_000, 50)  # up to 55,000 electrons
    slope, offset = misread(rate, acting, published, clock)

    def sample(at: Array) -> Array:
        times = [clock.start_s, clock.start_s + clock.integration_s]
        read = measure(np.outer(at, times), acting)
        terms = [c[:, None] * read**power for power, c in enumerate(published)]
        return np.asarray(np.diff(sum(terms), axis=1)[:, 0])

    for share in (1.0, 0.97):
        line = slope * share * rate * clock.integration_s + offset
        np.testing.assert_allclose(line, sample(share * rate), rtol=2e-5)
    # Published +0.9 % at 30,000 electrons: a tenth of it is lost, of the slope three times as much.
    bright = int(np.argmin(np.abs(rate * clock.integration_s - 30_000)))
    lost = np.median(1 - (slope + offset / (rate * clock.integration_s))[bright - 3 : bright + 4])
    assert lost == pytest.approx(0.0009, abs=0.0004)
    same, nothing = misread(rate, published, published, clock)
    np.testing.assert_allclose(same, 1, atol=1e-12)
    np.testing.assert_allclose(nothing, 0, atol=1e-4)


def test_the_foreground_slopes_as_stated() -> None:
    slopes = []
    for seed in range(200):
        pattern = np.log(draw_gradient(np.random.default_rng(seed), (32, 356), 0.5))
        np.testing.assert_allclose(np.diff(pattern, 2, axis=0), 0, atol=1e-12)
        assert abs(pattern.mean()) < 1e-12
        slopes.append([pattern[-1, 0] - pattern[0, 0], pattern[0, -1] - pattern[0, 0]])
    np.testing.assert_allclose(np.std(slopes, axis=0), 0.5, rtol=0.15)


@pytest.mark.parametrize("name", ["flat_error", "curvature_error"])
def test_wrong_references_act_on_forms_as_on_frames(
    make_config: Make, planet: SimulatedPlanet, name: str
) -> None:
    """Calibrated by hand with what is published: both levels agree pixel by pixel."""
    quiet = make_config(hours=3.0, cadence=200, only=("flat", "nonlinearity", "dark", "drift"))
    config, streams = switched(quiet, name), Streams(1, 0, 0)
    clock = make_clock(AIRS, 3.0, 200)
    seen = draw_circumstances(planet, config, streams)
    sensor = draw_sensor(AIRS, clock, config, streams)
    scene = build_scene(seen, AIRS, config, streams)
    exposures = make_exposures(scene, sensor, clock, config.effects)
    pixels = np.argsort(exposures.image)[-200:]
    forms = csr_array((np.ones(200), (np.arange(200), pixels)), shape=(200, AIRS.pixels))

    rate = np.concatenate([scene.rate(row) for row in range(AIRS.height)])[pixels]
    charge = sensor.flat.ravel()[pixels, None] * rate + sensor.frames.dark.ravel()[pixels, None]
    acting, published = (
        c.reshape(6, -1)[:, pixels] for c in (sensor.linear, sensor.frames.linear_corr)
    )
    times = (clock.start_s, clock.start_s + clock.integration_s)
    reads = [measure(charge * time, acting) for time in times]
    start, end = (sum(c[:, None] * r**n for n, c in enumerate(published)) for r in reads)
    dark = sensor.frames.dark.ravel()[pixels, None] * clock.integration_s
    taken = (end - start - dark) / sensor.frames.flat.ravel()[pixels, None]
    means = exposures.means(forms)
    np.testing.assert_allclose(means, taken, rtol=2e-5)
    np.testing.assert_allclose(exposures.image[pixels], taken.mean(axis=1), rtol=2e-5)
    ideal = rate * clock.integration_s
    assert np.abs(taken / ideal - 1).mean() > 5e-4  # it does err
