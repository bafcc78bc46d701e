"""Settings, device, and how the checks of ``gpu.py`` measure on it."""

import gc
import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from gpu_settings import read_settings
from torch import Tensor

from spectramind.config.loss import LossConfig
from spectramind.config.model import ModelConfig
from spectramind.config.optimisation import TrainConfig
from spectramind.instrument.grid import N_BINS
from spectramind.models.assembly import build_network
from spectramind.models.inputs import FGS1_CHANNELS, NODE_CHANNELS
from spectramind.models.network import Inputs, SpectraMind
from spectramind.symbolic.pack import SymbolicPack
from spectramind.training.objective import Objective

HALF = {"float16": torch.float16, "bfloat16": torch.bfloat16}
# Relative rms errors that are rounding: float32 (TF32 convolutions included), float16, bfloat16.
TOLERANCE = {"float32": 1e-3, "float16": 1e-2, "bfloat16": 5e-2}


class Bench:
    """Settings, device, and how to measure on it."""

    def __init__(self, device: str, small: bool) -> None:
        self.device, self.small = torch.device(device), small
        tree = read_settings("exp_baseline")
        if small:
            tree["model"]["fgs1_mamba"] |= {"d_model": 32, "n_layers": 1, "d_state": 8}
            tree["model"]["fgs1_mamba"]["head_dim"] = 16
            tree["model"]["airs_gnn"] |= {"d_model": 16, "layers": 1}
            tree["train"] |= {"batch_size": 2, "sequence_length": 96}
        self.model = ModelConfig.model_validate(tree["model"])
        self.train = TrainConfig.model_validate(tree["train"])
        self.loss = LossConfig.model_validate(tree["loss"])
        self.repeats = 2 if small else 20

    def free(self) -> None:
        """Give memory back between checks, and the usual arithmetic."""
        gc.collect()
        torch.use_deterministic_algorithms(False)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def autocast(self, precision: str) -> AbstractContextManager[Any]:
        """Mixed precision as the network uses it; nothing for float32 and float64."""
        if precision not in HALF:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=HALF[precision])

    def measured(self, work: Callable[[], object]) -> tuple[str, str]:
        """Median time [ms] after a warm-up, and peak memory over the start [MB]."""
        work()
        gpu = self.device.type == "cuda"
        if gpu:
            torch.cuda.synchronize()
            torch.cuda.reset_peak_memory_stats()
        start = torch.cuda.memory_allocated() if gpu else 0
        times = []
        begin = time.perf_counter()
        while len(times) < self.repeats and time.perf_counter() - begin < 5:
            before = time.perf_counter()
            work()
            if gpu:
                torch.cuda.synchronize()
            times.append(1e3 * (time.perf_counter() - before))
        peak = f"{(torch.cuda.max_memory_allocated() - start) / 1e6:.0f}" if gpu else "-"
        return f"{statistics.median(times):.2f}", peak

    def network(self, seed: int = 1) -> SpectraMind:
        """A fresh network of these sizes, its outputs no longer zero."""
        torch.manual_seed(seed)
        network = build_network(self.model, self.loss.seam)
        with torch.no_grad():
            for name, weight in network.named_parameters():
                if name.endswith("out.weight"):
                    weight.normal_(0, 0.02)
        return network.to(self.device)

    def planets(self, count: int, seed: int = 2) -> tuple[Inputs, Tensor]:
        """Planets of random light curves and nodes, and their spectra, on the CPU."""
        rng = torch.Generator().manual_seed(seed)

        def normal(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=rng)

        mu0 = 0.01 + 1e-4 * normal(count, N_BINS)
        sigma0 = 5e-5 * (1 + torch.rand(count, N_BINS, generator=rng))
        fgs1 = normal(count, self.train.sequence_length, FGS1_CHANNELS)
        inputs = Inputs(fgs1, normal(count, N_BINS, NODE_CHANNELS), mu0, sigma0)
        return inputs, mu0 + sigma0 * normal(count, N_BINS)

    def objective(self) -> Objective:
        """Likelihood, coarse scales, rules."""
        return Objective(SymbolicPack(self.loss), self.train.aux_weight).to(self.device)


def off(found: Tensor, reference: Tensor) -> float:
    """Relative rms error."""
    difference = found.double() - reference.double()
    return float(difference.square().mean().sqrt() / reference.double().square().mean().sqrt())


def verdict(errors: list[float], allowed: float) -> tuple[str, str]:
    """Errors as text, and whether all are finite and allowed."""
    good = all(np.isfinite(error) and error <= allowed for error in errors)
    said = " / ".join(f"{error:.1e}" for error in errors)
    return said, "ok" if good else f"OFF: more than {allowed:.0e}"


def with_gradients(work: Callable[..., Tensor], inputs: list[Tensor]) -> list[Tensor]:
    """The answer, and the gradients of the sum of its sines."""
    inputs = [tensor.detach().clone().requires_grad_() for tensor in inputs]
    answer = work(*inputs)
    return [answer.detach(), *torch.autograd.grad(answer.double().sin().sum(), inputs)]
