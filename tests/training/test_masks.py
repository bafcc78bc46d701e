"""What is hidden: the share asked for, in the places asked for."""

import numpy as np
import pytest

from spectramind.config.compose import compose
from spectramind.config.optimisation import MaskedConfig
from spectramind.instrument.grid import N_BINS
from spectramind.instrument.molecules import window_matrix
from spectramind.training.phases.masks import blocks, hidden_bins, hidden_tokens, weighted

EVEN = np.ones((40, N_BINS))


def settings(**changes: object) -> MaskedConfig:
    return compose().train.mae.model_copy(update=changes)


@pytest.mark.parametrize("mask", ["random", "block", "snr"])
@pytest.mark.parametrize("ratio", [0.001, 0.3, 0.999])
def test_the_share_asked_for_is_hidden_and_something_is_left(mask: str, ratio: float) -> None:
    config = settings(mask=mask, ratio=ratio)
    rng = np.random.default_rng(1)
    for hidden in (hidden_bins(config, EVEN, rng), hidden_tokens(config, 40, 50, rng)):
        size = hidden.shape[1]
        wanted = min(max(round(size * ratio), 1), size - 1)
        assert (hidden.sum(1) == wanted).all()
        assert len(np.unique(hidden, axis=0)) > 1


def test_a_block_is_a_run() -> None:
    rng = np.random.default_rng(2)
    for _ in range(50):
        hidden = blocks(100, 0.08, 8, rng)
        assert hidden.sum() == 8
        assert np.ptp(np.flatnonzero(hidden)) == 7 or (np.diff(hidden.astype(int)) == 1).sum() > 1
    runs = [(np.diff(blocks(300, 0.4, 10, rng).astype(int)) == 1).sum() for _ in range(50)]
    single = [(np.diff(weighted(np.ones(300), 0.4, rng).astype(int)) == 1).sum() for _ in range(50)]
    assert np.mean(runs) < 0.4 * np.mean(single)


def test_a_molecule_is_hidden_as_a_whole() -> None:
    hidden = hidden_bins(settings(mask="molecule", ratio=0.1), EVEN, np.random.default_rng(3))
    windows = window_matrix()
    assert not hidden[:, 0].any()  # FGS1 lies in no window
    for row in hidden:
        whole = [window for window in windows if (row & window).sum() == window.sum()]
        assert whole
        np.testing.assert_array_equal(np.any(whole, axis=0), row)


def test_bins_of_high_signal_to_noise_are_hidden_first() -> None:
    snr = np.ones((400, N_BINS))
    snr[:, :100] = 20.0
    rng = np.random.default_rng(4)
    shares = hidden_bins(settings(mask="snr", ratio=0.2), snr, rng).mean(axis=0)
    assert shares[:100].mean() > 5 * shares[100:].mean() > 0
    evenly = hidden_bins(settings(mask="random", ratio=0.2), snr, rng).mean(axis=0)
    assert evenly[:100].mean() == pytest.approx(0.2, abs=0.02)
