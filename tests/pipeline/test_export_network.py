"""export: both forms answer as the network does, anywhere torch is; a wrong one is not kept."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from spectramind.config.compose import compose
from spectramind.config.root import Config
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.work_folder import WorkFolder
from spectramind.errors import SchemaError, SpectraMindError
from spectramind.estimators.artifact import Artifact
from spectramind.instrument.grid import N_BINS
from spectramind.models.assembly import build_network
from spectramind.models.exported import PlainNetwork, as_tensors, random_inputs
from spectramind.pipeline import export_network
from spectramind.pipeline.export_network import export
from spectramind.prior.prior_fit import fit_prior
from spectramind.run.record import RunRecord

Settings = Callable[..., Config]

OUTSIDE = """
import sys, torch
sys.modules["spectramind"] = None
inputs = torch.load("inputs.pt")
forms = torch.export.load(sys.argv[1]).module(), torch.jit.load(sys.argv[2])
with torch.no_grad():
    torch.save([form(*inputs) for form in forms], "answers.pt")
"""


@pytest.fixture
def settings(small_network: tuple[str, ...]) -> Settings:
    """Settings of a small network in a work folder, and more overrides."""

    def of(work: Path, *more: str) -> Config:
        usual = [*small_network, "train.sequence_length=70"]
        return compose([*usual, f"paths.work={work}", *more])

    return of


def save_checkpoint(config: Config) -> Artifact:
    """As if trained: no layer silent."""
    rng = np.random.default_rng(0)
    truth = 0.01 + 1e-4 * rng.standard_normal((6, N_BINS))
    noise, mode = np.full(N_BINS, 1e-8), np.full((N_BINS, 1), 5e-5)
    visits = [[Measurement(depth, noise, mode)] for depth in truth]
    torch.manual_seed(0)
    network = build_network(config.model, None)
    for weight in network.parameters():
        if not weight.any():
            torch.nn.init.normal_(weight, std=0.1)
    artifact = Artifact(
        network=network.eval(),
        prior=fit_prior(truth, visits, config.model.prior),
        model=config.model,
        seam=None,
        sequence_length=config.train.sequence_length,
        epoch=3,
        history=[],
        settings="settings",
        train_ids=("1",),
        stop_ids=("2",),
    )
    artifact.save(config.paths.checkpoint)
    return artifact


def record(config: Config) -> RunRecord:
    return RunRecord("export", {}, config.paths.work)


@pytest.mark.slow
@pytest.mark.parametrize(
    "kinds",
    [
        ("model.airs_gnn.type=gat",),
        ("model.airs_gnn.type=rgcn", "model.head_sigma.type=flow"),
        ("model.decoder_mu.type=diffusion",),
    ],
    ids=["gat", "rgcn and flow", "diffusion"],
)
def test_both_forms_answer_without_this_package(
    tmp_path: Path, settings: Settings, kinds: tuple[str, ...]
) -> None:
    config = settings(tmp_path, *kinds)
    artifact = save_checkpoint(config)
    run = record(config)
    found = export(config, run)
    folder = WorkFolder(config.paths)
    assert run.artifacts == [folder.exported_program, folder.exported_trace]
    assert all(value < 1e-5 for form in (found.program, found.trace) for value in form.off)
    assert found.program.speed > 0
    assert "network of epoch 3, 70 steps" in found.report()[0]

    inputs = as_tensors(random_inputs(4, 70, seed=9))
    torch.save(inputs, tmp_path / "inputs.pt")
    (tmp_path / "outside.py").write_text(OUTSIDE)
    paths = [folder.exported_program, folder.exported_trace]
    subprocess.run([sys.executable, "outside.py", *map(str, paths)], check=True, cwd=tmp_path)
    expected = PlainNetwork(artifact.network)(*inputs)
    for answer in torch.load(tmp_path / "answers.pt"):
        for mine, other in zip(answer, expected, strict=True):
            torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-7)


def test_without_a_checkpoint_one_line_says_what_to_do(tmp_path: Path, settings: Settings) -> None:
    config = settings(tmp_path)
    with pytest.raises(SchemaError, match="is missing: run `spectramind train` first"):
        export(config, record(config))
    assert not config.paths.exports.exists()


@pytest.fixture
def traced_quickly(monkeypatch: pytest.MonkeyPatch) -> Callable[..., torch.jit.ScriptModule]:
    """The program's place taken by a trace: a quarter of the time."""
    monkeypatch.setattr(export_network, "as_program", export_network.as_trace)
    monkeypatch.setattr(export_network, "write_program", export_network.write_trace)
    monkeypatch.setattr(export_network, "read_program", export_network.read_trace)
    return export_network.as_trace


@pytest.mark.parametrize("wrong", [1.0 + 1e-3, float("nan")])
def test_a_form_that_answers_otherwise_is_not_kept(
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    traced_quickly: object,
    wrong: float,
) -> None:
    config = settings(tmp_path)
    save_checkpoint(config)
    right = export_network.read_program

    def bent(path: Path) -> Callable[..., tuple[torch.Tensor, ...]]:
        function = right(path)

        def answer(*inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
            mu, sigma, latent = function(*inputs)
            return mu, sigma, wrong * latent

        return answer

    monkeypatch.setattr(export_network, "read_program", bent)
    with pytest.raises(SpectraMindError, match="does not answer as the network does"):
        export(config, record(config))
    assert list(config.paths.exports.iterdir()) == []


def refused(*arguments: object) -> None:
    raise RuntimeError("no kernel\nand a page more")


def test_a_trace_that_torch_cannot_make_is_said(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, traced_quickly: object
) -> None:
    config = settings(tmp_path)
    save_checkpoint(config)
    stale = WorkFolder(config.paths).exported_trace
    stale.parent.mkdir(parents=True)
    stale.touch()
    monkeypatch.setattr(export_network, "as_trace", refused)
    run = record(config)
    found = export(config, run)
    assert found.program.path is not None
    assert found.trace.path is None
    assert run.warnings == ["TorchScript: torch cannot make it (no kernel)"]
    assert not stale.exists()


def test_a_program_that_torch_cannot_make_ends_the_command(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = settings(tmp_path)
    save_checkpoint(config)
    monkeypatch.setattr(export_network, "as_program", refused)
    with pytest.raises(SpectraMindError, match=r"torch\.export: torch cannot make it \(no kernel"):
        export(config, record(config))
