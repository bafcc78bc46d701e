"""Several answers for the same planets -> one, with what they agree and differ in kept apart."""

import hashlib
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from spectramind.contracts.predictive import Predictive, SigmaParts
from spectramind.contracts.spectra import Spectra

Array = NDArray[np.float64]
Kind = Literal["none", "ensemble", "mc_dropout"]


@dataclass(frozen=True)
class Epistemic:
    """How several answers of a network come about.

    Attributes:
        kind: ``none``: there is one; ``ensemble``: one of each member; ``mc_dropout``: one of each
            pass with dropout.
        passes: of ``mc_dropout``.
        seed: of ``mc_dropout``; a planet's own passes hang on nothing but this and its name.
    """

    kind: Kind = "none"
    passes: int = 1
    seed: int = 0

    def planet_seed(self, planet_id: str) -> int:
        """Seed of a planet's passes."""
        name = f"{self.seed}/{planet_id}".encode()
        return int.from_bytes(hashlib.sha256(name).digest()[:8], "big") >> 1

    def state(self) -> dict[str, Any]:
        """Plain values of a file."""
        return {"kind": self.kind, "passes": self.passes, "seed": self.seed}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """What ``state`` gave.

        Raises:
            KeyError: a value is missing.
        """
        return cls(state["kind"], state["passes"], state["seed"])


ONE_ANSWER = Epistemic()


def combined(ids: tuple[str, ...], mu: Array, sigma: Array) -> Predictive:
    """The equal mixture of K answers by the law of total variance.

    mean = E[mu_k]; variance = E[sigma_k^2] (aleatoric) + Var[mu_k] (epistemic), both over k.

    Args:
        ids: n planets. mu, sigma: (K, n, 283).
    """
    aleatoric, epistemic = np.sqrt((sigma**2).mean(axis=0)), mu.std(axis=0)
    total = np.hypot(aleatoric, epistemic)
    spectra = Spectra(ids, np.maximum(mu.mean(axis=0), 0.0), total)
    return Predictive(spectra, parts=SigmaParts(aleatoric, epistemic))
