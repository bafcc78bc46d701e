"""Checkpoints: the prior comes back as it was, older files are migrated, others refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spectramind.contracts.measurement import Measurement
from spectramind.errors import SchemaError
from spectramind.instrument.grid import N_BINS
from spectramind.models.checkpoint import (
    Trained,
    build_network,
    load_trained,
    save_state,
    save_trained,
)
from spectramind.prior.prior_fit import fit_prior


@pytest.fixture
def visits() -> list[list[Measurement]]:
    rng = np.random.default_rng(0)
    truth = 0.01 + 1e-4 * rng.standard_normal((6, N_BINS))
    return [
        [Measurement(y + 2e-4, np.full(N_BINS, 1e-8), np.full((N_BINS, 1), 5e-5))] for y in truth
    ]


@pytest.fixture
def trained(make_config, visits: list[list[Measurement]]) -> Trained:  # type: ignore[no-untyped-def]
    config = make_config()
    truth = np.stack([visit.depth - 2e-4 for (visit,) in visits])
    prior = fit_prior(truth, visits, config.prior)
    return Trained(build_network(config, None), prior, 32, 0, [], "settings", "fold")


@pytest.fixture
def path(make_config, trained: Trained, tmp_path: Path) -> Path:  # type: ignore[no-untyped-def]
    save_trained(tmp_path / "best.pt", trained, make_config(), None)
    return tmp_path / "best.pt"


def rewritten(path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The file as something else might have written it."""
    state = torch.load(path, weights_only=True)
    change(state)
    torch.save(state, path)
    return path


def forget_hazes(state: dict[str, Any]) -> None:
    """Back to format 2."""
    state["format"] = 2
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
    trained: Trained, path: Path, visits: list[list[Measurement]]
) -> None:
    again = load_trained(path)
    before, after = (t.prior.posterior(visits[0]) for t in (trained, again))
    np.testing.assert_array_equal(before.mean, after.mean)
    np.testing.assert_array_equal(before.sigma, after.sigma)
    assert (again.fold, again.settings) == ("fold", "settings")


@pytest.mark.parametrize("spots", [True, False])
def test_a_file_of_format_2_is_read_with_its_constants_and_says_so(
    trained: Trained,
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

    again = load_trained(rewritten(path, older))
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "has format 2 and was read as format" in said
    assert again.prior.haze_share == 0.1
    assert again.prior.haze_depth == 2.5e-4
    assert again.prior.spotted == (trained.prior.spotted if spots else 1e-3)
    if spots:
        before, after = (t.prior.posterior(visits[0]) for t in (trained, again))
        np.testing.assert_array_equal(before.sigma, after.sigma)


def test_a_file_of_format_1_becomes_a_mixture_of_one(
    trained: Trained, path: Path, visits: list[list[Measurement]]
) -> None:
    prior = load_trained(rewritten(path, forget_mixture)).prior
    np.testing.assert_array_equal(prior.shape, trained.prior.shape)
    assert (prior.size, prior.weight) == (1.0, 1.0)
    visit = visits[0][0]
    errors = prior.errors.of_visit(visit)
    np.testing.assert_allclose(errors.variance[1:], 1.5 * visit.variance[1:])
    assert errors.variance[0] == visit.variance[0]
    level = visit.depth[1:].mean()
    np.testing.assert_allclose(errors.modes[[0, 1], [-2, -1]], [2e-3 * level, 3e-3 * level])


@pytest.mark.parametrize("number", [0, 99, "2", None])
def test_a_format_that_is_not_known_is_refused_by_name(path: Path, number: object) -> None:
    with pytest.raises(SchemaError, match=f"checkpoint of format {number}, known are 1"):
        load_trained(rewritten(path, lambda state: state.update(format=number)))


@pytest.mark.parametrize("part", ["level", "components", "errors_noise"])
def test_what_cannot_be_made_up_for_is_named(path: Path, part: str) -> None:
    def older(state: dict[str, Any]) -> None:
        forget_hazes(state)
        del state["prior"][part]

    with pytest.raises(SchemaError, match=f"lacks '{part}'"):
        load_trained(rewritten(path, older))


def test_a_file_that_lacks_a_part_is_one_clear_error(tmp_path: Path) -> None:
    save_state(tmp_path / "half.pt", {"weights": {}})
    with pytest.raises(SchemaError, match="not a finished training"):
        load_trained(tmp_path / "half.pt")
