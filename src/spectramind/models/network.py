"""The network: a correction, zero at first, of the physics estimate of the spectrum."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spectramind.config.model import ModelConfig, SigmaHeadConfig
from spectramind.instrument.graph import BinGraph
from spectramind.models.decoders import BinHead, MultiScaleDecoder
from spectramind.models.diffusion import DiffusionDecoder, Matching
from spectramind.models.fgs1_encoder import Fgs1Encoder
from spectramind.models.fusion import build_fusion
from spectramind.models.gat import AirsEncoder
from spectramind.models.quantiles import ascending, moments
from spectramind.models.spline_density import SplineDensity, parameter_count, require_zuko

_SOFTPLUS_ONE = math.log(math.e - 1)  # softplus of this is 1


@dataclass(frozen=True)
class Inputs:
    """A batch.

    Attributes:
        fgs1: (B, L, C) light curve channels, of order one.
        nodes: (B, 283, C) features of each bin, of order one.
        mu0, sigma0: (B, 283) physics estimate and its sigma, (Rp/Rs)^2.
    """

    fgs1: Tensor
    nodes: Tensor
    mu0: Tensor
    sigma0: Tensor

    def to(self, device: torch.device | str) -> "Inputs":
        """The same on another device."""
        return Inputs(*(t.to(device) for t in (self.fgs1, self.nodes, self.mu0, self.sigma0)))


@dataclass(frozen=True)
class Outputs:
    """A batch of answers.

    Attributes:
        mu, sigma: (B, 283), (Rp/Rs)^2, float32; of the density or quantiles where there are any.
        scales: mu after each coarser scale of the decoder, (B, 283) each, coarsest first.
        latent: (B, D) the fused latent.
        steps: (B, L', D) FGS1 latents along time.
        attention: (B, layers, E, heads) on the graph's edges, detached.
        quantiles: (B, 3, 283) q10, q50, q90, ascending; None with a gaussian head.
        density: of every bin; None unless the head is a flow.
        matching: what a diffusion decoder learns by; None with another.
    """

    mu: Tensor
    sigma: Tensor
    scales: tuple[Tensor, ...]
    latent: Tensor
    steps: Tensor
    attention: Tensor
    quantiles: Tensor | None = None
    density: SplineDensity | None = None
    matching: Matching | None = None


def values_a_bin(head: SigmaHeadConfig) -> int:
    """What the head of the uncertainties says of each bin."""
    return {"gaussian": 1, "quantile": 2, "flow": 1 + parameter_count(head.pieces)}[head.type]


class SpectraMind(nn.Module):
    """FGS1 state-space encoder, AIRS graph encoder, fusion, decoders of mu and sigma.

    mu = mu0 + sigma0 delta and sigma = sigma_min + (sigma0 - sigma_min) softplus(g + ln(e - 1)),
    where delta and g are zero at first: an untrained network gives the physics estimate.
    A sigma0 below sigma_min counts as sigma_min. With a quantile head there is a g on either side:
    the sum over delta is the median, sigma below and above it the steps to q10 and q90, and mu and
    sigma are theirs (``quantiles.moments``). With a flow head that mu and sigma are a spline
    density's centre and scale, and what is given are its mean and standard deviation, sigma_min at
    least. A diffusion decoder's delta and sigma0 are its samples' mean and standard deviation.

    Args:
        config: sizes. graph: the bin graph.
        fgs1_channels, node_channels: channels of ``Inputs.fgs1`` and ``Inputs.nodes``.

    Raises:
        ConfigError: a part needs a package that is not installed.
    """

    def __init__(
        self, config: ModelConfig, graph: BinGraph, fgs1_channels: int, node_channels: int
    ) -> None:
        super().__init__()
        d_fgs1, d_airs = config.fgs1_mamba.d_model, config.airs_gnn.d_model
        d_latent, head = config.fusion.dim, config.head_sigma
        self.sigma_min = head.sigma_min
        self.kind, self.hands_quantiles = head.type, head.quantiles
        if self.kind == "flow":
            require_zuko()
        self.fgs1 = Fgs1Encoder(config.fgs1_mamba, fgs1_channels)
        self.airs = AirsEncoder(config.airs_gnn, graph, node_channels)
        self.fusion = build_fusion(config.fusion, d_fgs1, d_airs)
        decoder = DiffusionDecoder if config.decoder_mu.type == "diffusion" else MultiScaleDecoder
        self.decoder_mu = decoder(config.decoder_mu, d_latent, d_airs)
        self.head_sigma = BinHead(d_airs, d_latent, head.hidden, values_a_bin(head))

    def forward(self, inputs: Inputs) -> Outputs:
        """Correct the physics estimate."""
        pooled_fgs1, steps = self.fgs1(inputs.fgs1)
        pooled_airs, nodes, attention = self.airs(inputs.nodes)
        latent = self.fusion(pooled_fgs1, steps, pooled_airs, nodes)
        spread, matching = inputs.sigma0, None
        coarse: tuple[Tensor, ...] = ()
        if isinstance(self.decoder_mu, DiffusionDecoder):
            delta, width, context = self.decoder_mu(latent, nodes)
            spread = spread * width
            matching = Matching(self.decoder_mu, context, inputs.mu0, inputs.sigma0)
        else:
            delta, coarse = self.decoder_mu(latent, nodes)
        said = self.head_sigma(nodes, latent).float()
        spare = (spread - self.sigma_min).clamp_min(0.0)
        mu, quantiles, density = inputs.mu0 + inputs.sigma0 * delta, None, None
        if self.kind == "quantile":
            below, above = (self._sigma(spare, side) for side in said.unbind(-1))
            quantiles = ascending(mu, below, above)
            mu, sigma = moments(mu, below, above)
        elif self.kind == "flow":
            density = SplineDensity(mu, self._sigma(spare, said[..., 0]), said[..., 1:])
            quantiles = density.quantiles() if self.hands_quantiles else None
            mu, sigma = density.moments()
            sigma = sigma.clamp_min(self.sigma_min)
        else:
            sigma = self._sigma(spare, said)
        return Outputs(
            mu=mu,
            sigma=sigma,
            scales=tuple(inputs.mu0 + inputs.sigma0 * part for part in coarse),
            latent=latent,
            steps=steps,
            attention=attention,
            quantiles=quantiles,
            density=density,
            matching=matching,
        )

    def _sigma(self, spare: Tensor, gain: Tensor) -> Tensor:
        return self.sigma_min + spare * F.softplus(gain + _SOFTPLUS_ONE)
