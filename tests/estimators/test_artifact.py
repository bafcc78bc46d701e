"""Checkpoints: the prior comes back as it was, older files are migrated, others refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spectramind.config.model import ModelConfig
from spectramind.contracts.measurement import Measurement
from spectramind.errors import SchemaError
from spectramind.estimators.artifact import Artifact
from spectramind.instrument.grid import N_BINS
from spectramind.models.assembly import build_network
from spectramind.models.migration import UNKNOWN_IDS
from spectramind.models.state_file import save_state
from spectramind.prior.prior_fit import fit_prior
from spectramind.prior.spectral_prior import SpectralPrior
from spectramind.prior.spotted import Patchy


@pytest.fixture
def visits() -> list[list[Measurement]]:
    rng = np.random.default_rng(0)
    truth = 0.01 + 1e-4 * rng.standard_normal((6, N_BINS))
    return [
        [Measurement(y + 2e-4, np.full(N_BINS, 1e-8), np.full((N_BINS, 1), 5e-5))] for y in truth
    ]


@pytest.fixture
def trained(small: ModelConfig, visits: list[list[Measurement]]) -> Artifact:
    config = small
    truth = np.stack([visit.depth - 2e-4 for (visit,) in visits])
    prior = fit_prior(truth, visits, config.prior)
    return Artifact(
        network=build_network(config, None),
        prior=prior,
        model=config,
        seam=None,
        sequence_length=32,
        epoch=0,
        history=[],
        settings="settings",
        train_ids=("1", "2"),
        stop_ids=("3",),
    )


@pytest.fixture
def path(trained: Artifact, tmp_path: Path) -> Path:
    trained.save(tmp_path / "best.pt")
    return tmp_path / "best.pt"


def rewritten(path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The file as something else might have written it."""
    state = torch.load(path, weights_only=True)
    change(state)
    torch.save(state, path)
    return path


def forget_densities(state: dict[str, Any]) -> None:
    """Back to format 5: no spline densities, samples or blind encoders; spots of one darkness."""
    state["format"] = 5
    prior = state["prior"]
    prior["spotted"] = prior.pop("patchy_share")
    del prior["patchy_mean"], prior["patchy_spread"]
    model = json.loads(state["model"])
    del model["head_sigma"]["quantiles"], model["head_sigma"]["pieces"]
    del model["decoder_mu"]["type"], model["decoder_mu"]["diffusion"]
    del model["fgs1_mamba"]["blind"], model["airs_gnn"]["blind"]
    state["model"] = json.dumps(model)


def of_one_darkness(prior: SpectralPrior) -> SpectralPrior:
    """What a prior of format 5 or older is read as."""
    patchy = Patchy(prior.patchy.share, np.array([1.0, 0.0]), np.diag([3**-0.5, 0.0]))
    return replace(prior, patchy=patchy)


def forget_kinds(state: dict[str, Any]) -> None:
    """Back to format 4: one network, attention on all edges."""
    forget_densities(state)
    state["format"] = 4
    del state["members"], state["epistemic"]
    model = json.loads(state["model"])
    del model["airs_gnn"]["type"], model["airs_gnn"]["edge_types"], model["head_sigma"]["type"]
    state["model"] = json.dumps(model)


def forget_clusters(state: dict[str, Any]) -> None:
    """Back to format 3: the scale mixture alone."""
    forget_kinds(state)
    state["format"] = 3
    for name in ("share", "shape", "components", "remainder"):
        del state["prior"][f"clusters_{name}"]
    model = json.loads(state["model"])
    del model["prior"]["synthetic"]
    state["model"] = json.dumps(model)


def forget_hazes(state: dict[str, Any]) -> None:
    """Back to format 2, with a fold's digest in place of ids."""
    forget_clusters(state)
    state["format"] = 2
    del state["train_ids"], state["stop_ids"]
    state["fold"] = "digest"
    model = json.loads(state["model"])
    for name in ("haze_share", "haze_depth"):
        del state["prior"][name], model["prior"][name]
    state["model"] = json.dumps(model)


def forget_mixture(state: dict[str, Any]) -> None:
    """Back to format 1: one Gaussian, noise 1.5 times as stated, 2 and 3 per mille added."""
    forget_hazes(state)
    state["format"] = 1
    del state["fold"]
    model = json.loads(state["model"])
    model["prior"] = {"components": model["prior"]["components"]}
    state["model"] = json.dumps(model)
    new = ("size", "weight", "spotted", "errors_noise")
    for name in (*new, "errors_trust", "errors_visit", "errors_lasting"):
        del state["prior"][name]
    factors = {"noise_scale": 1.5, "extra_fgs1": 2e-3, "extra_airs": 3e-3}
    state["prior"] |= {k: torch.tensor(v, dtype=torch.float64) for k, v in factors.items()}
    state |= {"train_mean": 0.01, "train_sigma": 1e-3}


def test_a_trained_model_comes_back(
    trained: Artifact, path: Path, visits: list[list[Measurement]]
) -> None:
    again = Artifact.load(path)
    before, after = (t.prior.posterior(visits[0]) for t in (trained, again))
    np.testing.assert_array_equal(before.mean, after.mean)
    np.testing.assert_array_equal(before.sigma, after.sigma)
    assert (again.train_ids, again.stop_ids) == (("1", "2"), ("3",))
    assert again.settings == "settings"


