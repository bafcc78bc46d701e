"""Phases without labels: what they hide, what they learn, resumable to the bit, handed on."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from spectramind.config.compose import compose
from spectramind.config.root import Config
from spectramind.contracts.planet import LabelledPlanets
from spectramind.errors import ConfigError, SchemaError
from spectramind.models.assembly import build_network
from spectramind.models.inputs import batch_inputs, node_features
from spectramind.models.network import Inputs
from spectramind.models.state_file import save_state
from spectramind.prior.spectral_prior import SpectralPrior
from spectramind.run.seeds import seed_everything
from spectramind.training.engine.trainer import Trainer
from spectramind.training.phases.contrastive import Contrastive, info_nce
from spectramind.training.phases.masked_reconstruction import (
    DEPTHS,
    LOG_SIGMAS,
    MaskedReconstruction,
)
from spectramind.training.phases.pretraining import (
    UnlabelledVisits,
    batch_sizes,
    encoder_weights,
    load_encoders,
)
from spectramind.training.pretrained import Pretrained

CPU = torch.device("cpu")
PHASES = {"mae": MaskedReconstruction, "contrastive": Contrastive}
SMALL = [
    "train.batch_size=4",
    "train.sequence_length=33",  # not a multiple of the stride
    "train.epochs=4",
    "train.warmup_steps=2",
    "train.lr=0.005",
]


@pytest.fixture
def small(small_network: tuple[str, ...]) -> Config:
    return compose([*SMALL, *small_network])


def inputs_of(fold: LabelledPlanets, prior: SpectralPrior, length: int = 33) -> Inputs:
    """Light curves with a transit in the middle and residuals that wave, a phase a planet."""
    time = np.linspace(-1, 1, 66)
    model = np.where(np.abs(time) < 0.4, 0.99, 1.0)[:, None].repeat(2, 1)
    planets = []
    for number, planet in enumerate(fold.planets):
        wave = np.sin(6 * time + number)[:, None] * [1.0, -1.0]
        planets.append(replace(planet, white=model + 1e-4 * wave, model=model, jitter=wave))
    posteriors = [prior.posterior(planet.measurements) for planet in planets]
    return batch_inputs(planets, posteriors, length)


@pytest.fixture
def visits(
    folds: tuple[LabelledPlanets, LabelledPlanets], prior: SpectralPrior
) -> UnlabelledVisits:
    return UnlabelledVisits(*(inputs_of(fold, prior) for fold in folds))


def trainer(name: str, config: Config, visits: UnlabelledVisits) -> Trainer[Any, Any]:
    rng = seed_everything(5)
    network = build_network(config.model, None)
    return Trainer(PHASES[name](network, visits, config.train, CPU), config.train, CPU, rng)


@pytest.mark.parametrize("name", PHASES)
def test_it_learns_something_that_holds_for_other_visits(
    name: str, small: Config, visits: UnlabelledVisits, tmp_path: Path
) -> None:
    train = small.train.model_copy(update={"epochs": 12})
    one = trainer(name, small.model_copy(update={"train": train}), visits)
    one.run(tmp_path / "last.pt", "s")
    losses = [row["val_loss"] for row in one.history]
    assert min(losses) < 0.85 * losses[0]


@pytest.mark.parametrize("name", PHASES)
def test_killed_it_ends_like_one_that_was_not(
    name: str, small: Config, visits: UnlabelledVisits, tmp_path: Path
) -> None:
    """Killed in the third epoch: the same history and weights, to the bit."""
    whole = trainer(name, small, visits)
    whole.run(tmp_path / "whole.pt", "s")
    cut = trainer(name, small, visits)
    judge, calls = cut.phase.judge, iter(range(100))

    def killed(batch: Any, answer: Any) -> Any:
        if next(calls) == 2 * cut.phase.batch_count() + 1:
            raise KeyboardInterrupt
        return judge(batch, answer)

    cut.phase.judge = killed
    with pytest.raises(KeyboardInterrupt):
        cut.run(tmp_path / "cut.pt", "s")
    again = trainer(name, small, visits)
    torch.manual_seed(99)
    again.rng.random(7)
    again.run(tmp_path / "cut.pt", "s")
    assert again.history == whole.history
    assert len(whole.history) == 5
    for mine, other in zip(
        again.phase.network.parameters(), whole.phase.network.parameters(), strict=True
    ):
        assert torch.equal(mine, other)


@pytest.mark.parametrize("name", PHASES)
def test_parts_of_a_batch_are_its_rows(name: str, small: Config, visits: UnlabelledVisits) -> None:
    phase = trainer(name, small, visits).phase
    phase.network.eval()
    batch = next(iter(phase.batches(np.random.default_rng(1))))
    whole, half = phase.answer(batch), phase.answer(phase.part(batch, slice(0, 2)))
    assert phase.rows(batch) == 4
    whole, half = (a if isinstance(a, torch.Tensor) else a.nodes for a in (whole, half))
    torch.testing.assert_close(whole[:2], half)


def masked(config: Config, visits: UnlabelledVisits) -> MaskedReconstruction:
    torch.manual_seed(1)
    return MaskedReconstruction(build_network(config.model, None), visits, config.train, CPU)


@pytest.mark.parametrize("log_sigma", [False, True])
def test_what_is_hidden_cannot_be_seen_and_the_rest_can(
    small: Config, visits: UnlabelledVisits, log_sigma: bool
) -> None:
    mae = small.train.mae.model_copy(update={"log_sigma": log_sigma})
    small = small.model_copy(update={"train": small.train.model_copy(update={"mae": mae})})
    phase = masked(small, visits)
    phase.network.eval()
    batch = phase.stop[0]
    expected = phase.answer(batch)
    columns = list(DEPTHS + LOG_SIGMAS if log_sigma else DEPTHS)

    def changed(bins: torch.Tensor, tokens: torch.Tensor) -> Any:
        nodes, series = batch.inputs.nodes.clone(), batch.inputs.fgs1.clone()
        for column in columns:
            nodes[..., column][bins] += 3.0
        steps = tokens.repeat_interleave(2, 1)[:, : series.shape[1]]
        series[..., 2:][steps] += 3.0
        return phase.answer(replace(batch, inputs=replace(batch.inputs, nodes=nodes, fgs1=series)))

    hidden = changed(batch.bins, batch.tokens)
    torch.testing.assert_close(hidden.nodes, expected.nodes)
    torch.testing.assert_close(hidden.steps, expected.steps)
    seen = changed(~batch.bins, ~batch.tokens)
    assert (seen.nodes - expected.nodes).abs().max() > 1e-3
    assert (seen.steps - expected.steps).abs().max() > 1e-3
    assert expected.nodes.shape[-1] == len(columns)


def test_one_token_cannot_be_hidden_and_seen(small: Config, visits: UnlabelledVisits) -> None:
    sizes = small.model.fgs1_mamba.model_copy(update={"stride": 33})
    model = small.model.model_copy(update={"fgs1_mamba": sizes})
    with pytest.raises(ConfigError, match="stride=33 leaves one: at most half"):
        masked(small.model_copy(update={"model": model}), visits)


def test_only_what_was_hidden_is_judged(small: Config, visits: UnlabelledVisits) -> None:
    phase = masked(small, visits)
    phase.network.eval()
    batch = phase.stop[0]
    answer = phase.answer(batch)
    wrong = torch.where(batch.bins.unsqueeze(-1), answer.nodes, 1e6)
    far = torch.where(batch.tokens[..., None, None], answer.steps, 1e6)
    judged = phase.judge(batch, replace(answer, nodes=wrong, steps=far))
    assert judged.total == phase.judge(batch, answer).total
    off = replace(answer, nodes=answer.nodes + 1.0)
    assert phase.judge(batch, off).parts["bins_loss"] != judged.parts["bins_loss"]
    # By hand: of the first visit, the mean over its hidden bins and both columns.
    truth = batch.inputs.nodes[0, batch.bins[0]][:, list(DEPTHS)]
    by_hand = (answer.nodes[0, batch.bins[0]] - truth).square().mean()
    one = phase.part(batch, slice(0, 1))
    first = phase.judge(one, phase.answer(one))
    assert first.parts["bins_loss"] == pytest.approx(float(by_hand.detach()), rel=1e-4)


def test_the_columns_are_those_of_the_inputs(
    folds: tuple[LabelledPlanets, LabelledPlanets], prior: SpectralPrior
) -> None:
    """Columns 0 and 1 follow the depths, 2 and 3 the sigmas."""
    one = prior.posterior(folds[0].planets[0].measurements)
    before = node_features(one)
    bumped = one.mean.copy()
    bumped[5] += 3e-4
    assert set(np.flatnonzero(node_features(replace(one, mean=bumped))[5] != before[5])) >= {0, 1}
    wide = replace(one, sigma=2 * one.sigma, depth_sigma=2 * one.depth_sigma)
    assert set(np.flatnonzero(node_features(wide)[5] != before[5])) == {1, *LOG_SIGMAS}


def test_info_nce_by_hand() -> None:
    """Two visits: partners against the other's partner and both segments out of transit."""
    segments = F.normalize(torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(3)), dim=-1)
    a, b, o = segments.unbind(1)
    expected = []
    for i in (0, 1):
        one = [float(a[i] @ other) / 0.5 for other in (b[0], b[1], o[0], o[1])]
        two = [float(b[i] @ other) / 0.5 for other in (a[0], a[1], o[0], o[1])]
        sides = [np.log(np.exp(row).sum()) - row[i] for row in (one, two)]
        expected.append(np.mean(sides))
    each, _ = info_nce(segments, 0.5)
    np.testing.assert_allclose(each.numpy(), expected, rtol=1e-5)
    perfect = torch.eye(4)[[0, 0, 3, 1, 1, 3]].view(2, 3, 4)
    each, nearest = info_nce(perfect, 0.01)
    assert nearest.all()
    assert each.max() < 1e-6


