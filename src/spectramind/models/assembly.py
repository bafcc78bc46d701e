"""A fresh network, put together from its settings."""

from spectramind.config.model import ModelConfig
from spectramind.instrument.graph import build_graph
from spectramind.models.inputs import FGS1_CHANNELS, NODE_CHANNELS
from spectramind.models.network import SpectraMind
from spectramind.models.shape_contracts import check_shapes


def build_network(config: ModelConfig, seam: int | None) -> SpectraMind:
    """A fresh network on the bin graph.

    Raises:
        ConfigError: the seam lies outside the bins, a part cannot be built, or gives another shape
            than its settings say.
    """
    graph = build_graph(seam=seam, edge_types=config.airs_gnn.edge_types)
    network = SpectraMind(config, graph, FGS1_CHANNELS, NODE_CHANNELS)
    check_shapes(network, config, FGS1_CHANNELS, NODE_CHANNELS)
    return network
