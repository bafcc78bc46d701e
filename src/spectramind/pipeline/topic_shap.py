"""diagnose shap: what moves the submitted mu and sigma, and what a network kept looks at."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from spectramind.config.diag import ShapConfig
from spectramind.config.root import Config
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tree import KaggleTree
from spectramind.diagnostics.panel import Values, plain
from spectramind.diagnostics.rule_overlay import overlay
from spectramind.diagnostics.shapley import (
    ShapleyShares,
    permutations_of,
    shapley_shares,
)
from spectramind.errors import SchemaError
from spectramind.estimators.artifact import Artifact
from spectramind.estimators.masked_inputs import (
    ExchangeGame,
    PlanetInputs,
    SubmittedAnswer,
    inputs_of_set,
)
from spectramind.estimators.network_estimate import NetworkEstimate
from spectramind.instrument.grid import AIRS_BINS, N_BINS
from spectramind.pipeline.fit_calibrators import load_calibrators, members
from spectramind.pipeline.network_explained import explain_network
from spectramind.pipeline.planet_circumstances import load_circumstances
from spectramind.pipeline.planets import load_planets
from spectramind.pipeline.prepare import workers_of
from spectramind.run.environment import file_digest
from spectramind.run.npz import read_npz
from spectramind.run.pool import run_all
from spectramind.run.record import RunRecord
from spectramind.submission.applied import Applied
from spectramind.symbolic.auditor import titles
from spectramind.symbolic.regions import named_regions
from spectramind.symbolic.rule import known_rules
from spectramind.symbolic.violation_log import ViolationLog
from spectramind.uncertainty.calibrators import Calibrators

Array = NDArray[np.float64]
_PPM, _DIGITS = 1e6, 3
_AGREES = 0.01  # submitted sigmas: single precision, and a GPU, round otherwise
NO_NETWORK = (
    "the checkpoint holds physics alone: no network was kept, because none beat the physics "
    "estimate on held-out planets"
)


@dataclass(frozen=True, eq=False)
class SigmaAsSubmitted:
    """Sigma as the estimator believes it, (n, 283) -> as submitted.

    Attributes:
        calibrators: temperature and COREL's factors. factor: the set's own, 1 without.
    """

    calibrators: Calibrators
    factor: float

    def __call__(self, sigma: Array) -> Array:
        temperature, corel = self.calibrators.temperature, self.calibrators.corel
        sigma = sigma if temperature is None else temperature.apply(sigma)
        return self.factor * (sigma if corel is None else corel.sigma(sigma))


@dataclass(frozen=True, eq=False)
class _Task:
    """One planet, the planets it exchanges inputs with, and its permutations' seed."""

    row: int
    own: PlanetInputs
    others: tuple[PlanetInputs, ...]
    seed: int