def test_halves_share_no_token_and_lie_in_transit(small: Config, visits: UnlabelledVisits) -> None:
    phase = trainer("contrastive", small, visits).phase
    temperatures = []
    for _ in range(5):
        for batch in phase.batches(np.random.default_rng(len(temperatures))):
            dips = visits.train.fgs1[0, :, 0]
            inside = F.pad(dips, (0, 1), value=0.0).unflatten(0, (-1, 2)).lt(-0.5).all(1)
            assert not (batch.first & batch.second).any()
            assert torch.equal((batch.first | batch.second)[0], inside)
            assert not (batch.outside & (batch.first | batch.second)).any()
            assert batch.first.any(1).all()
            assert batch.second.any(1).all()
            assert batch.outside.any(1).all()
            temperatures.append(batch.temperature)
    bounds = 0.1 * (1 - 0.2), 0.1 * (1 + 0.2)
    assert bounds[0] < min(temperatures) < max(temperatures) < bounds[1]
    assert {batch.temperature for batch in phase.fixed} == {0.1}


def test_a_segment_does_not_see_the_other_half(small: Config, visits: UnlabelledVisits) -> None:
    phase = trainer("contrastive", small, visits).phase
    phase.network.eval()
    batch = phase.fixed[0]
    before = phase.answer(batch)
    series = batch.series.clone()
    steps = batch.second.repeat_interleave(2, 1)[:, : series.shape[1]]
    series[steps] += 2.0
    after = phase.answer(replace(batch, series=series))
    torch.testing.assert_close(after[:, 0], before[:, 0])
    assert (after[:, 1] - before[:, 1]).abs().max() > 1e-3


