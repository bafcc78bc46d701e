"""The checks of ``gpu.py``; each yields rows: case, error, ms, peak MB, result.

Errors are relative: rms of the difference over rms of the reference. Times are medians.
"""

import copy
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from gpu_bench import HALF, TOLERANCE, Bench, off, verdict, with_gradients
from gpu_references import dense_attention, sequential_scan
from torch import Tensor, nn

from spectramind.instrument.graph import build_graph
from spectramind.instrument.grid import N_BINS
from spectramind.models.gat import GATv2
from spectramind.models.mamba import Mamba2
from spectramind.models.network import Inputs, Outputs, SpectraMind
from spectramind.models.state_scan import empty_state, scan_path, ssd_scan, triton_scan
from spectramind.training.engine.phase import Judged
from spectramind.training.engine.stepper import Stepper
from spectramind.training.engine.trainer import Trainer
from spectramind.training.objective import Objective

Row = tuple[str, str, str, str, str]
PLANETS = 1100
TRAINED = 660  # of them, three folds of five


def cuda_works() -> bool:
    """Whether torch sees a GPU."""
    return torch.cuda.is_available()


def title(device: str, small: bool) -> str:
    """What ran where."""
    if device == "cuda":
        card = torch.cuda.get_device_properties(0)
        where = f"{card.name}, {card.total_memory / 2**30:.0f} GiB, CUDA {torch.version.cuda}"
    else:
        where = f"CPU, {torch.get_num_threads()} threads"
    return f"**{where}, torch {torch.__version__}**" + (", small sizes" if small else "")


def scan_inputs(bench: Bench, dtype: torch.dtype) -> list[Tensor]:
    """x, dt, A, B, C, D of one layer of the network."""
    sizes = bench.model.fgs1_mamba
    batch = bench.train.batch_size
    length = -(-bench.train.sequence_length // sizes.stride)
    heads = sizes.expand * sizes.d_model // sizes.head_dim
    rng = torch.Generator().manual_seed(3)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=rng, dtype=torch.float64)

    made = [
        normal(batch, length, heads, sizes.head_dim),
        F.softplus(normal(batch, length, heads) - 3),
        -normal(heads).exp(),
        normal(batch, length, 1, sizes.d_state),
        normal(batch, length, 1, sizes.d_state),
        normal(heads),
    ]
    return [tensor.to(bench.device, dtype) for tensor in made]


def scan(bench: Bench) -> Iterator[Row]:
    """The chunked scan against the recurrence in float64; half precision: rounded inputs."""
    reference = with_gradients(sequential_scan, scan_inputs(bench, torch.float64))
    for precision in ("float64", "float32", *HALF):
        inputs = scan_inputs(bench, getattr(torch, precision))
        if precision in HALF:  # as Mamba2 does under autocast
            inputs = [tensor.float() for tensor in inputs]
        found = with_gradients(ssd_scan, inputs)
        errors = [off(mine, other) for mine, other in zip(found, reference, strict=True)]
        allowed = TOLERANCE.get(precision, 1e-10)
        said, result = verdict([errors[0], max(errors[1:])], allowed)
        ms, peak = bench.measured(lambda i=inputs: with_gradients(ssd_scan, i))
        yield f"{precision}, forward and backward", said, ms, peak, result
    yield triton(bench, reference)


def triton(bench: Bench, reference: list[Tensor]) -> Row:
    """mamba_ssm's own kernel, where it is installed."""
    path = scan_path(bench.device)
    if path.scan is not triton_scan:
        return "mamba_ssm's Triton kernel", "-", "-", "-", f"not tried: {path.why}"

    def theirs(x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor) -> Tensor:
        return triton_scan(x, dt, A, B, C, D, empty_state(x, B))[0]

    inputs = scan_inputs(bench, torch.float32)
    found = with_gradients(theirs, inputs)
    errors = [off(mine, other) for mine, other in zip(found, reference, strict=True)]
    said, result = verdict([errors[0], max(errors[1:])], TOLERANCE["float16"])  # TF32 inside
    ms, peak = bench.measured(lambda: with_gradients(theirs, inputs))
    return "mamba_ssm's Triton kernel, float32", said, ms, peak, result


def layer(
    bench: Bench,
    module: nn.Module,
    reference: Callable[[Tensor], Tensor],
    tokens: Tensor,
    call: Callable[[nn.Module, Tensor], Tensor],
) -> Iterator[Row]:
    """A layer in every precision against a reference in float64: answer, gradient of its input."""
    expected = with_gradients(reference, [tokens])
    module, tokens = module.to(bench.device, torch.float32), tokens.float()
    for precision in ("float32", *HALF):

        def work(x: Tensor, precision: str = precision) -> Tensor:
            with bench.autocast(precision):
                return call(module, x)

        found = with_gradients(work, [tokens])
        errors = [off(mine, other) for mine, other in zip(found, expected, strict=True)]
        said, result = verdict(errors, TOLERANCE[precision])
        ms, peak = bench.measured(lambda work=work: with_gradients(work, [tokens]))
        yield f"{precision}, forward and backward", said, ms, peak, result