def explain_submitted(config: Config, record: RunRecord) -> Values:
    """Shapley values of the submitted mu and sigma of a sample of the test planets.

    With less than ``env.budget.reserve_min`` left it is a tenth of the sample, and said.

    Raises:
        SchemaError: predict has not run, or the checkpoint and its calibrators do not give what was
            submitted.
        ConfigError: a package is missing, or ``diag.shap.evaluations`` is too small.
    """
    settings, folder = config.diag.shap, WorkFolder(config.paths)
    submitted = Predictive.load(folder.prediction(SUBMITTED))
    artifact = Artifact.load(config.paths.checkpoint)
    answer = _submitted_answer(config, artifact)
    ids = submitted.planet_ids
    planets = load_planets(config, KaggleTree(config.data.raw), "test", ids)
    inputs = inputs_of_set(planets, artifact.prior, artifact.sequence_length)
    if (reason := record.spare("nine tenths of diag.shap.planets")) is not None:
        settings = settings.model_copy(update={"planets": max(settings.planets // 10, 1)})
        record.warn(f"{reason}: {settings.planets} planets are explained")
    rows = _sample(len(ids), settings)
    off = _check(answer, [inputs[row] for row in rows], submitted.select([ids[r] for r in rows]))
    doubted = load_circumstances(config, "test", ids).doubted
    tasks = _tasks(inputs, rows, doubted, settings)
    count = len(answer.groups)
    explain = partial(_shares, answer, settings.evaluations)
    found = dict(run_all(explain, tasks, workers_of(config), "shap"))
    shares = [found[row] for row in rows]
    values = {
        "of": len(ids),
        "groups": list(answer.groups),
        "outputs": [*named_regions(), "AIRS"],
        "permutations": permutations_of(count, settings.evaluations),
        "background": len(tasks[0].others),
        "off_sigma": off,
        **_told(shares, [ids[row] for row in rows]),
        **_overlay(config, shares, rows, ids),
    }
    network = None
    if answer.network is not None:
        some = rows[:: -(-len(rows) // settings.network_planets)]
        network = explain_network(config, artifact, planets, some)
    return values | {"network": network, "no_network": "" if network else NO_NETWORK}


def _submitted_answer(config: Config, artifact: Artifact) -> SubmittedAnswer:
    """The function from inputs to what is submitted, on the CPU."""
    folder = WorkFolder(config.paths)
    factor = Applied.of(config.paths.submission, folder.applied).instance
    sigma = SigmaAsSubmitted(load_calibrators(config, SUBMITTED), factor or 1.0)
    members(config, artifact)  # refuses settings that the checkpoint does not fit
    network = artifact.members(torch.device("cpu"), config.train.batch_size)[SUBMITTED]
    kept = isinstance(network, NetworkEstimate) and not artifact.physics_alone
    return SubmittedAnswer(
        artifact.prior,
        network if kept and isinstance(network, NetworkEstimate) else None,
        artifact.model.head_sigma.sigma_min,
        sigma,
    )


def _sample(count: int, settings: ShapConfig) -> list[int]:
    """Rows to explain: all, or so many drawn."""
    rng = np.random.default_rng(settings.seed)
    drawn = rng.permutation(count)[: settings.planets]
    return sorted(drawn.tolist())


def _check(answer: SubmittedAnswer, inputs: Sequence[PlanetInputs], submitted: Predictive) -> float:
    """How far the function is from what was submitted [submitted sigmas].

    Raises:
        SchemaError: too far to be the same.
    """
    mu, sigma = answer(inputs)
    said = submitted.spectra
    off = float(
        max(np.abs(one).max() for one in ((mu - said.mu), (sigma - said.sigma)) / said.sigma)
    )
    if off > _AGREES:
        raise SchemaError(
            f"checkpoint, calibrators and features give another answer than was submitted (up to "
            f"{off:.2g} sigma apart, {_AGREES:g} allowed): run `spectramind predict` again"
        )
    return off


def _tasks(
    inputs: Sequence[PlanetInputs],
    rows: Sequence[int],
    doubted: NDArray[np.bool_],
    settings: ShapConfig,
) -> list[_Task]:
    """Every planet with planets drawn from the trusted ones, where there are any others."""
    trusted = np.flatnonzero(~doubted)
    tasks = []
    for row in rows:
        rng = np.random.default_rng([settings.seed, row])
        pool = trusted[trusted != row] if (trusted != row).any() else np.arange(len(inputs))
        drawn = rng.permutation(pool)[: settings.background]
        others = tuple(inputs[int(other)] for other in drawn)
        tasks.append(_Task(row, inputs[row], others, int(rng.integers(2**31))))
    return tasks


def _shares(answer: SubmittedAnswer, evaluations: int, task: _Task) -> tuple[int, ShapleyShares]:
    """A planet's row and its shares."""
    game = ExchangeGame(answer, task.own, task.others)
    return task.row, shapley_shares(game, len(answer.groups), evaluations, task.seed)


def _told(shares: Sequence[ShapleyShares], ids: Sequence[str]) -> Values:
    """By planet, group and output [ppm]; what does not add up."""
    phi = _PPM * np.stack([one.shares for one in shares])
    base = _PPM * np.stack([one.base for one in shares])
    halves = {"mu": slice(0, N_BINS), "sigma": slice(N_BINS, 2 * N_BINS)}
    means = _means()
    return {
        "planets": list(ids),
        "phi": {k: plain((phi[..., half] @ means).round(_DIGITS)) for k, half in halves.items()},
        "base": {k: plain((base[:, half] @ means).round(_DIGITS)) for k, half in halves.items()},
        "residual_ppm": _PPM * max(float(np.abs(one.residual).max()) for one in shares),
    }


def _means() -> Array:
    """(283, R): the mean over each region, and over AIRS."""
    regions = [*named_regions().values(), np.arange(N_BINS)[AIRS_BINS]]
    means = np.zeros((N_BINS, len(regions)))
    for column, bins in enumerate(regions):
        means[bins, column] = 1 / len(bins)
    return means


def _overlay(
    config: Config, shares: Sequence[ShapleyShares], rows: Sequence[int], ids: Sequence[str]
) -> Values:
    """What the rules would have moved beside it; None, and why, where audit has not run on it."""
    folder = WorkFolder(config.paths)
    log, maps = folder.audit.violations, folder.audit.influence
    if not (log.is_file() and maps.is_file()):
        return {"overlay": None, "no_overlay": "spectramind audit has not run before diagnose shap"}
    try:
        judged = ViolationLog.model_validate_json(log.read_text(encoding="utf-8"))
    except ValueError as error:
        return {"overlay": None, "no_overlay": f"{log} is not what audit writes: {error}"}
    names = list(known_rules())
    held = read_npz(maps, "planet_id", made_by="audit", optional=names)
    if judged.prediction != file_digest(folder.prediction(SUBMITTED)) or [
        str(name) for name in held["planet_id"]
    ] != list(ids):
        return {"overlay": None, "no_overlay": "spectramind audit judged another prediction"}
    moved = np.stack([one.shares[1:, :N_BINS].sum(axis=0) for one in shares])
    influence = {n: np.asarray(held[n], dtype=np.float64)[list(rows)] for n in names if n in held}
    return {"overlay": overlay(moved, influence, titles(), config.diag.shap.seed), "no_overlay": ""}
