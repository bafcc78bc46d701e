"""Chemistry envelopes: how much of one molecule beside another is believable."""

from collections.abc import Mapping
from typing import Self

import numpy as np
import torch
from torch import Tensor

from spectramind.config.loss import LossConfig
from spectramind.instrument.grid import N_BINS, bin_widths
from spectramind.instrument.molecules import window_bins
from spectramind.symbolic.contrast import contrast
from spectramind.symbolic.rule import Rule
from spectramind.symbolic.violation import Violation, violations_of

_SMALLEST_AREA = 1e-12


def _measure(molecule: str) -> Tensor:
    """Bin widths [um] inside the molecule's windows, zero outside, (283,)."""
    measure = np.zeros(N_BINS, dtype=np.float32)
    bins = window_bins(molecule)
    measure[bins] = bin_widths()[bins]
    return torch.from_numpy(measure)


class ChemistryRatios(Rule):
    """Band areas within bounds (seeds' doctrine, section 6.2, rule 5).

    A_m = sum_(i in W_m) ReLU(c_i) dlambda_i of the contrast c over the continuum. For each pair,
        L = [ReLU(lowest A_b - A_a) + ReLU(A_a - highest (A_b + F_b))] / (A_b + F_b),
    the doctrine's hinges on A_a / A_b with F_b = floor |W_b|, the area of a mean contrast
    ``floor``: it keeps the ratio finite for a planet without molecule b, which then breaks no
    lower bound. What is too much of a molecule is told to its bins in proportion to their area:
    of b below the lowest ratio, of a above the highest.

    Args:
        bounds: ``{"a_b": (lowest, highest)}``.
        floor: in ``loss.unit``.
        continuum: quantile of the AIRS bins that stands for the continuum.
    """

    upper: Tensor
    lower: Tensor
    lowest: Tensor
    highest: Tensor
    name = "ratio"
    title = "ratios"

    def __init__(
        self, bounds: Mapping[str, tuple[float, float]], floor: float, continuum: float
    ) -> None:
        super().__init__()
        self.floor, self.continuum = floor, continuum
        self.pairs = tuple(bounds)
        pairs = [pair.split("_") for pair in bounds]
        low, high = torch.tensor(list(bounds.values())).T
        for name, values in {
            "upper": torch.stack([_measure(a) for a, _ in pairs], dim=1),
            "lower": torch.stack([_measure(b) for _, b in pairs], dim=1),
            "lowest": low,
            "highest": high,
        }.items():
            self.register_buffer(name, values, persistent=False)

    @classmethod
    def build(cls, config: LossConfig) -> Self:
        """As configured."""
        return cls(**config.ratio.model_dump(), continuum=config.continuum)

    def forward(self, depth: Tensor) -> Tensor:
        """(B, 283), in ``loss.unit`` -> (B, 283)."""
        above, a, b, softened = self._areas(depth)
        too_low = torch.relu(self.lowest * b - a)
        too_high = torch.relu(a - self.highest * softened)
        of_b = too_low / softened / b.detach().clamp_min(_SMALLEST_AREA)
        of_a = too_high / softened / a.detach().clamp_min(_SMALLEST_AREA)
        # Shares of a penalty add up to one whatever the spectrum: no gradient through them.
        share = above.detach()
        return share * (of_b @ self.lower.to(above).T + of_a @ self.upper.to(above).T)

    def _areas(self, depth: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Contrast above the continuum (B, 283); areas A_a, A_b and A_b + F_b (B, pairs)."""
        above = torch.relu(contrast(depth, self.continuum))
        a = above @ self.upper.to(above)
        b = above @ self.lower.to(above)
        return above, a, b, b + self.floor * self.lower.sum(dim=0)

    def violations(self, depth: Tensor, unit: float) -> dict[str, list[Violation]]:
        """Each pair's ratio A_a / (A_b + F_b)."""
        _, a, b, softened = self._areas(depth)
        too_low = torch.relu(self.lowest * b - a) / softened
        too_high = torch.relu(a - self.highest * softened) / softened
        scores, ratio = too_low + too_high, a / softened
        return {
            f"{self.title}.{pair}": violations_of(
                scores[:, i], [{"r": value} for value in ratio[:, i].tolist()]
            )
            for i, pair in enumerate(self.pairs)
        }
