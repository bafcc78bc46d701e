"""What the writer writes: read back by the reader, and laid out as the real excerpt is."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from spectramind.contracts.spectra import SPECTRUM_COLUMNS
from spectramind.dataset.frames import ReferenceFrames, read_references, read_signal
from spectramind.dataset.tables import (
    STAR_COLUMNS,
    AdcInfo,
    read_adc_info,
    read_column_wavelengths,
    read_star_info,
    read_timing,
    read_truth,
    read_wavelengths,
)
from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.dataset.writer import (
    write_adc_info,
    write_axis_info,
    write_references,
    write_sample_submission,
    write_signal,
    write_spectra,
    write_star_info,
    write_wavelengths,
)
from spectramind.instrument.detectors import AIRS, DETECTORS, FGS1, Detector
from spectramind.instrument.grid import airs_column_wavelengths, bin_wavelengths

REAL = Path(__file__).parents[3] / "shared" / "real" / "adc2025_excerpt"
READS = 50
IDS = ["77", "1103775"]


def frames_of(detector: Detector) -> ReferenceFrames:
    rng = np.random.default_rng(detector.pixels)
    shape = (detector.height, detector.width)
    return ReferenceFrames(
        dark=rng.random(shape),
        dead=rng.random(shape) < 0.1,
        flat=rng.random(shape),
        linear_corr=rng.random((6, *shape)),
        read=rng.random(shape),
    )


def counts_of(detector: Detector) -> np.ndarray:
    rng = np.random.default_rng(detector.width)
    return rng.integers(0, 2**16, (detector.pixels, READS), dtype=np.uint16)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    visit = Visit("77", 0, "train", root / "train" / "77")
    for detector in DETECTORS:
        write_signal(visit, detector, counts_of(detector))
        write_references(visit, detector, frames_of(detector))
    labels = (4.8 * np.arange(READS // 2)[:, None] + [0.1, 0.2]).ravel()  # as AIRS resets
    write_axis_info(root, labels, np.tile([0.1, 4.5], READS // 2), np.arange(1.0, READS + 1) / 10)
    write_adc_info(root, AdcInfo(0.4369, -1000.0))
    write_wavelengths(root)
    stars = pd.DataFrame(1.5, index=IDS, columns=list(STAR_COLUMNS))
    spectra = pd.DataFrame(0.01, index=IDS, columns=list(SPECTRUM_COLUMNS))
    for split in ("train", "test"):
        write_star_info(root, split, stars)
    write_spectra(root / "train.csv", spectra)
    write_sample_submission(root, IDS)
    return root


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda d: d.key)
def test_frames_come_back_as_written(root: Path, detector: Detector) -> None:
    (visit,) = KaggleTree(root).visits("train")
    np.testing.assert_array_equal(read_signal(visit, detector), counts_of(detector).T)
    written, read = frames_of(detector), read_references(visit, detector)
    for name in ("dark", "dead", "flat", "linear_corr", "read"):
        np.testing.assert_array_equal(getattr(read, name), getattr(written, name))


def test_tables_come_back_as_written(root: Path) -> None:
    tree = KaggleTree(root)
    assert read_adc_info(tree, FGS1, "77") == AdcInfo(0.4369, -1000.0)
    assert read_timing(tree, AIRS, READS).integration_s == pytest.approx(4.5)
    assert read_timing(tree, FGS1, READS).integration_s == pytest.approx(0.1)
    np.testing.assert_array_equal(read_column_wavelengths(tree), airs_column_wavelengths())
    np.testing.assert_array_equal(read_wavelengths(tree), bin_wavelengths())
    for split in ("train", "test"):
        assert list(read_star_info(tree, split).index) == IDS
    assert list(read_truth(root / "train.csv").index) == IDS


def test_long_fgs1_axis_pads_the_others(tmp_path: Path) -> None:
    write_axis_info(tmp_path, np.arange(4.0), np.tile([0.1, 4.5], 2), np.arange(1000.0))
    table = pd.read_parquet(tmp_path / "axis_info.parquet")
    counts = table.notna().sum().tolist()
    assert len(table) == 1000
    assert counts == [4, 356, 4, 1000]


def real_parquets() -> list[Path]:
    return sorted(REAL.rglob("*.parquet")) if REAL.is_dir() else []


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the real excerpt in ../shared/real")
def test_parquet_layout_is_the_real_one(root: Path) -> None:
    assert len(real_parquets()) == 13
    for real in real_parquets():
        ours = root / str(real.relative_to(REAL)).replace("342072318", "77")
        real_file, our_file = pq.ParquetFile(real), pq.ParquetFile(ours)
        assert our_file.schema_arrow.equals(real_file.schema_arrow, check_metadata=False)
        assert our_file.metadata.num_rows == real_file.metadata.num_rows
        assert our_file.metadata.num_row_groups == real_file.metadata.num_row_groups
        codec = [f.metadata.row_group(0).column(0).compression for f in (our_file, real_file)]
        assert codec[0] == codec[1]


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the real excerpt in ../shared/real")
@pytest.mark.parametrize(
    "name",
    [
        "adc_info.csv",
        "wavelengths.csv",
        "train_star_info.csv",
        "test_star_info.csv",
        "sample_submission.csv",
    ],
)
def test_csv_layout_is_the_real_one(root: Path, name: str) -> None:
    ours, real = pd.read_csv(root / name), pd.read_csv(REAL / name)
    assert list(ours.columns) == list(real.columns)
    assert list(ours.dtypes) == list(real.dtypes)
    if name in ("wavelengths.csv", "adc_info.csv"):
        np.testing.assert_allclose(ours, real, rtol=1e-12)
