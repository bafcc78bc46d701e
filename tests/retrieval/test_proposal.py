"""The proposing network: its numbers and density, a training that goes on; a planet end to end."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from spectramind.config.compose import compose
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.retrieved import Retrieved
from spectramind.errors import SchemaError
from spectramind.instrument.grid import N_BINS
from spectramind.retrieval.atmosphere_target import Coordinates, components, level_of
from spectramind.retrieval.forward_model import ForwardModel
from spectramind.retrieval.posterior_network import TrainedProposal
from spectramind.retrieval.proposal_training import (
    DrawnSpectra,
    Examples,
    draw_spectra,
    train_emulator,
    train_proposal,
)
from spectramind.retrieval.retrieve_planet import Observed, retrieve_planet
from spectramind.retrieval.spectrum_embedding import learn_embedding, noise_bank
from spectramind.retrieval.trained_networks import TrainedNetworks

Array = NDArray[np.float64]
KNOWN = {"star_radius_rsun": 1.0, "planet_mass_mjup": 1.0}
RETRIEVAL = compose([]).retrieval
SMALL = RETRIEVAL.network.model_copy(
    update={"spectra": 400, "epochs": 3, "batch": 64, "components": 8, "hidden": 16}
)
EMULATOR = RETRIEVAL.emulator.model_copy(update={"width": 32, "epochs": 40, "batch": 32})


def middle(model: ForwardModel) -> Array:
    """The prior's middle, a planet of a tenth of its star."""
    point = model.space.from_unit(np.full((1, len(model.space.free)), 0.5), KNOWN)
    point[:, model.space.free.index("radius_ratio")] = 0.1
    return point


def noise(scale: float = 60e-6) -> Measurement:
    rng = np.random.default_rng(4)
    variance = (scale * rng.uniform(0.7, 1.3, N_BINS)) ** 2
    return Measurement(np.full(N_BINS, 0.012), variance, 20e-6 * rng.standard_normal((N_BINS, 2)))


@pytest.fixture(scope="module")
def model() -> ForwardModel:
    return ForwardModel(RETRIEVAL)


@pytest.fixture(scope="module")
def examples() -> Examples:
    return Examples([noise(), noise(1e-4)], [KNOWN, KNOWN], np.array([0.012, 0.01]))


@pytest.fixture(scope="module")
def drawn(model: ForwardModel, examples: Examples) -> DrawnSpectra:
    return draw_spectra(model, examples, SMALL, 400, 3)


@pytest.fixture(scope="module")
def trained(model: ForwardModel, examples: Examples, drawn: DrawnSpectra) -> TrainedProposal:
    return train_proposal(model, examples, drawn, SMALL, 5, lambda: None)


@pytest.fixture(scope="module")
def networks(model: ForwardModel, drawn: DrawnSpectra, trained: TrainedProposal) -> TrainedNetworks:
    return TrainedNetworks(trained, *train_emulator(model, drawn, EMULATOR, 5, lambda: None))


def test_drawn_spectra_are_the_models_own(model: ForwardModel, drawn: DrawnSpectra) -> None:
    """A row with everything there, computed again from what is kept of it."""
    row = int(np.flatnonzero(drawn.absent.sum(1) == 0)[0])
    known = dict(zip(model.space.from_table, drawn.known[row], strict=True))
    parameters = model.space.from_unit(drawn.cube[row : row + 1], known)
    parameters[:, model.space.free.index("radius_ratio")] = drawn.ratio[row]
    again = np.asarray(model.spectrum(parameters, known))[0]
    assert np.allclose(again, drawn.depth[row], rtol=1e-6)
    assert 0.05 < (drawn.absent.sum(1) > 0).mean() < 0.6


def test_the_embedding_is_a_wiener_filter(drawn: DrawnSpectra) -> None:
    """Against dense matrices."""
    embedding = learn_embedding(drawn.depth.astype(np.float64), 6)
    measured = noise()
    depth = measured.depth * (1 + 0.05 * embedding.shapes[:, 2])
    bank = noise_bank([measured], embedding.shapes)
    first = torch.zeros(1, dtype=torch.long)
    seen = torch.from_numpy(depth[None] * 1e6).float()
    found = embedding(seen, bank, first, torch.full((1,), 2.0))[0].double().numpy()
    weight = 1 / measured.total_variance
    level = (depth * weight).sum() / weight.sum()
    precise = np.linalg.inv(4 * measured.covariance / level**2)
    shapes = embedding.shapes
    cover = np.linalg.inv(np.diag(embedding.spread**-2.0) + shapes.T @ precise @ shapes)
    mean = cover @ shapes.T @ precise @ (depth / level - 1) / embedding.spread
    deviation = np.sqrt(np.diag(cover)) / embedding.spread
    assert np.allclose(found[:6], np.arcsinh(4 * mean), atol=2e-3)
    assert np.allclose(found[6:12], np.log(deviation), atol=2e-3)
    assert found[12] == pytest.approx(np.log(level * 1e6) - 9.5, abs=1e-4)