def mamba(bench: Bench) -> Iterator[Row]:
    """A whole Mamba-2 layer against itself in float64."""
    sizes = bench.model.fgs1_mamba
    torch.manual_seed(4)
    module = Mamba2(sizes.d_model, sizes.d_state, sizes.head_dim, sizes.expand).double()
    exact = copy.deepcopy(module).to(bench.device)
    length = -(-bench.train.sequence_length // sizes.stride)
    tokens = torch.randn(bench.train.batch_size, length, sizes.d_model, dtype=torch.float64)
    yield from layer(bench, module, exact, tokens.to(bench.device), lambda m, x: m(x))


def attention(bench: Bench) -> Iterator[Row]:
    """Graph attention against the definition, a masked softmax over all pairs of bins, float64."""
    sizes, graph = bench.model.airs_gnn, build_graph(seam=bench.loss.seam)
    torch.manual_seed(5)
    module = GATv2(sizes.d_model, sizes.d_model, sizes.heads, 4, 0.0).double()
    exact = copy.deepcopy(module).to(bench.device)
    source, target = (torch.from_numpy(x).to(bench.device) for x in (graph.source, graph.target))
    edges = torch.from_numpy(graph.features).to(bench.device)
    nodes = torch.randn(N_BINS, bench.train.batch_size, sizes.d_model, dtype=torch.float64)

    def reference(x: Tensor) -> Tensor:
        return dense_attention(exact, x, source, target, edges.double())

    yield from layer(
        bench,
        module,
        reference,
        nodes.to(bench.device),
        lambda m, x: m(x, source, target, edges)[0],
    )


def train_step(
    bench: Bench,
    precision: str,
    network: SpectraMind,
    objective: Objective,
    stepper: Stepper,
    inputs: Inputs,
    y: Tensor,
) -> None:
    """One optimizer step on one batch."""
    with bench.autocast(precision):
        answer = network(inputs)
    stepper.take(objective(inputs, answer, y).total, stepper.batches)


def training(bench: Bench) -> Iterator[Row]:
    """Steps of exp_baseline by the engine's own stepper; the loss in every precision."""
    batch = bench.train.batch_size
    inputs, y = bench.planets(batch)
    inputs, y = inputs.to(bench.device), y.to(bench.device)
    objective = bench.objective()
    exact: float | None = None
    for precision in ("float32", *HALF):
        network = bench.network()
        with torch.no_grad(), bench.autocast(precision):
            answer = network.eval()(inputs)
        loss = float(objective(inputs, answer, y).total)
        exact = loss if exact is None else exact
        settings = bench.train.model_copy(
            update={"amp": precision == "float16", "grad_accum": 1, "warmup_steps": 0}
        )
        stepper = Stepper(network, settings, 10_000, bench.device, torch.float16)
        network.train()

        step = partial(train_step, bench, precision, network, objective, stepper, inputs, y)
        ms, peak = bench.measured(step)
        with torch.no_grad():
            end = float(objective(inputs, network.eval()(inputs), y).total)
        rate = batch / float(ms) * 1e3
        minutes = bench.train.epochs * TRAINED / rate / 60
        error, result = verdict([abs(loss - exact)], 0.01 if precision != "bfloat16" else 0.1)
        if not np.isfinite(end) or end >= loss:
            result = f"OFF: the loss went from {loss:.3f} to {end:.3f}"
        said = f"loss {loss:.4f} -> {end:.4f}, {rate:.0f} planets/s"
        projected = f"{bench.train.epochs} epochs of {TRAINED} planets: {minutes:.1f} min"
        case = f"{precision}, {batch} planets a step"
        yield case, error, ms, peak, f"{result}; {said}; {projected}"


class KilledError(Exception):
    """What stands for a killed process."""


class Toy:
    """A phase of the engine on random planets; killed before batch ``killed_at``."""

    def __init__(self, bench: Bench, killed_at: int = -1) -> None:
        self.bench, self.killed_at, self.seen = bench, killed_at, 0
        self.network, self.objective = bench.network(), bench.objective()
        self.size, self.count = bench.train.batch_size, 4
        self.inputs, self.y = bench.planets(self.size * self.count)

    def batch_count(self) -> int:
        """Batches an epoch."""
        return self.count

    def _batch(self, picked: Any) -> tuple[Inputs, Tensor]:
        i, device = self.inputs, self.bench.device
        part = Inputs(i.fgs1[picked], i.nodes[picked], i.mu0[picked], i.sigma0[picked])
        return part.to(device), self.y[picked].to(device)

    def batches(self, rng: np.random.Generator) -> Iterator[tuple[Inputs, Tensor]]:
        """One epoch in random order."""
        for picked in rng.permutation(len(self.y)).reshape(self.count, self.size):
            if self.seen == self.killed_at:
                raise KilledError
            self.seen += 1
            yield self._batch(picked)

    def rows(self, batch: tuple[Inputs, Tensor]) -> int:
        """Planets in a batch."""
        return len(batch[1])

    def part(self, batch: tuple[Inputs, Tensor], rows: slice) -> tuple[Inputs, Tensor]:
        """Some of them."""
        i, y = batch
        return Inputs(i.fgs1[rows], i.nodes[rows], i.mu0[rows], i.sigma0[rows]), y[rows]

    def answer(self, batch: tuple[Inputs, Tensor]) -> Outputs:
        """The network's."""
        return self.network(batch[0])

    def judge(self, batch: tuple[Inputs, Tensor], answer: Outputs) -> Judged:
        """The objective."""
        return Judged(self.objective(batch[0], answer, batch[1]).total, {})

    def evaluate(self) -> Tensor:
        """On the first batch."""
        self.network.eval()
        inputs, y = self._batch(slice(0, self.size))
        with torch.no_grad():
            return self.objective.likelihood(self.network(inputs), y).cpu()


@contextmanager
def quiet() -> Iterator[list[warnings.WarningMessage]]:
    """Warnings kept instead of shown."""
    with warnings.catch_warnings(record=True) as kept:
        warnings.simplefilter("always")
        yield kept


def trained(bench: Bench, folder: Path, name: str, killed_at: int = -1) -> Trainer[Any, Any]:
    """Four epochs, from ``folder/name`` on if it is there."""
    phase = Toy(bench, killed_at)
    torch.manual_seed(6)
    settings = bench.train.model_copy(
        update={"epochs": 4, "grad_accum": 2, "patience": 9, "warmup_steps": 2}
    )
    trainer = Trainer(phase, settings, bench.device, np.random.default_rng(7))
    trainer.run(folder / name, "s")
    return trainer


def resume(bench: Bench) -> Iterator[Row]:
    """Killed in the third epoch and gone on with, against never killed: the same bits?"""
    for deterministic in (True, False):
        torch.use_deterministic_algorithms(deterministic, warn_only=True)
        with tempfile.TemporaryDirectory() as name, quiet() as kept:
            folder = Path(name)
            whole = trained(bench, folder, "whole.pt")
            try:
                trained(bench, folder, "cut.pt", killed_at=10)
            except KilledError:
                torch.manual_seed(99)
            again = trained(bench, folder, "cut.pt")
        pairs = list(
            zip(whole.phase.network.parameters(), again.phase.network.parameters(), strict=True)
        )
        same = all(torch.equal(a, b) for a, b in pairs) and whole.history == again.history
        most = max(float((a - b).detach().abs().max()) for a, b in pairs)
        loose = {str(w.message).split(" ")[0] for w in kept if "deterministic" in str(w.message)}
        said = "the same bits" if same else f"weights differ by up to {most:.1e}"
        if deterministic and not same:
            said = f"OFF: {said}"
        if loose:
            said += f"; not deterministic by torch's word: {', '.join(sorted(loose))}"
        case = "deterministic algorithms" if deterministic else "torch's default algorithms"
        half = str(whole.stepper.half).removeprefix("torch.")
        yield f"{case}, {half}" if whole.stepper.amp else case, f"{most:.1e}", "-", "-", said


def corrections(
    bench: Bench, precision: str, network: SpectraMind, inputs: Inputs, size: int
) -> Tensor:
    """(mu - mu0) / sigma0 of all planets, back on the CPU, ``size`` at once."""
    parts = []
    with torch.no_grad(), bench.autocast(precision):
        for start in range(0, len(inputs.mu0), size):
            i = slice(start, start + size)
            mu0, sigma0 = inputs.mu0[i], inputs.sigma0[i]
            part = Inputs(inputs.fgs1[i], inputs.nodes[i], mu0, sigma0)
            parts.append((network(part.to(bench.device)).mu.cpu() - mu0) / sigma0)
    return torch.cat(parts)


def inference(bench: Bench) -> Iterator[Row]:
    """1,100 planets from host memory and back, as predict does, in batches of 16 and 64."""
    network = bench.network().eval()
    count = 8 if bench.small else PLANETS
    inputs, _ = bench.planets(count)
    exact: Tensor | None = None
    for precision, size in (("float32", 16), ("float32", 64), ("float16", 64), ("bfloat16", 64)):
        predict = partial(corrections, bench, precision, network, inputs, size)
        found = predict()
        exact = found if exact is None else exact
        error, result = verdict([off(found, exact)], TOLERANCE[precision])
        ms, peak = bench.measured(predict)
        rate = count / float(ms) * 1e3
        case = f"{count} planets, {precision}, {size} at once"
        yield case, error, ms, peak, f"{result}; {rate:.0f} planets/s"


def retrieval(bench: Bench) -> Iterator[Row]:
    """Batches of spectra and the networks that learn from them."""
    missing = [name for name in ("scipy", "yaml", "zuko") if find_spec(name) is None]
    if missing:
        yield "spectra and networks", "-", "-", "-", f"not tried: needs {', '.join(missing)}"
        return
    from gpu_retrieval import forward, networks

    yield from forward(bench)
    yield from networks(bench)


CHECKS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "scan": scan,
    "Mamba-2 layer": mamba,
    "graph attention": attention,
    "training step": training,
    "exact resume": resume,
    "inference": inference,
    "retrieval": retrieval,
}
