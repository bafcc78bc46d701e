"""Molecular coherence: a molecule that shows itself shows all of its bands."""

from collections.abc import Sequence
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from spectramind.config.loss import LossConfig
from spectramind.instrument.molecules import MOLECULES, window_bins, window_matrix
from spectramind.symbolic.contrast import contrast
from spectramind.symbolic.rule import Rule
from spectramind.symbolic.templates import template

_SMALLEST_NORM = 1e-6


def evidence_bins(molecule: str) -> NDArray[np.int64]:
    """Bins of the molecule's windows that no other molecule shares; all of them if none is left."""
    windows = window_matrix()
    own = np.flatnonzero(windows[MOLECULES.index(molecule)] & (windows.sum(axis=0) == 1))
    return own if own.size else window_bins(molecule)


class MoleculeCoherence(nn.Module):
    """One molecule's soft implication (seeds' doctrine, section 6.2, rule 3).

    With c the contrast over the continuum, W the molecule's windows and t its unit template,
        s_i = c_i / max(eps, |c_W|),   L = presence * sum_(i in W) ReLU(envelope t_i - s_i)^2.
    presence = r^2 / (r^2 + p^2), r the rms of c over the bins that only this molecule explains: a
    flat window is no violation. No gradient flows through presence, so that hiding a molecule is no
    way out. A factor ``envelope`` below one leaves room for the other molecules in the window.

    Args:
        molecule: whose.
        envelope: fraction of the template the shape must reach.
        presence: p, in ``loss.unit``.
    """

    bins: Tensor
    evidence: Tensor
    envelope: Tensor

    def __init__(self, molecule: str, envelope: float, presence: float) -> None:
        super().__init__()
        self.presence = presence
        for name, values in {
            "bins": window_bins(molecule),
            "evidence": evidence_bins(molecule),
            "envelope": (envelope * template(molecule)).astype(np.float32),
        }.items():
            self.register_buffer(name, torch.from_numpy(values), persistent=False)

    def forward(self, above: Tensor) -> Tensor:
        """Contrast (B, 283) -> (B, 283), zero outside the molecule's windows."""
        power = above[:, self.evidence].detach().square().mean(dim=1)
        presence = power / (power + self.presence**2)
        window = above[:, self.bins]
        norm = torch.linalg.vector_norm(window, dim=1, keepdim=True).clamp_min(_SMALLEST_NORM)
        lacking = torch.relu(self.envelope - window / norm).square()
        return torch.zeros_like(above).index_add(1, self.bins, presence.unsqueeze(1) * lacking)


class Coherence(Rule):
    """Sum of the molecules' implications, on the contrast of the depth.

    Args:
        molecules: which. envelope, presence: see ``MoleculeCoherence``.
        continuum: quantile of the AIRS bins that stands for the continuum.
    """

    name = "coh"

    def __init__(
        self, molecules: Sequence[str], envelope: float, presence: float, continuum: float
    ) -> None:
        super().__init__()
        self.continuum = continuum
        self.molecules = nn.ModuleDict(
            {name: MoleculeCoherence(name, envelope, presence) for name in molecules}
        )

    @classmethod
    def build(cls, config: LossConfig) -> Self:
        """As configured."""
        return cls(**config.coherence.model_dump(), continuum=config.continuum)

    def forward(self, depth: Tensor) -> Tensor:
        """(B, 283), in ``loss.unit`` -> (B, 283)."""
        above = contrast(depth, self.continuum)
        return torch.stack([rule(above) for rule in self.molecules.values()]).sum(dim=0)
