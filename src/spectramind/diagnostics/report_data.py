"""What the report page shows, as plain arrays; nothing here knows where they came from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectramind.contracts.predictive import Predictive
from spectramind.contracts.retrieved import Retrieved
from spectramind.contracts.visit_images import PixelImages
from spectramind.diagnostics.run_history import RunHistory
from spectramind.errors import SchemaError
from spectramind.evaluation.coverage import ConformalKind
from spectramind.evaluation.repeatability import VisitDifference
from spectramind.instrument.detectors import Detector
from spectramind.instrument.grid import N_BINS
from spectramind.physics.line_list import Lines
from spectramind.symbolic.audit_findings import AuditFindings

Array = NDArray[np.floating]
# Why there are no repeat visits where no command of ours could bring them from this data.
NO_REPEATS = "no planet of data.raw was visited twice"
_FITTED = ("model_fgs1", "model_airs", "drift_fgs1", "drift_airs")


@dataclass(frozen=True)
class Contacts:
    """When a transit is where it is [h], on the light curve's clock.

    Attributes:
        middle: mid-transit.
        first, second: the ingress; third, last: the egress; NaN where the transit has none.
    """

    middle: float
    first: float
    second: float
    third: float
    last: float


@dataclass(frozen=True)
class LightCurve:
    """White light curves of one planet without their drift, 1 out of transit, all of shape (T,).

    Attributes:
        time_h: hours.
        fgs1, airs_white: relative flux.
        model_fgs1, model_airs: the fitted transit model on the same times, None without a fit.
        drift_fgs1, drift_airs: what the flux was divided by, of any level; None: not kept.
        contacts: when the transit begins and ends, None where no orbit tells.
    """

    time_h: Array
    fgs1: Array
    airs_white: Array
    model_fgs1: Array | None = None
    model_airs: Array | None = None
    drift_fgs1: Array | None = None
    drift_airs: Array | None = None
    contacts: Contacts | None = None

    def __post_init__(self) -> None:
        for name in ("fgs1", "airs_white", *_FITTED):
            _require(name, getattr(self, name), self.time_h.shape)

    def binned(self, points: int) -> "LightCurve":
        """Means over at most ``points`` runs of samples of equal length (the last may be shorter).

        NaN samples are left out of a run's mean; a run of nothing else is NaN.
        """
        step = -(-len(self.time_h) // points)
        edges = np.arange(0, len(self.time_h), step)

        def mean(values: Array) -> Array:
            good = np.isfinite(values)
            total = np.add.reduceat(np.where(good, values, 0.0), edges)
            count = np.add.reduceat(good.astype(np.int64), edges)
            return np.where(count > 0, total / np.maximum(count, 1), np.nan)

        fitted = {name: getattr(self, name) for name in _FITTED}
        return LightCurve(
            mean(self.time_h),
            mean(self.fgs1),
            mean(self.airs_white),
            contacts=self.contacts,
            **{name: mean(values) for name, values in fitted.items() if values is not None},
        )


@dataclass(frozen=True)
class DoubtedVisit:
    """A visit whose fit is doubted.

    Attributes:
        planet_id: whose; visit: its name.
        reason: why, in words.
        alone: whether its planet has no visit that is trusted.
    """

    planet_id: str
    visit: str
    reason: str
    alone: bool


@dataclass(frozen=True)
class QuantileRow:
    """Quantiles of one alpha and one group of planets.

    Attributes:
        alpha: intervals miss with at most this probability.
        group: which planets get them.
        q: (283,), infinite where too few planets calibrate.
        n: planets that gave the scores. taught_by: which these are.
    """

    alpha: float
    group: str
    q: Array
    n: int
    taught_by: str


@dataclass(frozen=True)
class CorelTable:
    """The conformal step: per-bin quantile of \\|z\\| and factor on sigma, both (283,).

    Attributes:
        q: half width of the interval in units of sigma; infinite where too few planets calibrate.
        factor: what the smoothing multiplies sigma by.
        alpha: the interval misses with at most this probability.
        n: calibration planets.
        kind: whose scores they were.
        rows: every level and group, as in ``q_i.csv``; ``q`` is one of them.
    """

    q: Array
    factor: Array
    alpha: float
    n: int
    kind: ConformalKind = "split"
    rows: tuple[QuantileRow, ...] = ()

    def __post_init__(self) -> None:
        _require("corel.q", self.q, (N_BINS,))
        _require("corel.factor", self.factor, (N_BINS,))


@dataclass(frozen=True)
class PlanetTraits:
    """What may decide how well a planet is known, (n,) each; NaN where it is not known.

    Attributes:
        flux: of FGS1 [e an exposure].
        star_k: effective temperature of the star table.
        impact: impact parameter that the fit found [stellar radii].
        doubt: why no visit's fit is trusted; empty: one is.
    """

    flux: Array
    star_k: Array
    impact: Array
    doubt: tuple[str, ...]


@dataclass(frozen=True)
class RepeatVisits:
    """Two visits of one planet side by side.

    Attributes:
        planet_id: whose. visits: their names.
        split: where it is from; no truth is needed.
        doubt: why the fit of one of them is doubted, or empty.
        found: the difference.
    """

    planet_id: str
    visits: tuple[str, str]
    split: str
    doubt: str
    found: VisitDifference


@dataclass(frozen=True)
class CalibrationLog:
    """What calibration left of a visit.

    Attributes:
        visit: its name.
        records: the kill chain's records, one a step and detector; empty where none ran.
        problem: why there are none, or empty.
        failed: the visit could not be calibrated.
        simulated: its light curves were simulated, there were no frames to calibrate.
        planet_id: whose visit it is.
        images: mean image and mask by detector; None where there are none, and ``no_images`` why.
    """

    visit: str
    records: Sequence[Mapping[str, Any]] = ()
    problem: str = ""
    failed: bool = False
    simulated: bool = False
    planet_id: str = ""
    images: Mapping[Detector, PixelImages] | None = None
    no_images: str = ""


@dataclass(frozen=True)
class ReportData:
    """Everything in the page; what is None or empty is left out of it, and said to be.

    Spectra are depths (Rp/Rs)^2; arrays over planets are (n, 283), bins as in ``instrument.grid``.

    Attributes:
        title: heading.
        provenance: run id, git SHA, config hash, date ... as they shall be shown.
        wavelength_um: (283,).
        planet_ids: n names.
        mu, sigma: predicted depth and its standard deviation.
        truth: true depth; a row of NaN where it is not known.
        naive: the metric's m0 and s0 of the train labels.
        half_width: of the conformal interval, infinite where there is none.
        coverage_level: probability promised for that interval.
        light_curves: by planet id, for some of the planets.
        history: one mapping an epoch: ``epoch`` and any ``*_loss`` and ``*_score``.
        baseline: values of the physics estimate for the same keys.
        chosen_epoch: the epoch whose weights were kept.
        summaries: one mapping an estimator, the model first: ``name``, ``score``, ``low``, ``high``
            and what else the scores panel's table lists.
        corel: the conformal step.
        traits: what the planets are like.
        repeats: planets that were visited twice, of any split.
        doubted: visits of these planets whose fit is doubted; None: no fit is there.
        estimates: by estimator, its prediction of these planets, the submitted one among them.
        events: run record, one mapping a command.
        calibration: one log a visit.
        runs: earlier reports, sweeps, ablation, crossing folds.
        rules: what the symbolic rules say of the planets.
        retrieved: posteriors over atmospheres, by planet id.
        recovery: how well ``retrieve --all`` found true atmospheres again.
        lines: of the user's line list, by gas.
        stored: what computations of ``diagnose TOPIC`` found, by topic.
        problems: by the name of another field (``stored.TOPIC`` for one of those), why it is empty
            where it could have been filled, or what of it is missing.

    Raises:
        SchemaError: a shape disagrees, mu or sigma is not finite, or sigma is not positive.
    """

    title: str
    provenance: Mapping[str, str]
    wavelength_um: Array
    planet_ids: tuple[str, ...]
    mu: Array
    sigma: Array
    truth: Array | None = None
    naive: tuple[float, float] | None = None
    half_width: Array | None = None
    coverage_level: float | None = None
    light_curves: Mapping[str, LightCurve] = field(default_factory=dict)
    history: Sequence[Mapping[str, Any]] | None = None
    baseline: Mapping[str, float] = field(default_factory=dict)
    chosen_epoch: int | None = None
    summaries: Sequence[Mapping[str, Any]] | None = None
    corel: CorelTable | None = None
    traits: PlanetTraits | None = None
    repeats: Sequence[RepeatVisits] = ()
    doubted: Sequence[DoubtedVisit] | None = None
    estimates: Mapping[str, Predictive] = field(default_factory=dict)
    events: Sequence[Mapping[str, Any]] = ()
    calibration: Sequence[CalibrationLog] = ()
    runs: RunHistory = field(default_factory=RunHistory)
    rules: AuditFindings | None = None
    retrieved: Mapping[str, Retrieved] = field(default_factory=dict)
    recovery: Mapping[str, Any] | None = None
    lines: Mapping[str, Lines] = field(default_factory=dict)
    stored: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _require("wavelength_um", self.wavelength_um, (N_BINS,))
        for name in ("mu", "sigma", "truth", "half_width"):
            _require(name, getattr(self, name), (len(self.planet_ids), N_BINS))
        if self.traits is not None:
            for name in ("flux", "star_k", "impact"):
                _require(f"traits.{name}", getattr(self.traits, name), (len(self.planet_ids),))
        if not np.isfinite(self.mu).all():
            raise SchemaError("report data: mu holds NaN or infinity; run predict again")
        if not (np.isfinite(self.sigma) & (self.sigma > 0)).all():
            raise SchemaError("report data: sigma must be finite and above 0; run predict again")

    @property
    def labelled(self) -> NDArray[np.intp]:
        """Rows of the planets whose truth is known in every bin."""
        if self.truth is None:
            return np.array([], dtype=np.intp)
        return np.flatnonzero(np.isfinite(self.truth).all(axis=1))


def _require(name: str, values: Array | None, shape: tuple[int, ...]) -> None:
    if values is not None and values.shape != shape:
        raise SchemaError(f"report data: {name} has shape {values.shape}, expected {shape}")
