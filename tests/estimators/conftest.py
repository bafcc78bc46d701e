"""A small network on a prior of labels."""

import pytest

from spectramind.config.compose import compose
from spectramind.config.model import ModelConfig


@pytest.fixture(scope="session")
def small(small_network: tuple[str, ...]) -> ModelConfig:
    return compose(list(small_network)).model
