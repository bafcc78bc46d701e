"""Reading back what audit left: broken files, other planets and other predictions are refused."""

from pathlib import Path

import numpy as np
import pytest

from spectramind.errors import SchemaError
from spectramind.run.atomic import write_json, write_npz
from spectramind.symbolic.audit_findings import AuditFindings
from spectramind.symbolic.violation_log import (
    PlanetViolations,
    Severity,
    SpectrumViolations,
    ViolationLog,
)
from spectramind.symbolic.violation_table import entries, violation_table


def spectrum(status: str) -> dict[str, dict]:
    return {
        "smoothness": {"score": 2.0, "top_bins": [7], "status": status},
        "ratios": {"ch4_h2o": {"r": 1.0, "status": "warn"}},
    }


def log() -> ViolationLog:
    planets = tuple(
        PlanetViolations(
            planet_id=name,
            violations=spectrum(status),
            severity=status,
            dominant_rules={},
            out_of_distribution=None,
            truth=truth,
        )
        for name, status, truth in (
            ("a", "ok", None),
            ("b", "fail", SpectrumViolations(violations=spectrum("warn"), severity="warn")),
        )
    )
    return ViolationLog(
        prediction="d1",
        cfg_hash="h",
        weights={"sm": 0.2, "qm": 0.1},
        bands={},
        strangers="",
        planets=planets,
    )


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    write_json(tmp_path / "log.json", log().model_dump(mode="json"))
    write_npz(
        tmp_path / "maps.npz", planet_id=np.array(["a", "b"]), sm=np.ones((2, 283), np.float32)
    )
    return tmp_path / "log.json", tmp_path / "maps.npz"


def test_the_same_comes_back(files: tuple[Path, Path]) -> None:
    found = AuditFindings.load(*files, "d1")
    assert found.log == log()
    assert list(found.influence) == ["sm"]
    assert found.influence["sm"].dtype == np.float64


def test_of_another_prediction_it_is_refused(files: tuple[Path, Path]) -> None:
    with pytest.raises(SchemaError, match="another prediction: run `spectramind audit` again"):
        AuditFindings.load(*files, "d2")


@pytest.mark.parametrize("content", ["", "[]", "{}", "not json"])
def test_a_broken_log_is_named(files: tuple[Path, Path], content: str) -> None:
    files[0].write_text(content)
    with pytest.raises(SchemaError, match=r"log\.json is not what audit writes"):
        AuditFindings.load(*files, "d1")


@pytest.mark.parametrize(("ids", "bins"), [(["a", "c"], 283), (["a"], 283), (["a", "b"], 282)])
def test_maps_of_other_planets_are_refused(
    files: tuple[Path, Path], ids: list[str], bins: int
) -> None:
    write_npz(files[1], planet_id=np.array(ids), sm=np.ones((len(ids), bins)))
    with pytest.raises(SchemaError, match="other planets"):
        AuditFindings.load(*files, "d1")


def test_missing_maps_are_named(files: tuple[Path, Path]) -> None:
    files[1].unlink()
    with pytest.raises(SchemaError, match=r"maps\.npz is missing: run `spectramind audit`"):
        AuditFindings.load(*files, "d1")


def test_the_table_counts_predictions_and_truths() -> None:
    smooth, ratio = violation_table(log())
    assert (smooth.entry, ratio.entry) == ("smoothness", "ratios.ch4_h2o")
    assert smooth.counts == {Severity.OK: 1, Severity.WARN: 0, Severity.FAIL: 1}
    assert smooth.truth_counts == {Severity.OK: 0, Severity.WARN: 1, Severity.FAIL: 0}
    assert smooth.worst == "b"
    assert ratio.counts[Severity.WARN] == 2
    assert list(entries(log().planets[0])) == ["smoothness", "ratios.ch4_h2o"]
