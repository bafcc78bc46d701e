"""Checkpoints: the prior comes back as it was, other files are refused."""

from pathlib import Path

import numpy as np
import pytest

from spectramind.contracts.measurement import Measurement
from spectramind.errors import SchemaError
from spectramind.estimators.artifact import Artifact
from spectramind.instrument.grid import N_BINS
from spectramind.models.assembly import build_network
from spectramind.models.state_file import save_state
from spectramind.prior.prior_fit import fit_prior


def test_a_trained_model_comes_back(make_config, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    config = make_config()
    rng = np.random.default_rng(0)
    truth = 0.01 + 1e-4 * rng.standard_normal((6, N_BINS))
    visits = [
        [Measurement(y + 2e-4, np.full(N_BINS, 1e-8), np.full((N_BINS, 1), 5e-5))] for y in truth
    ]
    prior = fit_prior(truth, visits, config.prior)
    trained = Artifact(
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
    path = tmp_path / "best.pt"
    trained.save(path)
    again = Artifact.load(path)
    before, after = (t.prior.posterior(visits[0]) for t in (trained, again))
    np.testing.assert_array_equal(before.mean, after.mean)
    np.testing.assert_array_equal(before.sigma, after.sigma)
    assert (again.train_ids, again.stop_ids) == (("1", "2"), ("3",))
    assert again.settings == "settings"


def test_a_file_that_lacks_a_part_is_one_clear_error(tmp_path: Path) -> None:
    save_state(tmp_path / "half.pt", {"weights": {}})
    with pytest.raises(SchemaError, match="not a finished training"):
        Artifact.load(tmp_path / "half.pt")