def test_visits_without_transit_are_left_out_and_named_when_too_few(
    small: Config, visits: UnlabelledVisits
) -> None:
    flat = visits.train.fgs1.clone()
    flat[2:, :, :2] = 0.0
    two = replace(visits, train=replace(visits.train, fgs1=flat))
    assert len(trainer("contrastive", small, two).phase.train) == 2
    flat[1:, :, :2] = 0.0
    with pytest.raises(SchemaError, match=r"two visits of the training fold.*there are 1 of 10"):
        trainer("contrastive", small, two)


def test_no_batch_is_of_one_row() -> None:
    assert batch_sizes(9, 4) == [4, 5]
    assert batch_sizes(8, 4) == [4, 4]
    assert batch_sizes(10, 4) == [4, 4, 2]
    assert batch_sizes(1, 4) == [1]


def test_encoders_are_handed_on_and_nothing_else(
    small: Config, tmp_path: Path, visits: UnlabelledVisits
) -> None:
    torch.manual_seed(1)
    one, other = (build_network(small.model, None) for _ in range(2))
    kept = Pretrained(encoder_weights(one.state_dict()), "s", ("1", "2"), ("3",), {"mae": []})
    kept.save(tmp_path / "pretrained.pt")
    again = Pretrained.load(tmp_path / "pretrained.pt")
    assert (again.train_ids, again.stop_ids, again.history) == (("1", "2"), ("3",), {"mae": []})
    before = {name: value.clone() for name, value in other.state_dict().items()}
    load_encoders(other, again.weights)
    for name, value in other.state_dict().items():
        encoder = name.startswith(("fgs1.", "airs."))
        assert torch.equal(value, one.state_dict()[name] if encoder else before[name]), name
    outputs = other.eval()(visits.stop)  # its heads are still zero
    torch.testing.assert_close(outputs.mu, visits.stop.mu0)


def test_other_encoders_are_refused(small: Config, small_network: tuple[str, ...]) -> None:
    def sized(*overrides: str) -> dict[str, torch.Tensor]:
        model = compose([*SMALL, *small_network, *overrides]).model
        return encoder_weights(build_network(model, None).state_dict())

    network = build_network(small.model, None)
    for wrong in ("model.airs_gnn.layers=2", "model.fgs1_mamba.d_model=32"):
        with pytest.raises(RuntimeError):
            load_encoders(network, sized(wrong))


@pytest.mark.parametrize("lacking", ["weights", "train_ids", "settings"])
def test_a_file_without_encoders_is_one_clear_error(tmp_path: Path, lacking: str) -> None:
    state = {"weights": {}, "train_ids": [], "stop_ids": [], "settings": "s", "history": {}}
    del state[lacking]
    save_state(tmp_path / "half.pt", state)
    with pytest.raises(SchemaError, match=f"no encoders to start from.*{lacking}"):
        Pretrained.load(tmp_path / "half.pt")
