"""A window of a visit's white light curve, never more points than a screen has.

The light curve is the calibrated one, at the cadence that ``calibrate`` kept, divided by the drift
that the fit found on its own, slower clock; drift and transit are straight lines between the fit's
samples. The level is the fit's: the median of flux over drift and transit is 1.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.config.root import Config
from spectramind.contracts.depths import Depths, load_depths
from spectramind.contracts.series import Series, read_series
from spectramind.contracts.work_folder import WorkFolder
from spectramind.diagnostics.panel import plain
from spectramind.features.contract_curves import METHODS
from spectramind.instrument.detectors import DETECTORS, FGS1, Detector
from spectramind.instrument.grid import N_BINS
from spectramind.server.answers import LightCurveWindow
from spectramind.server.cached import Cache, stamps
from spectramind.server.folder_views import settings_of
from spectramind.server.mission_control import MissionControl
from spectramind.server.planet_views import no_planet
from spectramind.server.refusals import NotThereError, NotUnderstoodError
from spectramind.server.served_folder import ServedFolder

PPM = 1e6
_CURVES = {detector.key: detector for detector in DETECTORS}
_COUNT = {FGS1.key: len(METHODS)}  # light curves of a detector; of AIRS one a bin
Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class WhiteCurve:
    """A visit's white light curve of one detector.

    Attributes:
        time_h, flux: (T,), without drift, 1 out of transit. model: (T,), None without a fit.
        finest: what the samples are, in words.
    """

    time_h: Array
    flux: Array
    model: Array | None
    finest: str


@dataclass(frozen=True)
class Asked:
    """What is asked for: a visit (empty: the first), a detector's key, a window [h], points."""

    visit: str
    detector: str
    start_h: float | None
    end_h: float | None
    points: int


_kept: Cache[tuple[str, str], WhiteCurve] = Cache(8)


def light_curve_window(
    control: MissionControl, folder: ServedFolder, planet_id: str, asked: Asked
) -> LightCurveWindow:
    """The window.

    Raises:
        NotThereError: no such planet or visit, or nothing was calibrated or fitted of it.
        NotUnderstoodError: the window ends before it begins.
        SchemaError: a file is broken.
    """
    config, _ = settings_of(control, folder)
    book = control.planets.of(folder, config)
    if planet_id not in book.rows:
        raise no_planet(folder, planet_id)
    names = [visit.name for visit in book.visits.get(planet_id, ())]
    if not names or (asked.visit and asked.visit not in names):
        there = ", ".join(names) or "none in data.raw"
        raise NotThereError(f"planet {planet_id} has no visit {asked.visit!r}: there are {there}")
    visit = asked.visit or names[0]
    detector = _CURVES[asked.detector]
    work = WorkFolder(config.paths)
    files = work.features.depths(visit), work.calibrated.series(detector, visit)
    key = str(files[0]), str(files[1])
    curve = _kept.get(key, stamps(*files), lambda: white_curve(config, visit, detector))
    return window(curve, visit, asked)


