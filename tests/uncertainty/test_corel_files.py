"""COREL's files with several levels, groups and a network: they come back, or are refused."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spectramind.contracts.work_folder import CalibratorFolder
from spectramind.errors import ConfigError, SchemaError
from spectramind.run.atomic import write_npz
from spectramind.uncertainty import corel_store
from spectramind.uncertainty.corel import Corel
from spectramind.uncertainty.corel_store import load_corel, save_corel
from tests.uncertainty.test_corel_forms import SMOOTHER, scattered, settings

MINE, SPLIT = "a" * 64, "c" * 64
RNG = np.random.default_rng(0)
TOLD = scattered(RNG, 60)


@pytest.fixture
def where(tmp_path: Path) -> CalibratorFolder:
    return CalibratorFolder(tmp_path / "temperature.json", tmp_path / "corel.npz")


def fitted(form: str = "lift") -> Corel:
    asked = settings("alpha=[0.05,0.1,0.32]", "groups=[faint,doubted]", "gnn.steps=12")
    return Corel.learn(TOLD, asked, form, SMOOTHER, "cross")  # type: ignore[arg-type]


def saved(where: CalibratorFolder, corel: Corel) -> Corel:
    save_corel(
        where,
        corel,
        tau=1.2,
        fold="out-of-fold",
        planets=TOLD.ids,
        checkpoint=MINE,
        split=SPLIT,
        found={"choice": "because"},
    )
    return corel


def loaded(where: CalibratorFolder, split: str | None = SPLIT) -> Corel:
    return load_corel(where, tau=1.2, checkpoint=MINE, split=split)


@pytest.mark.parametrize("form", ["split", "cross", "lift", "gnn"])
def test_every_form_comes_back_to_the_bit(where: CalibratorFolder, form: str) -> None:
    ours, again = saved(where, fitted(form)), loaded(where)
    assert (again.form, again.kind, again.mondrian) == (form, "cross", ours.mondrian)
    given = TOLD.mu, TOLD.sigma, TOLD.circumstances
    one, two = ours.intervals(*given), again.intervals(*given)
    assert [level.level for level in two.every_level] == pytest.approx([0.95, 0.9, 0.68])
    for mine, theirs in zip(one.every_level, two.every_level, strict=True):
        np.testing.assert_array_equal(mine.half_width, theirs.half_width)
    assert one.groups == two.groups


def test_saving_twice_gives_the_same_files(where: CalibratorFolder) -> None:
    files = where.corel, where.corel_table, where.corel_quantiles, where.corel_record
    saved(where, fitted("gnn"))
    before = [path.read_bytes() for path in files]
    saved(where, fitted("gnn"))
    assert [path.read_bytes() for path in files] == before


def test_tables_and_record_tell_all(where: CalibratorFolder) -> None:
    ours = saved(where, fitted())
    table = pd.read_csv(where.corel_quantiles)
    assert list(table.columns) == [
        "alpha",
        "group",
        "bin",
        "wavelength_um",
        "q",
        "n_scores",
        "taught_by",
    ]
    assert len(table) == 3 * 3 * 283
    first = table[(table.alpha == 0.1) & (table.group == "rest")]
    np.testing.assert_allclose(first["q"], ours.every_level[1].quantiles[-1], rtol=1e-8)
    told = json.loads(where.corel_record.read_text())
    assert (told["kind"], told["scores"], told["n"]) == ("lift", "cross", 60)
    assert told["alpha"] == [0.05, 0.1, 0.32]
    assert (told["checkpoint"], told["split"], told["choice"]) == (MINE, SPLIT, "because")
    assert {len(told[key]) for key in ("grid", "graph")} == {64}
    assert told["planets"] == list(TOLD.ids)


@pytest.mark.parametrize(
    ("name", "words"), [("grid_digest", "wavelength grid"), ("graph_digest", "bin graph")]
)
def test_another_grid_or_graph_is_refused(
    where: CalibratorFolder, monkeypatch: pytest.MonkeyPatch, name: str, words: str
) -> None:
    saved(where, fitted())
    monkeypatch.setattr(corel_store, name, lambda: "d" * 64)
    with pytest.raises(ConfigError, match=f"another {words}.*calibrate-corel"):
        loaded(where)


def test_another_split_is_refused_and_none_is_not_missed(where: CalibratorFolder) -> None:
    saved(where, fitted())
    with pytest.raises(ConfigError, match="another split of the labelled planets"):
        loaded(where, "d" * 64)
    assert loaded(where, None).alpha == 0.05


@pytest.mark.parametrize("key", ["grid", "graph", "split", "checkpoint", "tau", "planets", "kind"])
def test_a_record_of_another_fit_is_refused(where: CalibratorFolder, key: str) -> None:
    saved(where, fitted())
    told = json.loads(where.corel_record.read_text())
    where.corel_record.write_text(json.dumps(told | {key: "else"}))
    with pytest.raises(SchemaError, match=f"another fit.*{key}"):
        loaded(where)
    where.corel_record.write_text("{")
    with pytest.raises(SchemaError, match="no JSON"):
        loaded(where)
    where.corel_record.unlink()  # an older one, or taken away: the npz says all that is needed
    assert loaded(where).alpha == 0.05


def test_a_file_from_before_levels_is_read(where: CalibratorFolder) -> None:
    ours = Corel.fit(TOLD.z, 0.1, SMOOTHER, 30)
    record = {"tau": 1.2, "planets": list(TOLD.ids), "fold": "f", "checkpoint": MINE}
    write_npz(
        where.corel,
        factors=ours.factors,
        quantiles=ours.quantiles,
        record=json.dumps(record | {"alpha": 0.1, "kind": "split"}),
    )
    again = loaded(where)
    assert again.levels == ()
    found = again.intervals(TOLD.mu, TOLD.sigma)
    np.testing.assert_array_equal(found.half_width, ours.quantiles * TOLD.sigma)
    assert found.level == 0.9


@pytest.mark.parametrize("lost", ["levels", "network.out.bias", "network_base"])
def test_a_damaged_file_is_refused(where: CalibratorFolder, lost: str) -> None:
    saved(where, fitted("gnn"))
    with np.load(where.corel) as held:
        arrays = {name: held[name] for name in held.files}
    write_npz(where.corel, **{name: value for name, value in arrays.items() if name != lost})
    with pytest.raises(SchemaError, match="run `spectramind calibrate-corel` again"):
        loaded(where)
    spoilt = np.full(arrays[lost].shape, np.nan)
    write_npz(where.corel, **(arrays | {lost: spoilt}))
    with pytest.raises(SchemaError, match="run `spectramind calibrate-corel` again"):
        loaded(where)
