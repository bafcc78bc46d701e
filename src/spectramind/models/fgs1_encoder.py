"""The FGS1 light curve -> latents along time and one pooled latent."""

import torch
from torch import Tensor, nn

from spectramind.config.model import Fgs1MambaConfig
from spectramind.models.mamba import Mamba2


class MambaLayer(nn.Module):
    """Pre-norm residual layer: one scan, or one in each direction of time, summed."""

    def __init__(self, config: Fgs1MambaConfig) -> None:
        super().__init__()

        def scan() -> Mamba2:
            return Mamba2(config.d_model, config.d_state, config.head_dim, config.expand)

        self.norm = nn.LayerNorm(config.d_model)
        self.forward_scan = scan()
        self.backward_scan = scan() if config.bidir else None
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, L, D) -> (B, L, D)."""
        normed = self.norm(tokens)
        mixed = self.forward_scan(normed)
        if self.backward_scan is not None:
            mixed = mixed + self.backward_scan(normed, backward=True)
        return tokens + self.dropout(mixed)


class Fgs1Encoder(nn.Module):
    """Stem, residual Mamba-2 layers, mean over time.

    Args:
        config: sizes.
        channels: channels a time step (flux, centroid, jitter, …).
    """

    def __init__(self, config: Fgs1MambaConfig, channels: int) -> None:
        super().__init__()
        self.stride, self.blind = config.stride, config.blind
        self.stem = nn.Linear(config.stride * channels, config.d_model)
        self.layers = nn.ModuleList(MambaLayer(config) for _ in range(config.n_layers))
        self.norm = nn.LayerNorm(config.d_model)

    def forward(self, series: Tensor) -> tuple[Tensor, Tensor]:
        """Encode.

        Args:
            series: (B, L, channels), any L >= 1; a last incomplete stride repeats the last step.

        Returns:
            pooled (B, D), and the latents along time (B, ceil(L / stride), D).
        """
        series = torch.zeros_like(series) if self.blind else series
        tokens = self.stem(self._fold(series))
        for layer in self.layers:
            tokens = layer(tokens)
        tokens = self.norm(tokens)
        return tokens.mean(1), tokens

    def _fold(self, series: Tensor) -> Tensor:
        missing = -series.shape[1] % self.stride
        series = torch.cat([series, series[:, -1:].expand(-1, missing, -1)], dim=1)
        return series.reshape(series.shape[0], -1, self.stride * series.shape[2])
