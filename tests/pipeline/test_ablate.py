"""ablate on planets made up in memory: pairs, resumes, goes on where a variant fails."""

import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from spectramind.config.alter import altered
from spectramind.config.compose import compose
from spectramind.config.root import Config
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.planet import LabelledPlanets, Planet
from spectramind.contracts.spectra import SPECTRUM_COLUMNS
from spectramind.contracts.work_folder import WorkFolder
from spectramind.errors import ConfigError, SchemaError
from spectramind.estimators.artifact import Artifact
from spectramind.instrument.grid import N_BINS
from spectramind.pipeline import ablate as ablating
from spectramind.pipeline import pretrain, references, train, train_members
from spectramind.pipeline.ablate import Ablation, ablate
from spectramind.pipeline.ablation_grid import CHANGEABLE, Variant
from spectramind.pipeline.search_space import Range, read_space
from spectramind.run.record import RunRecord

NAMES = [str(100 + i) for i in range(15)]
TEST = ["7", "8", "9"]
GRID = """
variants:
  - {name: "fusion: gate", overrides: [model.fusion.type=gate]}
  - {name: "fusion: concat", overrides: [model.fusion.type=concat_mlp]}
  - {name: "pretraining: mae", pretrain: mae}
"""
SMALL = [
    "train.batch_size=4",
    "train.sequence_length=32",
    "train.epochs=1",
    "train.mae.epochs=1",
    "ablate.seeds=[1,2]",
]


def made_up(name: str) -> tuple[Planet, np.ndarray]:
    rng = np.random.default_rng(int(name))
    model = np.where(np.abs(np.linspace(-1, 1, 64)) < 0.4, 0.99, 1.0)[:, None].repeat(2, 1)
    y = rng.normal(0.015, 0.003) + 1e-4 * rng.normal() * np.sin(6 * np.linspace(0, 1, N_BINS))
    depth = y + 2e-4 * rng.standard_normal(N_BINS)
    seen = Measurement(depth, np.full(N_BINS, 4e-8), np.full((N_BINS, 1), 3e-5))
    curve = model + 1e-4 * rng.standard_normal((64, 2))
    return Planet(name, (seen,), curve, model, curve - model, (name,), (name,)), y


def labelled(config: Config, tree: object, ids: list[str]) -> LabelledPlanets:
    chosen = [made_up(name) for name in ids]
    return LabelledPlanets(tuple(p for p, _ in chosen), np.stack([y for _, y in chosen]))


@pytest.fixture
def config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_network: tuple[str, ...]
) -> Config:
    tree = SimpleNamespace(root=tmp_path, splits=lambda: ["train", "test"])
    tree.planets = lambda split: NAMES if split == "train" else TEST

    def truths(path: Path) -> pd.DataFrame:
        names = NAMES if path.name == "train.csv" else TEST
        return pd.DataFrame([made_up(n)[1] for n in names], names, SPECTRUM_COLUMNS)

    def planets(config: Config, tree: object, split: str, ids: list[str]) -> list[Planet]:
        assert split == "test"
        return [made_up(name)[0] for name in ids]

    for module in (train, pretrain, references, ablating):
        monkeypatch.setattr(module, "KaggleTree", lambda root: tree)
    for module in (train, references):
        monkeypatch.setattr(module, "load_labelled", labelled)
    monkeypatch.setattr(train, "labelled_ids", lambda tree: NAMES)
    monkeypatch.setattr(pretrain, "load_visits", lambda c, t, ids: [made_up(n)[0] for n in ids])
    monkeypatch.setattr(ablating, "read_truth", truths)
    monkeypatch.setattr(ablating, "load_planets", planets)
    (tmp_path / "grid.yaml").write_text(GRID, encoding="utf-8")
    (tmp_path / "truth.csv").touch()
    moved = [f"paths.work={tmp_path / 'work'}", f"paths.truth={tmp_path / 'truth.csv'}"]
    return compose([*SMALL, *small_network, *moved, f"ablate.grid={tmp_path / 'grid.yaml'}"])


def done(config: Config) -> tuple[Ablation, RunRecord]:
    record = RunRecord("ablate", {}, config.paths.work)
    return ablate(config, record), record