def test_the_priors_density_is_that_of_its_draws(model: ForwardModel) -> None:
    """The radius's coordinate: a share of draws against the density's integral."""
    coordinates = Coordinates(model.space, KNOWN, 0.012, -0.06, 0.07)
    column = model.space.free.index("radius_ratio")
    cube = np.random.default_rng(0).random((40_000, len(model.space.free)))
    points = coordinates.from_unit(cube)
    assert np.allclose(coordinates.parameters(points), model.space.from_unit(cube, KNOWN))
    low, high = -4.0, 3.0
    grid = np.zeros((2001, points.shape[1]))
    grid[:, column] = np.linspace(low, high, 2001)
    others = -np.log(2 * np.pi) / 2 * (points.shape[1] - 1)
    share = np.trapezoid(np.exp(coordinates.log_prior(grid) - others), grid[:, column])
    inside = (points[:, column] > low) & (points[:, column] < high)
    assert share == pytest.approx(inside.mean(), abs=0.01)


def test_the_proposals_density_is_that_of_its_samples(
    model: ForwardModel, trained: TrainedProposal
) -> None:
    """The mean of another density over its own is 1."""
    known = np.array([KNOWN[name] for name in model.space.from_table])
    absent = np.zeros(len(components(model.space)), dtype=bool)
    proposal = trained.propose(noise(), known, absent)
    points = proposal.sample(20_000, np.random.default_rng(1))
    own = proposal.log_density(points)
    mean, sd = points.mean(0), 0.5 * points.std(0)
    other = (-(((points - mean) / sd) ** 2) / 2 - np.log(sd * np.sqrt(2 * np.pi))).sum(1)
    assert np.exp(other - own).mean() == pytest.approx(1, abs=0.1)
    same = proposal.sample(5, np.random.default_rng(1))
    assert np.array_equal(same, proposal.sample(5, np.random.default_rng(1)))


def test_training_learns_and_a_stopped_one_goes_on_to_the_same_numbers(
    model: ForwardModel,
    examples: Examples,
    drawn: DrawnSpectra,
    trained: TrainedProposal,
    tmp_path: Path,
) -> None:
    assert trained.told.loss[-1] < trained.told.loss[0]
    file, epochs = tmp_path / "last.pt", []

    def stop() -> None:
        epochs.append(1)
        if len(epochs) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_proposal(model, examples, drawn, SMALL, 5, stop, file)
    again = train_proposal(model, examples, drawn, SMALL, 5, lambda: None, file)
    assert again.told.loss == trained.told.loss
    for one, other in zip(again.network.parameters(), trained.network.parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_artifact_is_read_back_and_a_broken_one_refused(
    model: ForwardModel, networks: TrainedNetworks, tmp_path: Path
) -> None:
    path = tmp_path / "network.pt"
    networks.save(path)
    config = RETRIEVAL.model_copy(update={"network": SMALL, "emulator": EMULATOR})
    read = TrainedNetworks.load(path, config)
    known, absent = np.array([1.0, 1.0]), np.zeros(len(components(model.space)), dtype=bool)
    samples = [
        one.proposal.propose(noise(), known, absent).sample(3, np.random.default_rng(0))
        for one in (read, networks)
    ]
    assert np.array_equal(*samples)
    emulated = [
        model.emulated(one.emulator).depths(middle(model), KNOWN) for one in (read, networks)
    ]
    assert np.array_equal(*emulated)
    assert read.seconds == networks.seconds
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(SchemaError, match="delete it"):
        TrainedNetworks.load(path, config)


def test_one_planet_from_end_to_end(
    model: ForwardModel, networks: TrainedNetworks, tmp_path: Path
) -> None:
    """A clear atmosphere full of water; what is written is read back; spectra that no atmosphere
    makes warn.
    """
    settings = RETRIEVAL.sampling.model_copy(
        update={
            "sampler": "importance",
            "effective": 20,
            "batch": 100,
            "particles": 200,
            "most_spectra": 900,
            "draws": 40,
            "comparison_effective": 10,
        }
    )
    depth = model.depths(middle(model), KNOWN)[0].astype(np.float64)
    measured = noise(3e-4)
    rng = np.random.default_rng(2)
    seen = Measurement(
        depth + 3e-4 * rng.standard_normal(N_BINS), measured.variance, measured.modes
    )
    found = retrieve_planet(
        Observed("1", seen, KNOWN), model, networks, settings, 1, lambda _: None
    )
    assert found.names == model.space.free
    assert found.summary["spectra"] <= 900
    assert np.isfinite(found.summary["ln_z"])
    assert found.contributions.shape == (len(components(model.space)), N_BINS)
    assert (np.diff(found.spectra, axis=0) >= 0).all()
    for one in found.summary["parameters"]:
        assert one["low_95"] <= one["low_68"] <= one["median"] <= one["high_68"] <= one["high_95"]
    found.save(tmp_path / "samples.npz", tmp_path / "retrieval.json")
    read = Retrieved.load(tmp_path / "samples.npz", tmp_path / "retrieval.json")
    assert np.array_equal(read.parameters, found.parameters)
    assert read.summary["ln_z"] == found.summary["ln_z"]
    assert found.summary["fits"]
    wrong = Measurement(seen.depth + 2e-3 * (-1.0) ** np.arange(N_BINS), seen.variance, seen.modes)
    other = retrieve_planet(
        Observed("1", wrong, KNOWN), model, networks, settings, 1, lambda _: None
    )
    assert not other.summary["fits"]
    assert "does not fit" in other.summary["warning"]


def test_without_a_transit_there_is_nothing_to_explain() -> None:
    measured = noise()
    with pytest.raises(SchemaError, match="no transit"):
        level_of(Measurement(-measured.depth, measured.variance, measured.modes))
