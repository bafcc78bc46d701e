"""Every part of the network gives what the next expects: asked of one planet when it is built."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from spectramind.config.model import ModelConfig
from spectramind.errors import ConfigError
from spectramind.instrument.grid import N_BINS
from spectramind.models.network import SpectraMind, values_a_bin

STEPS = 3  # no multiple of a stride but 1 and 3: the last, incomplete one is there


def check_shapes(
    network: SpectraMind, config: ModelConfig, fgs1_channels: int, node_channels: int
) -> None:
    """Pass one planet of zeros through each part.

    Raises:
        ConfigError: a part breaks on it or gives another shape; names its key.
    """
    fgs1, airs = config.fgs1_mamba.d_model, config.airs_gnn.d_model
    tokens = -(-STEPS // config.fgs1_mamba.stride)
    series, bins = torch.zeros(1, STEPS, fgs1_channels), torch.zeros(1, N_BINS, node_channels)
    training = network.training
    network.eval()
    with torch.no_grad():
        pooled_fgs1, steps = _shaped(
            "fgs1_mamba", network.fgs1, (series,), [(1, fgs1), (1, tokens, fgs1)]
        )
        pooled_airs, nodes = _shaped(
            "airs_gnn", network.airs, (bins,), [(1, airs), (1, N_BINS, airs)]
        )
        inputs = (pooled_fgs1, steps, pooled_airs, nodes)
        (latent,) = _shaped("fusion", network.fusion, inputs, [(1, config.fusion.dim)])
        decoded = [(1, N_BINS)]
        if config.decoder_mu.type == "diffusion":
            decoded += [(1, N_BINS), (1, config.decoder_mu.hidden)]
        _shaped("decoder_mu", network.decoder_mu, (latent, nodes), decoded)
        values = values_a_bin(config.head_sigma)
        said = (1, N_BINS) if values == 1 else (1, N_BINS, values)
        _shaped("head_sigma", network.head_sigma, (nodes, latent), [said])
    network.train(training)


def _shaped(
    key: str, part: nn.Module, inputs: tuple[Tensor, ...], expected: Sequence[tuple[int, ...]]
) -> tuple[Tensor, ...]:
    """What a part gives, its first tensors held to these shapes."""
    try:
        given = part(*inputs)
    except (RuntimeError, ValueError, IndexError) as error:
        asked = ", ".join(str(tuple(tensor.shape)) for tensor in inputs)
        reason = str(error).partition("\n")[0]
        raise ConfigError(
            f"model.{key}: {type(part).__name__} breaks on {asked}: {reason}"
        ) from error
    tensors = (given,) if isinstance(given, Tensor) else tuple(given)[: len(expected)]
    shapes = [tuple(tensor.shape) for tensor in tensors]
    if shapes != list(expected):
        raise ConfigError(
            f"model.{key}: {type(part).__name__} gives {shapes} for one planet, its settings say "
            f"{expected}: mend it or its widths"
        )
    return tensors