def window(curve: WhiteCurve, visit: str, asked: Asked) -> LightCurveWindow:
    """Means, and extremes, of as many neighbouring samples as the points ask for.

    Raises:
        NotUnderstoodError: the window ends before it begins.
    """
    first_h, last_h = float(curve.time_h[0]), float(curve.time_h[-1])
    start_h = first_h if asked.start_h is None else asked.start_h
    end_h = last_h if asked.end_h is None else asked.end_h
    if start_h > end_h:
        raise NotUnderstoodError(f"start_h={start_h:g} lies after end_h={end_h:g}: exchange them")
    left, right = np.searchsorted(curve.time_h, (start_h, end_h))
    right = int(np.searchsorted(curve.time_h, end_h, side="right"))
    here = slice(int(left), right)
    count = right - int(left)
    each = max(-(-count // asked.points), 1)
    edges = np.arange(0, count, each)
    flux = curve.flux[here]
    model = None if curve.model is None else _means(curve.model[here], edges)
    mean = _means(flux, edges)
    return LightCurveWindow(
        visit=visit,
        detector="fgs1" if asked.detector == FGS1.key else "airs",
        start_h=start_h,
        end_h=end_h,
        first_h=first_h,
        last_h=last_h,
        samples=count,
        each=each,
        time_h=_rounded(_means(curve.time_h[here], edges), 6),
        flux=_rounded(mean, 7),
        low=_rounded(_reduced(np.fmin, flux, edges), 7),
        high=_rounded(_reduced(np.fmax, flux, edges), 7),
        model=None if model is None else _rounded(model, 7),
        residual_ppm=None if model is None else _rounded((mean - model) * PPM, 1),
        finest=curve.finest,
    )


def _reduced(function: np.ufunc, values: Array, edges: NDArray[np.intp]) -> Array:
    return np.asarray(function.reduceat(values, edges)) if len(edges) else np.zeros(0)


def _means(values: Array, edges: NDArray[np.intp]) -> Array:
    """Means of runs of samples; one that is no number is left out of its run's mean."""
    good = np.isfinite(values)
    total = _reduced(np.add, np.where(good, values, 0.0), edges)
    count = _reduced(np.add, good.astype(np.float64), edges)
    return np.where(count > 0, total / np.maximum(count, 1.0), np.nan)


def _rounded(values: Array, digits: int) -> list[float | None]:
    return plain(np.round(values, digits))


def white_curve(config: Config, visit: str, detector: Detector) -> WhiteCurve:
    """A visit's light curve as fine as it was kept.

    Raises:
        NotThereError: neither light curve nor fit is there.
        SchemaError: a file is broken.
    """
    work = WorkFolder(config.paths)
    calibrated, fitted = work.calibrated.series(detector, visit), work.features.depths(visit)
    depths = load_depths(fitted) if fitted.is_file() else None
    if depths is not None and not depths.measured:
        depths = None
    band = list(DETECTORS).index(detector)
    if calibrated.is_file():
        series = read_series(calibrated, _COUNT.get(detector.key, N_BINS - 1))
        return _of_series(config, series, detector, depths, band)
    if depths is None:
        raise NotThereError(
            f"visit {visit} has no light curve of {detector.kaggle}: run `spectramind calibrate`, "
            "then `spectramind features`"
        )
    step = _step(depths.time_h)
    told = f"samples of the fit, {step}: the calibrated light curve is not there"
    return WhiteCurve(depths.time_h, depths.white[:, band], depths.model[:, band], told)


def _of_series(
    config: Config, series: Series, detector: Detector, depths: Depths | None, band: int
) -> WhiteCurve:
    light = series.flux.sum(axis=1, dtype=np.float64)
    if detector == FGS1:
        light = series.flux[:, METHODS.index(config.features.photometry)].astype(np.float64)
    told = f"calibrated samples, {_step(series.time_h)}"
    if config.calib.cadence_min:
        told += f" (calib.cadence_min={config.calib.cadence_min:g}; 0 keeps every exposure)"
    if config.calib.keep_cubes == "none":
        told += "; frames were not kept (calib.keep_cubes)"
    if depths is None:
        return WhiteCurve(
            series.time_h, light / np.median(light), None, f"{told}; no transit was fitted"
        )

    def between(values: Array) -> Array:
        return np.interp(series.time_h, depths.time_h, values)

    model = between(depths.model[:, band])
    drift: Array | float = 1.0
    if depths.drift is None:
        told += "; with its drift, which an earlier version of features did not keep"
    else:
        drift = between(depths.drift[:, band])
    level = np.median(light / (drift * model))
    return WhiteCurve(series.time_h, light / (drift * level), model, told)


def _step(time_h: Array) -> str:
    if len(time_h) < 2:
        return "one alone"
    return f"{np.median(np.diff(time_h)) * 3600:.3g} s each"
