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
from spectramind.symbolic.violation import Violation, top_bins, violations_of

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
    presence = r^2 / (r^2 + p^2), r the rms, over the bins E that only this molecule explains, of
    what the template explains of c there: r = ReLU(sum_E t_i c_i) / (|t_E| sqrt(n_E)). A flat
    window is no violation, nor is one in which others' wings stand, for which their plain rms would
    ask. No gradient flows through presence, so that hiding a molecule is no way out. A factor
    ``envelope`` below one leaves room for the other molecules in the window.

    Args:
        molecule: whose.
        envelope: fraction of the template the shape must reach.
        presence: p, in ``loss.unit``.
    """

    bins: Tensor
    evidence: Tensor
    envelope: Tensor
    matched: Tensor

    def __init__(self, molecule: str, envelope: float, presence: float) -> None:
        super().__init__()
        self.presence = presence
        bins, evidence, shape = window_bins(molecule), evidence_bins(molecule), template(molecule)
        own = shape[np.isin(bins, evidence)]
        for name, values in {
            "bins": bins,
            "evidence": evidence,
            "envelope": (envelope * shape).astype(np.float32),
            "matched": (own / np.linalg.norm(own) / np.sqrt(own.size)).astype(np.float32),
        }.items():
            self.register_buffer(name, torch.from_numpy(values), persistent=False)

    def forward(self, above: Tensor) -> Tensor:
        """Contrast (B, 283) -> (B, 283), zero outside the molecule's windows."""
        explained = above[:, self.evidence].detach() @ self.matched.to(above)
        power = torch.relu(explained).square()
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
    title = "coherence"

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

    def violations(self, depth: Tensor, unit: float) -> dict[str, list[Violation]]:
        """Each molecule's implication."""
        above = contrast(depth, self.continuum)
        found = {}
        for name, rule in self.molecules.items():
            bins = rule(above)
            scores = bins.sum(dim=1)
            facts = [
                {"score": score, "bins": top}
                for score, top in zip(scores.tolist(), top_bins(bins), strict=True)
            ]
            found[f"{self.title}:{name.upper()}"] = violations_of(scores, facts)
        return found
