"""export: the checkpoint's network as torch.export's program and as a TorchScript trace."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from spectramind.config.root import Config
from spectramind.contracts.work_folder import WorkFolder
from spectramind.errors import SpectraMindError
from spectramind.estimators.artifact import Artifact
from spectramind.models.exported import (
    NAMES,
    Answer,
    PlainNetwork,
    as_program,
    as_tensors,
    as_trace,
    random_inputs,
    read_program,
    read_trace,
    write_program,
    write_trace,
)
from spectramind.models.network import Inputs, SpectraMind
from spectramind.pipeline.result import Result
from spectramind.run.devices import prepare_cpu
from spectramind.run.record import RunRecord

_TOLERANCE = 1e-4  # of sigma for mu, relative for sigma, of the latent's spread: rounding
_SIZES = (1, 5)  # planets at once that answers are compared on
_ROUNDS = 7
Function = Callable[[Tensor, Tensor, Tensor, Tensor], Answer]


@dataclass(frozen=True)
class ExportedForm:
    """One form of the network.

    Attributes:
        name: what it is.
        path: where it lies; None if torch cannot make it.
        off: largest difference from the network, in sigmas (mu), relative (sigma), in the
            latent's standard deviations.
        speed: the network's time over its own, one batch on the CPU.
        why_not: torch's word where there is none.
    """

    name: str
    path: Path | None
    off: tuple[float, float, float] = (0.0, 0.0, 0.0)
    speed: float = 0.0
    why_not: str = ""

    def told(self) -> str:
        """A line for people."""
        if self.path is None:
            return f"{self.name}: torch cannot make it ({self.why_not})"
        off = ", ".join(f"{name} {value:.0e}" for name, value in zip(NAMES, self.off, strict=True))
        return f"{self.name}: {self.path}; off by at most {off}; {self.speed:.2f} x as fast"


@dataclass(frozen=True, eq=False)
class Exported(Result):
    """What export wrote.

    Attributes:
        program: torch.export's program.
        trace: the TorchScript trace.
        epoch: the network's.
        sequence_length: steps of FGS1's light curve that it takes.
        planets: at once, when speeds were compared.
    """

    program: ExportedForm
    trace: ExportedForm
    epoch: int
    sequence_length: int
    planets: int

    def report(self) -> list[str]:
        return [
            f"network of epoch {self.epoch}, {self.sequence_length} steps, any number of planets; "
            f"speeds beside the network itself, {self.planets} planets at once on the CPU",
            self.program.told(),
            self.trace.told(),
        ]


def export(config: Config, record: RunRecord) -> Exported:
    """Write both forms, read them back, compare them with the network.

    Raises:
        SchemaError: there is no checkpoint, or it is damaged.
        SpectraMindError: torch cannot export it, or what was written answers otherwise.
    """
    artifact, folder = Artifact.load(config.paths.checkpoint), WorkFolder(config.paths)
    network, length = artifact.network.eval(), artifact.sequence_length
    prepare_cpu(config.env.threads, network)
    batch = random_inputs(config.train.batch_size, length, config.seed)

    def program(path: Path) -> Function:
        write_program(path, as_program(network, length))
        return read_program(path)

    def trace(path: Path) -> Function:
        write_trace(path, as_trace(network, length))
        return read_trace(path)

    forms = {}
    for name, path, make in (
        ("torch.export", folder.exported_program, program),
        ("TorchScript", folder.exported_trace, trace),
    ):
        path.unlink(missing_ok=True)  # an older one is not this network's
        try:
            function = make(path)
        except RuntimeError as error:
            reason = str(error).strip().partition("\n")[0]
            forms[name] = ExportedForm(name, None, why_not=reason)
            continue
        forms[name] = _compared(name, path, function, network, batch, config.seed)
        record.artifact(path)
        record.metrics[f"speed_{path.suffix[1:]}"] = forms[name].speed
    if forms["torch.export"].path is None:
        raise SpectraMindError(f"{forms['torch.export'].told()}: keep to the checkpoint")
    if forms["TorchScript"].path is None:
        record.warn(forms["TorchScript"].told())
    planets = config.train.batch_size
    return Exported(forms["torch.export"], forms["TorchScript"], artifact.epoch, length, planets)


def _compared(
    name: str, path: Path, function: Function, network: SpectraMind, batch: Inputs, seed: int
) -> ExportedForm:
    """The form beside the network.

    Raises:
        SpectraMindError: it answers otherwise; its file is removed.
    """
    eager = PlainNetwork(network)
    length = batch.fgs1.shape[1]
    samples = [random_inputs(size, length, seed + size) for size in _SIZES] + [batch]
    found = np.array([_off(eager, function, one) for one in samples]).max(axis=0)
    off = (float(found[0]), float(found[1]), float(found[2]))
    if not (found <= _TOLERANCE).all():
        path.unlink()
        raise SpectraMindError(
            f"{name} does not answer as the network does (mu, sigma, latent off by "
            f"{', '.join(f'{value:.1e}' for value in off)}, allowed {_TOLERANCE:.0e}): not kept"
        )
    return ExportedForm(name, path, off, _speed(eager, function, batch))


def _off(eager: Function, function: Function, inputs: Inputs) -> list[float]:
    """Largest differences of mu in sigmas, of sigma relative, of the latent in its spread."""
    with torch.no_grad():
        expected, found = (one(*as_tensors(inputs)) for one in (eager, function))
    scales = (expected[1], expected[1], expected[2].std().clamp_min(1e-6))
    return [
        float(((mine - other).abs() / scale).max())
        for mine, other, scale in zip(found, expected, scales, strict=True)
    ]


def _speed(eager: Function, function: Function, inputs: Inputs) -> float:
    """Median time of the network over that of the other, taken in turn."""
    times: dict[Function, list[float]] = {eager: [], function: []}
    with torch.no_grad():
        for _ in range(_ROUNDS):
            for one, taken in times.items():
                start = time.perf_counter()
                one(*as_tensors(inputs))
                taken.append(time.perf_counter() - start)
    mine, other = (statistics.median(taken[2:]) for taken in times.values())
    return mine / other