def test_a_file_of_format_5_has_no_flow_no_diffusion_and_sees(
    trained: Artifact, path: Path
) -> None:
    again = Artifact.load(rewritten(path, forget_densities))
    assert again.model == trained.model
    for name, weight in trained.network.state_dict().items():
        assert torch.equal(again.network.state_dict()[name], weight)


def test_a_file_of_format_4_has_attention_on_all_edges(trained: Artifact, path: Path) -> None:
    again = Artifact.load(rewritten(path, forget_kinds))
    assert again.model == trained.model
    for name, weight in trained.network.state_dict().items():
        assert torch.equal(again.network.state_dict()[name], weight)


def test_a_file_of_format_5_has_spots_of_one_darkness(
    trained: Artifact, path: Path, visits: list[list[Measurement]]
) -> None:
    again = Artifact.load(rewritten(path, forget_densities))
    expected = of_one_darkness(trained.prior).posterior(visits[0])
    np.testing.assert_array_equal(again.prior.posterior(visits[0]).sigma, expected.sigma)


def test_a_file_of_format_3_has_no_clusters_and_answers_as_before(
    trained: Artifact, path: Path, visits: list[list[Measurement]]
) -> None:
    again = Artifact.load(rewritten(path, forget_clusters))
    assert again.prior.clusters.share.size == 0
    assert again.model.prior.synthetic.share == again.model.prior.synthetic.share_with_labels == 0
    assert again.train_ids == trained.train_ids
    before, after = (
        prior.posterior(visits[0]) for prior in (of_one_darkness(trained.prior), again.prior)
    )
    np.testing.assert_array_equal(before.mean, after.mean)
    np.testing.assert_array_equal(before.sigma, after.sigma)


@pytest.mark.parametrize("spots", [True, False])
def test_a_file_of_format_2_is_read_with_its_constants_and_says_so(
    trained: Artifact,
    path: Path,
    visits: list[list[Measurement]],
    spots: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The first files of format 2 did not know spots."""

    def older(state: dict[str, Any]) -> None:
        forget_hazes(state)
        if not spots:
            del state["prior"]["spotted"]

    again = Artifact.load(rewritten(path, older))
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "has format 2 and was read as format" in said
    assert again.prior.haze_share == 0.1
    assert again.prior.haze_depth == 2.5e-4
    assert again.train_ids == again.stop_ids == tuple(UNKNOWN_IDS)
    assert again.prior.patchy.share == (trained.prior.patchy.share if spots else 1e-3)
    if spots:
        before, after = (
            prior.posterior(visits[0]) for prior in (of_one_darkness(trained.prior), again.prior)
        )
        np.testing.assert_array_equal(before.sigma, after.sigma)


def test_a_file_of_format_1_becomes_a_mixture_of_one(
    trained: Artifact, path: Path, visits: list[list[Measurement]]
) -> None:
    prior = Artifact.load(rewritten(path, forget_mixture)).prior
    np.testing.assert_array_equal(prior.shape, trained.prior.shape)
    assert (prior.size, prior.weight) == (1.0, 1.0)
    assert Artifact.load(path).train_ids == tuple(UNKNOWN_IDS)
    visit = visits[0][0]
    errors = prior.errors.of_visit(visit)
    np.testing.assert_allclose(errors.variance[1:], 1.5 * visit.variance[1:])
    assert errors.variance[0] == visit.variance[0]
    level = visit.depth[1:].mean()
    np.testing.assert_allclose(errors.modes[[0, 1], [-2, -1]], [2e-3 * level, 3e-3 * level])


def test_a_file_of_format_2_without_labels_has_seen_no_planet(path: Path) -> None:
    def older(state: dict[str, Any]) -> None:
        forget_hazes(state)
        state["fold"] = ""

    assert Artifact.load(rewritten(path, older)).train_ids == ()


@pytest.mark.parametrize("number", [0, 99, "2", None])
def test_a_format_that_is_not_known_is_refused_by_name(path: Path, number: object) -> None:
    with pytest.raises(SchemaError, match=f"checkpoint of format {number}, known are 1"):
        Artifact.load(rewritten(path, lambda state: state.update(format=number)))


@pytest.mark.parametrize("part", ["level", "components", "errors_noise"])
def test_what_cannot_be_made_up_for_is_named(path: Path, part: str) -> None:
    def older(state: dict[str, Any]) -> None:
        forget_hazes(state)
        del state["prior"][part]

    with pytest.raises(SchemaError, match=f"lacks '{part}'"):
        Artifact.load(rewritten(path, older))


def test_a_network_of_other_settings_is_one_clear_line(path: Path) -> None:
    def without(state: dict[str, Any]) -> None:
        model = json.loads(state["model"])
        del model["fusion"]
        state["model"] = json.dumps(model)

    with pytest.raises(SchemaError, match="is not a finished training") as told:
        Artifact.load(rewritten(path, without))
    assert "\n" not in str(told.value)


def test_a_file_that_lacks_a_part_is_one_clear_error(tmp_path: Path) -> None:
    save_state(tmp_path / "half.pt", {"weights": {}})
    with pytest.raises(SchemaError, match="not a finished training"):
        Artifact.load(tmp_path / "half.pt")


def test_a_file_of_format_4_has_one_network_and_no_epistemic_part(
    trained: Artifact, path: Path
) -> None:
    again = Artifact.load(rewritten(path, forget_kinds))
    assert again.others == ()
    assert again.epistemic.kind == "none"
    for name, value in trained.network.state_dict().items():
        assert torch.equal(again.network.state_dict()[name], value)
