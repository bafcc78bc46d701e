"""selftest: is this installation whole? --deep: does it compute what it should?"""

import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from rich.console import RenderableType
from rich.table import Table

from spectramind.config.compose import compose, resource_dir
from spectramind.config.root import Config
from spectramind.contracts.star_row import StarRow
from spectramind.diagnostics.panels import report_panels
from spectramind.errors import SpectraMindError
from spectramind.features.visit_fit import estimate
from spectramind.instrument.grid import N_BINS
from spectramind.models.assembly import build_network
from spectramind.models.inputs import FGS1_CHANNELS, NODE_CHANNELS
from spectramind.models.state_scan import scan_path
from spectramind.physics.orbit import projected_separation
from spectramind.physics.transit import transit_flux
from spectramind.pipeline.commands import COMMANDS
from spectramind.pipeline.deep_checks import exported, one_planet
from spectramind.pipeline.result import Result
from spectramind.pipeline.schemas import SCHEMAS
from spectramind.run.devices import pick_device
from spectramind.run.record import RunRecord


@dataclass(frozen=True)
class Finding:
    """What one check found, or why it failed."""

    check: str
    passed: bool
    said: str


@dataclass(frozen=True, eq=False)
class Findings(Result):
    """All checks, in order."""

    checks: tuple[Finding, ...]

    @property
    def failed(self) -> list[str]:
        """Names of the checks that failed."""
        return [one.check for one in self.checks if not one.passed]

    def report(self) -> list[RenderableType]:
        table = Table(title="selftest")
        for column in ("check", "result", "finding"):
            table.add_column(column)
        for one in self.checks:
            table.add_row(one.check, "ok" if one.passed else "FAIL", one.said)
        return [table]

    @property
    def problem(self) -> SpectraMindError | None:
        if not self.failed:
            return None
        return SpectraMindError(f"selftest failed: {', '.join(self.failed)}")


def selftest(config: Config, record: RunRecord, deep: bool = False) -> Findings:
    """Run every check."""
    checks: dict[str, Callable[[Config], str]] = {
        "commands": _commands,
        "experiments": _experiments,
        "schemas": _schemas,
        "rules": _rules,
        "panels": _panels,
        "scan": _scan,
        "graph": _graph,
    }
    if deep:
        checks |= {
            "network": _network,
            "export": exported,
            "transit": _transit,
            "kill chain": _kill_chain,
            "one planet": one_planet,
        }
    found = []
    for name, check in checks.items():
        try:
            found.append(Finding(name, True, check(config)))
        except Exception as error:  # a broken installation breaks in any way
            found.append(Finding(name, False, f"{type(error).__name__}: {error}"))
    return Findings(tuple(found))


def _commands(config: Config) -> str:
    for target in COMMANDS.values():
        module, name = target.split(":")
        if not callable(getattr(importlib.import_module(module), name)):
            raise SpectraMindError(f"{target} is not a function")
    return f"{len(COMMANDS)} commands import"


def _experiments(config: Config) -> str:
    names = sorted(path.stem for path in (resource_dir("configs") / "experiment").glob("*.yaml"))
    for name in names:
        compose([f"experiment={name}"])
    return f"{', '.join(names)} compose"


def _schemas(config: Config) -> str:
    for name, make in SCHEMAS.items():
        kept = json.loads((resource_dir("schemas") / name).read_text(encoding="utf-8"))
        if kept != make():
            raise SpectraMindError(f"schemas/{name} is not what the code says")
    return f"{len(SCHEMAS)} schemas agree with the code"


def _rules(config: Config) -> str:
    from spectramind.symbolic.auditor import Auditor

    rules = Auditor(config.loss, config.audit.bands).bands
    return f"{', '.join(rules)} have a file, a weight and a severity band each"


def _panels(config: Config) -> str:
    return f"{len(report_panels())} panels"


def _scan(config: Config) -> str:
    """Which code computes the network's scan on the device at hand."""
    path = scan_path(pick_device(config.env.device))
    return f"{path.name}: {path.why}"


def _graph(config: Config) -> str:
    """Which code computes the graph's attention."""
    kind, threads = config.model.airs_gnn.type, config.env.threads
    how = "gathers and sums over the edge list" if kind == "gat" else "RGCN over the edge list"
    said = "one a core for a large network" if threads == 0 else str(threads)
    return f"plain torch, {how}: the graph is fixed; threads: {said}"


def _kill_chain(config: Config) -> str:
    """Which code calibrates frames; a compiled function that numba does not compile would crawl."""
    import numba

    from spectramind.calibration.kernel import fused

    compiled = [
        name
        for name, one in vars(fused).items()
        if isinstance(one, numba.core.dispatcher.Dispatcher)
    ]
    if not compiled:
        raise SpectraMindError("the kill chain is not compiled: is NUMBA_DISABLE_JIT set?")
    return f"fused, compiled by numba {numba.__version__} ({len(compiled)} kernels)"


def _network(config: Config) -> str:
    """An untrained network must give the physics estimate back."""
    import torch

    from spectramind.models.network import Inputs

    network = build_network(config.model, config.loss.seam).eval()
    mu0, sigma0 = torch.full((2, N_BINS), 0.01), torch.full((2, N_BINS), 1e-4)
    length = config.train.sequence_length
    inputs = Inputs(
        torch.zeros(2, length, FGS1_CHANNELS), torch.zeros(2, N_BINS, NODE_CHANNELS), mu0, sigma0
    )
    with torch.no_grad():
        outputs = network(inputs)
    if not torch.allclose(outputs.mu, mu0) or not torch.allclose(outputs.sigma, sigma0):
        raise SpectraMindError("the untrained network does not give the physics estimate")
    weights = sum(p.numel() for p in network.parameters())
    return f"{weights:,} weights, untrained output is the physics estimate"


def _transit(config: Config) -> str:
    """A transit of known depth must come back within five sigma."""
    rng = np.random.default_rng(config.seed)
    time_h = np.linspace(0.025, 7.475, 150)
    star = StarRow(period_d=4.0, a_over_rs=10.0, inclination_deg=88.5, teff_k=5800.0)
    separation = projected_separation(time_h, 3.6, star.period_d, star.a_over_rs, 88.5)
    depth = 0.01
    limb = np.tile([0.2, 0.1], (N_BINS, 1))
    flux = transit_flux(separation, np.full(N_BINS, np.sqrt(depth)), limb).T
    noisy = (flux * (1 + 1e-3 * rng.standard_normal(flux.shape))).astype(np.float64)
    found = estimate(time_h, noisy, star, config.fit).fit
    error = float(found.depth[1:].mean() - depth)
    mode = found.modes[1:].mean(axis=0)
    sigma = float(np.sqrt(found.variance[1:].mean() / (N_BINS - 1) + mode @ mode))
    if abs(error) > 5 * sigma:
        raise SpectraMindError(f"depth off by {error / sigma:.1f} sigma")
    return f"depth of 10000 ppm found to {error * 1e6:+.0f} ppm (sigma {sigma * 1e6:.0f})"