def test_variants_are_judged_beside_the_base_and_not_trained_again(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[int] = []
    one = train_members.Members._one

    def counted(self: train_members.Members, number: int, *rest: object) -> None:
        trained.append(self.config.seed)
        one(self, number, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(train_members.Members, "_one", counted)
    found, record = done(config)
    assert trained == [1, 2] * 3
    names = [row.name for row in found.table.rows]
    assert names == ["base", "physics alone", "fusion: gate", "pretraining: mae"]
    assert found.table.unchanged == ("fusion: concat",)
    assert (found.table.on, len(found.table.planets)) == ("calibration", 3)
    base = found.table.base
    for row in found.table.rows:
        assert row.score == pytest.approx(np.mean(row.by_seed))
        assert row.difference.value == pytest.approx(row.score - base.score, abs=1e-12)
        assert row.difference.low <= row.difference.value <= row.difference.high
        if row.kept == 0:
            assert row.score == pytest.approx(found.table.rows[1].score, abs=1e-5)
    folder = WorkFolder(config.paths).ablation
    assert record.artifacts == [folder.numbers, folder.markdown, folder.page]
    assert json.loads(folder.numbers.read_text())["rows"][2]["name"] == "fusion: gate"
    assert (folder.run("pretraining-mae", 2) / "pretrained.pt").is_file()
    again, _ = done(config)
    assert len(trained) == 6
    assert again.table.rows == found.table.rows


def test_the_test_planets_judge_where_they_are_asked_to(config: Config) -> None:
    on = config.ablate.model_copy(update={"judge_on": "test", "seeds": (1,)})
    found, _ = done(config.model_copy(update={"ablate": on}))
    assert found.table.planets == tuple(TEST)
    config.paths.truth.unlink()
    with pytest.raises(SchemaError, match="cannot judge without their true spectra"):
        done(config.model_copy(update={"ablate": on}))


def test_a_variant_that_fails_is_named_and_the_others_go_on(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = ablating.train

    def failing(config: Config, record: RunRecord) -> object:
        if config.model.fusion.type == "gate":
            raise SchemaError("its folds are empty")
        return honest(config, record)

    monkeypatch.setattr(ablating, "train", failing)
    found, record = done(config)
    assert [row.name for row in found.table.rows][2:] == ["pretraining: mae"]
    assert isinstance(found.problem, SchemaError)
    assert "'fusion: gate' is not in the table: its folds are empty" in str(found.problem)
    assert any("fusion: gate is missing" in line for line in found.table.remarks())
    assert len(record.warnings) == 1


SEARCH = """
search:
  train.lr: {low: 1.0e-4, high: 1.0e-2, log: true}
  model.fusion.type: [gate, cross-attend]
"""


def searching(config: Config, trials: int, text: str = SEARCH) -> Config:
    file = config.paths.work.parent / "search.yaml"
    file.write_text(text, encoding="utf-8")
    changes = {"grid": None, "search": file, "trials": trials, "seeds": (1,)}
    return config.model_copy(update={"ablate": config.ablate.model_copy(update=changes)})


def test_a_search_goes_on_from_its_journal(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    optuna = pytest.importorskip("optuna", reason="needs Optuna: pip install 'spectramind[sweep]'")
    first, record = done(searching(config, 2))
    rows = {row.name: row for row in first.table.rows}
    assert set(rows) == {"base", ablating.PHYSICS, "trial 0", "trial 1"}
    assert record.warnings == []
    assert "flattered" in " ".join(first.table.remarks())
    assert first.table.provenance["search"].endswith("search.yaml")
    for name in ("trial 0", "trial 1"):
        said = dict(one.split("=") for one in rows[name].changes.split(", "))
        assert 1e-4 <= float(said["train.lr"]) <= 1e-2
        assert said["model.fusion.type"] in ('"gate"', '"cross-attend"')

    trained: list[str] = []
    plain = ablating._trained

    def killed(config: Config, variant: Variant, seed: int, record: RunRecord) -> Artifact:
        trained.append(variant.name)
        if variant.name == "trial 2":
            raise KeyboardInterrupt
        return plain(config, variant, seed, record)

    monkeypatch.setattr(ablating, "_trained", killed)
    with pytest.raises(KeyboardInterrupt):
        done(searching(config, 4))
    monkeypatch.setattr(ablating, "_trained", plain)
    again, _ = done(searching(config, 4))
    later = {row.name: row for row in again.table.rows}
    assert set(later) == {*rows, "trial 2", "trial 3"}
    assert {n: later[n].by_planet for n in rows} == {n: rows[n].by_planet for n in rows}
    journal = WorkFolder(config.paths).ablation.search
    backend = optuna.storages.journal.JournalFileBackend(str(journal))
    storage = optuna.storages.JournalStorage(backend)
    (study,) = optuna.get_all_study_summaries(storage)
    found = optuna.load_study(study_name=study.study_name, storage=storage)
    told = [later[f"trial {number}"] for number in range(4)]
    values = [row.score + 1e-6 * row.gain for row in told]
    assert [trial.value for trial in found.trials] == pytest.approx(values, abs=1e-9)
    assert found.best_value == pytest.approx(max(values), abs=1e-9)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("search:\n  train.rl: [1, 2]", "unknown config key 'train.rl': did you mean"),
        ("search:\n  seed: [1, 2]", "a variant changes keys of model"),
        ("search:\n  train.lr: [0.1]", "train.lr needs two values or more"),
        ("search:\n  train.lr: {low: 2, high: 1}", "low=2 must be below high=1"),
        ("search:\n  train.lr: {low: 0.0, high: 1.0, log: true}", "log: true needs low above 0"),
        ("search:\n  train.lr: {low: -1.0, high: 1.0}", "config key 'train.lr'"),
        ("variants: []", "a search is `search:`"),
        ("search: [", "cannot be read"),
    ],
)
def test_a_search_that_cannot_be_is_told_before_anything_is_trained(
    config: Config, text: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)) as told:
        done(searching(config, 2, text))
    assert "search.yaml" in str(told.value)
    assert not WorkFolder(config.paths).ablation.root.exists()


def test_a_search_without_optuna_is_told(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ConfigError, match=r"pip install 'spectramind\[sweep\]'"):
        done(searching(config, 2))


def test_the_search_that_is_shipped_can_be_trained(config: Config) -> None:
    space = read_space(Path("network"))
    assert {key for key in space.settings if not key.startswith(CHANGEABLE)} == set()
    for key, where in space.settings.items():
        for value in (where.low, where.high) if isinstance(where, Range) else where:
            assert altered(config, [f"{key}={value}"]) is not None


def test_grid_and_search_together_are_refused() -> None:
    with pytest.raises(ConfigError, match="leave one of them out"):
        compose(["ablate.grid=a.yaml", "ablate.search=b.yaml"])
