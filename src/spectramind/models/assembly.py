"""A fresh network, put together from its settings."""

from spectramind.config.model import ModelConfig
from spectramind.instrument.graph import build_graph
from spectramind.models.inputs import FGS1_CHANNELS, NODE_CHANNELS
from spectramind.models.network import SpectraMind


def build_network(config: ModelConfig, seam: int | None) -> SpectraMind:
    """A fresh network on the bin graph."""
    return SpectraMind(config, build_graph(seam=seam), FGS1_CHANNELS, NODE_CHANNELS)
