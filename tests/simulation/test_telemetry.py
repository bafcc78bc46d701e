"""Telemetry measured from trees made by hand: what goes in must come out."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.dataset.frames import ReferenceFrames
from spectramind.dataset.tables import AdcInfo, read_star_info
from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.dataset.writer import (
    write_adc_info,
    write_axis_info,
    write_references,
    write_signal,
)
from spectramind.errors import SchemaError
from spectramind.instrument.detectors import AIRS, FGS1
from spectramind.simulation.audit.expectations import POPULATION, TELEMETRY, compare
from spectramind.simulation.audit.telemetry import EXPOSURES, View, view
from spectramind.simulation.audit.telemetry_numbers import (
    airs_numbers,
    detector_numbers,
    fgs1_numbers,
    spectra_numbers,
    star_numbers,
)

REAL = Path(__file__).parents[3] / "shared" / "real" / "adc2025_excerpt"
READ_E = 13.0


def spot(row: float, column: float) -> NDArray[np.float64]:
    r, c = np.indices((32, 32))
    return 2e5 / (2 * np.pi * 4) * np.exp(-((r - row) ** 2 + (c - column) ** 2) / 8)


def write_tree(root: Path, cadence: int, pairs: int = 40) -> KaggleTree:
    """FGS1: a moving spot of 2 px with read noise; AIRS: 500 e from column 39 on, shot noise."""
    rng = np.random.default_rng(cadence)
    adc = AdcInfo(gain=0.4369 / cadence, offset=-1000.0 * cadence)
    visit = Visit("7", 0, "train", root / "train" / "7")
    read = READ_E * np.sqrt(cadence)
    for detector in (AIRS, FGS1):
        shape = (detector.height, detector.width)
        polynomial = np.zeros((6, *shape))
        polynomial[1] = 1
        frames = ReferenceFrames(
            dark=np.full(shape, 0.006),
            dead=np.zeros(shape, dtype=bool),
            flat=rng.normal(1, 0.0125, shape),
            linear_corr=polynomial,
            read=np.full(shape, read),
        )
        write_references(visit, detector, frames)
        charge = np.zeros((pairs, *shape))
        if detector == AIRS:
            charge[:, :, 39:] = rng.poisson(500.0 * cadence, (pairs, 32, 317))
        else:
            moves = 0.1 * rng.standard_normal((pairs, 2)) / np.sqrt(cadence)
            charge += [cadence * spot(15.4 + dr, 15.4 + dc) for dr, dc in moves]
        reads = np.stack([np.zeros_like(charge), charge], axis=1).reshape(2 * pairs, -1)
        reads = reads + read * rng.standard_normal(reads.shape)
        counts = np.floor((reads - adc.offset) * adc.gain).astype(np.uint16)
        write_signal(visit, detector, np.ascontiguousarray(counts.T))
    airs, fgs1 = (
        np.add.outer(cycle * cadence * np.arange(pairs), cadence * np.array([0.1, 0.2])).ravel()
        for cycle in (4.8, 0.4)
    )
    write_axis_info(root, airs, np.tile([0.1 * cadence, 4.5 * cadence], pairs), fgs1)
    write_adc_info(root, adc)
    return KaggleTree(root)


@pytest.fixture(scope="module", params=[1, 10])
def views(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[View, View]:
    tree = write_tree(tmp_path_factory.mktemp("tree"), request.param)
    visit = tree.visits("train")[0]
    return view(tree, visit, AIRS), view(tree, visit, FGS1)


def test_airs_numbers_are_those_of_one_cycle(views: tuple[View, View]) -> None:
    airs, _ = views
    assert airs.image[:, 39:].mean() == pytest.approx(500, rel=0.005)
    numbers = airs_numbers(airs) | detector_numbers(airs, "airs")
    assert numbers["airs_transfer"] == pytest.approx(1, abs=0.05)
    assert numbers["airs_sum_e"] == pytest.approx(500 * 32 * 282, rel=0.005)
    assert numbers["airs_read_e"] == pytest.approx(READ_E, rel=1e-6)
    assert numbers["airs_flat"] == pytest.approx(0.0125, rel=0.05)
    assert numbers["airs_linearity_3e+04"] == pytest.approx(0)
    assert airs.counts.sum() == pytest.approx(1)


def test_fgs1_numbers_are_those_of_one_cycle(views: tuple[View, View]) -> None:
    _, fgs1 = views
    numbers = fgs1_numbers(fgs1) | detector_numbers(fgs1, "fgs1")
    assert numbers["fgs1_sum_e"] == pytest.approx(2e5, rel=0.01)
    assert numbers["fgs1_core_row"] == pytest.approx(15.4, abs=0.1)
    assert numbers["fgs1_jitter_row_px"] == pytest.approx(0.1, rel=0.5)
    assert numbers["fgs1_jitter_column_px"] == pytest.approx(0.1, rel=0.5)
    assert numbers["fgs1_read_measured_e"] == pytest.approx(READ_E, rel=0.05)
    assert numbers["fgs1_hot"] == 0


def test_a_visit_too_short_to_measure_is_refused(tmp_path: Path) -> None:
    tree = write_tree(tmp_path, cadence=1, pairs=2)
    with pytest.raises(SchemaError, match="too few"):
        view(tree, tree.visits("train")[0], FGS1)


def test_spectra_numbers_by_hand() -> None:
    spectra = np.full((2, 283), 0.01)
    spectra[1] = 0.02
    spectra[1, 0] += 300e-6
    spectra[:, 1:] += 50e-6 * np.where(np.arange(282) % 2, 1, -1)
    numbers = spectra_numbers(spectra)
    assert numbers["airs_scatter_10_ppm"] == pytest.approx(50)
    assert numbers["fgs1_step_rms_ppm"] == pytest.approx(300 / np.sqrt(2))
    assert numbers["depth_scatter"] == pytest.approx(0.005, rel=1e-3)
    assert numbers["depth_most"] == pytest.approx(0.0203)


def test_verdicts() -> None:
    first, second, third = TELEMETRY[:3]
    values = {first.key: first.low, second.key: second.high * 2, third.key: float("nan")}
    rows = compare(TELEMETRY[:4], values, {third.key: 1.0})
    assert [row.verdict for row in rows] == ["in range", "above", "not there", "not there"]
    assert rows[2].real == 1.0
    assert rows[2].simulated is None
    assert rows[0].to_json()["simulated"] == first.low


def test_every_range_is_measured_and_ascends(views: tuple[View, View]) -> None:
    airs, fgs1 = views
    measured = {**airs_numbers(airs), **fgs1_numbers(fgs1)}
    measured |= detector_numbers(airs, "airs") | detector_numbers(fgs1, "fgs1")
    assert {e.key for e in TELEMETRY} == set(measured)
    assert all(e.low < e.high for e in TELEMETRY + POPULATION)
    assert EXPOSURES == 25  # what the real excerpt holds


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the real excerpt in ../shared/real")
def test_real_telemetry_lies_in_every_published_range() -> None:
    tree = KaggleTree(REAL)
    visit = tree.visits("train")[0]
    airs, fgs1 = view(tree, visit, AIRS), view(tree, visit, FGS1)
    numbers = {**airs_numbers(airs), **fgs1_numbers(fgs1)}
    numbers |= detector_numbers(airs, "airs") | detector_numbers(fgs1, "fgs1")
    numbers |= star_numbers(read_star_info(tree, "train"))
    rows = compare(TELEMETRY + POPULATION, numbers, {})
    measured = [row for row in rows if row.simulated is not None]
    assert len(measured) == len(TELEMETRY) + 8
    assert {row.title: row.verdict for row in measured if row.verdict != "in range"} == {}
