"""Signals and reference frames, whole and damaged."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spectramind.dataset.frames import SignalFile, read_references, read_signal
from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.errors import SchemaError
from spectramind.instrument.detectors import AIRS, DETECTORS, FGS1


def rewrite(path: Path, **changes: Any) -> None:
    """Write a parquet file again with columns replaced, or dropped where the change is None."""
    table = pq.read_table(path)
    for name, values in changes.items():
        place = table.schema.get_field_index(name)
        table = table.remove_column(place)
        if values is not None:
            table = table.add_column(place, name, values)
    pq.write_table(table, path)


def test_pixel_and_read_order(visit: Visit, write_frame: Any) -> None:
    reads = np.arange(6 * FGS1.pixels).reshape(6, FGS1.pixels).astype(np.uint16)
    write_frame(visit.signal_path(FGS1), reads)
    np.testing.assert_array_equal(read_signal(visit, FGS1), reads)
    some = SignalFile(visit, FGS1).reopened().pixels([33, 30])
    np.testing.assert_array_equal(some.T, reads[:, [33, 30]])
    assert some.flags.c_contiguous


def test_several_row_groups_are_one_series(visit: Visit) -> None:
    expected = read_signal(visit, FGS1)
    path = visit.signal_path(FGS1)
    pq.write_table(pq.read_table(path), path, row_group_size=5)
    np.testing.assert_array_equal(read_signal(visit, FGS1), expected)


def test_odd_frame_counts_are_read(visit: Visit, write_frame: Any) -> None:
    write_frame(visit.signal_path(FGS1), np.ones((7, FGS1.pixels), np.uint16))
    assert SignalFile(visit, FGS1).n_reads == 7


def test_missing_file_is_named(visit: Visit) -> None:
    visit.signal_path(AIRS).unlink()
    with pytest.raises(SchemaError, match=r"AIRS-CH0_signal_0\.parquet is missing"):
        read_signal(visit, AIRS)


def test_wrong_column_count(visit: Visit, write_frame: Any) -> None:
    write_frame(visit.signal_path(FGS1), np.ones((4, 1023), np.uint16))
    with pytest.raises(SchemaError, match="1023 columns instead of 1024"):
        read_signal(visit, FGS1)


def test_wrong_column_order(visit: Visit) -> None:
    path = visit.signal_path(FGS1)
    table = pq.read_table(path)
    names = table.schema.names
    pq.write_table(table.select([names[1], names[0], *names[2:]]), path)
    with pytest.raises(SchemaError, match="'column_1' where column_0 belongs"):
        read_signal(visit, FGS1)


def test_wrong_dtype(visit: Visit, write_frame: Any) -> None:
    write_frame(visit.signal_path(FGS1), np.ones((4, FGS1.pixels), np.int32))
    with pytest.raises(SchemaError, match="expected uint16"):
        read_signal(visit, FGS1)


def test_nulls(visit: Visit) -> None:
    path = visit.signal_path(FGS1)
    rewrite(path, column_3=pa.array([None] + [1] * 11, pa.uint16()))
    with pytest.raises(SchemaError, match="FGS1_signal_0"):
        read_signal(visit, FGS1)


def test_no_reads(visit: Visit, write_frame: Any) -> None:
    write_frame(visit.signal_path(FGS1), np.ones((0, FGS1.pixels), np.uint16))
    with pytest.raises(SchemaError, match="holds no read"):
        read_signal(visit, FGS1)


def test_references_have_their_shapes(visit: Visit) -> None:
    for detector in DETECTORS:
        frames = read_references(visit, detector)
        shape = (detector.height, detector.width)
        assert frames.linear_corr.shape == (6, *shape)
        assert frames.dead.dtype == bool
        for name in ("dark", "flat", "read"):
            assert getattr(frames, name).shape == shape
        assert (frames.linear_corr[1] == 1).all()
        assert (frames.linear_corr[[0, 2, 3, 4, 5]] == 0).all()


def test_linear_corr_blocks_are_powers(visit: Visit, write_frame: Any) -> None:
    values = np.repeat(np.arange(6.0), 32)[:, None] + np.zeros((192, 32))
    write_frame(visit.reference_path(FGS1, "linear_corr"), values)
    frames = read_references(visit, FGS1)
    np.testing.assert_array_equal(frames.linear_corr[:, 0, 0], np.arange(6.0))


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("dark", np.zeros((31, 32)), "31 rows instead of 32"),
        ("dark", np.zeros((32, 31)), "31 columns instead of 32"),
        ("dead", np.zeros((32, 32)), "expected bool"),
        ("flat", np.zeros((32, 32), dtype=bool), "expected numbers"),
        ("linear_corr", np.zeros((160, 32)), "160 rows instead of 192"),
    ],
)
def test_wrong_references(
    visit: Visit, write_frame: Any, name: str, values: Any, message: str
) -> None:
    write_frame(visit.reference_path(FGS1, name), values)
    with pytest.raises(SchemaError, match=message):
        read_references(visit, FGS1)


def test_missing_reference(visit: Visit) -> None:
    visit.reference_path(FGS1, "read").unlink()
    with pytest.raises(SchemaError, match=r"read\.parquet is missing"):
        read_references(visit, FGS1)


def test_real_excerpt(real_tree: KaggleTree) -> None:
    visit = real_tree.visits("train")[0]
    assert read_signal(visit, FGS1).shape == (50, 1024)
    frames = read_references(visit, AIRS)
    assert np.median(frames.read) == pytest.approx(13.0, abs=0.1)
    assert 0.0005 < frames.dead.mean() < 0.011
