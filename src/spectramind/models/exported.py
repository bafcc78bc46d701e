"""The network outside of this package: torch.export's program and a TorchScript trace.

Both take ``fgs1`` (B, L, channels), ``nodes`` (B, 283, channels), ``mu0`` and ``sigma0`` (B, 283)
for any number of planets B and the network's own L, and give ``mu``, ``sigma`` (B, 283) and the
fused latent (B, D): what ``SpectraMind`` gives of ``Inputs``.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from spectramind.instrument.grid import N_BINS
from spectramind.models.inputs import FGS1_CHANNELS, NODE_CHANNELS
from spectramind.models.network import Inputs, SpectraMind
from spectramind.run.atomic import atomic_path

Answer = tuple[Tensor, Tensor, Tensor]
NAMES = ("mu", "sigma", "latent")
_EXAMPLE = 3  # planets that are passed through; one would be taken for a constant


class PlainNetwork(nn.Module):
    """The network from tensors to tensors."""

    def __init__(self, network: SpectraMind) -> None:
        super().__init__()
        self.network = network

    def forward(self, fgs1: Tensor, nodes: Tensor, mu0: Tensor, sigma0: Tensor) -> Answer:
        """-> mu, sigma, latent."""
        answer = self.network(Inputs(fgs1, nodes, mu0, sigma0))
        return answer.mu, answer.sigma, answer.latent


def as_tensors(inputs: Inputs) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """A batch in the order of ``PlainNetwork``."""
    return inputs.fgs1, inputs.nodes, inputs.mu0, inputs.sigma0


def random_inputs(planets: int, length: int, seed: int) -> Inputs:
    """Planets of random light curves and nodes, of the sizes the network expects, on the CPU."""
    rng = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=rng)

    return Inputs(
        fgs1=normal(planets, length, FGS1_CHANNELS),
        nodes=normal(planets, N_BINS, NODE_CHANNELS),
        mu0=0.01 + 1e-4 * normal(planets, N_BINS),
        sigma0=5e-5 * (1 + torch.rand(planets, N_BINS, generator=rng)),
    )


def as_program(network: SpectraMind, length: int) -> ExportedProgram:
    """The network as torch.export sees it, for any number of planets.

    Raises:
        RuntimeError: torch cannot export it (torch's own error, or one derived from it).
    """
    example = as_tensors(random_inputs(_EXAMPLE, length, seed=0))
    planets = {0: Dim("planets", min=1)}
    with torch.no_grad(), _quiet():
        return torch.export.export(
            PlainNetwork(network).eval(), example, dynamic_shapes=(planets,) * len(example)
        )


def as_trace(network: SpectraMind, length: int) -> torch.jit.ScriptModule:
    """The network as TorchScript.

    Raises:
        RuntimeError: torch cannot trace it.
    """
    example = as_tensors(random_inputs(_EXAMPLE, length, seed=0))
    with torch.no_grad(), _quiet():
        return torch.jit.trace(PlainNetwork(network).eval(), example, check_trace=False)


def write_program(path: Path, program: ExportedProgram) -> None:
    """Write it atomically."""
    with atomic_path(path) as temporary, temporary.open("wb") as stream, _quiet():
        torch.export.save(program, stream)


def read_program(path: Path) -> Callable[..., Answer]:
    """What ``write_program`` wrote, ready to be called."""
    with path.open("rb") as stream:
        return torch.export.load(stream).module()


def write_trace(path: Path, trace: torch.jit.ScriptModule) -> None:
    """Write it atomically."""
    with atomic_path(path) as temporary, temporary.open("wb") as stream, _quiet():
        torch.jit.save(trace, stream)


def read_trace(path: Path) -> Callable[..., Answer]:
    """What ``write_trace`` wrote, ready to be called."""
    with path.open("rb") as stream, _quiet():
        return torch.jit.load(stream)


@contextmanager
def _quiet() -> Iterator[None]:
    """No word of torch about tracing's age, or about sizes it takes for constants: what is written
    is compared on other sizes.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
