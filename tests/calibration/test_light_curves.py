"""Light curves of whole visits."""

from functools import partial

import numpy as np
import pytest

from spectramind.calibration.calibrate_split import open_stream
from spectramind.calibration.chain import Extracted, extract_visit
from spectramind.config.compose import compose
from spectramind.dataset.tree import KaggleTree
from spectramind.instrument.detectors import AIRS, FGS1


@pytest.fixture(scope="module")
def real(real_tree: KaggleTree) -> Extracted:
    config = compose([]).calib
    visit = real_tree.visits("train")[0]
    opened = partial(open_stream, visit=visit, tree=real_tree, config=config)
    return extract_visit(opened, config, threads=1)


def test_the_real_star_is_as_bright_and_as_restless_as_known(real: Extracted) -> None:
    star, bins = (real.curves[detector].native for detector in (FGS1, AIRS))
    assert star.flux.mean(axis=0) == pytest.approx([2.14e5, 2.14e5], rel=0.02)
    assert bins.flux.sum(axis=1).mean() == pytest.approx(1.7e7, rel=0.4)
    assert star.pointing[:, :2].std(axis=0) == pytest.approx([0.1, 0.1], rel=0.3)
    assert bins.pointing[:, :2].std(axis=0) == pytest.approx([0.013, 0.013], rel=0.3)


def test_the_real_noise_is_the_stated_noise(real: Extracted) -> None:
    bins = real.curves[AIRS].native
    ratio = bins.flux.var(axis=0, ddof=1) / bins.variance.mean(axis=0)
    assert np.sqrt(np.median(ratio)) == pytest.approx(1.0, abs=0.1)
    white = bins.flux.sum(axis=1)
    assert white.std(ddof=1) / np.sqrt(bins.variance.mean(axis=0).sum()) < 1.5


def test_25_exposures_are_too_few_to_regress(real: Extracted) -> None:
    assert not any(curves.removed_ppm.any() for curves in real.curves.values())
