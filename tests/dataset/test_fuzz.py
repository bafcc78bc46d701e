"""Files damaged in every way: one line of a typed error or valid data, never anything else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spectramind.dataset.frames import read_references, read_signal
from spectramind.dataset.tables import (
    read_adc_info,
    read_column_wavelengths,
    read_timing,
    read_wavelengths,
)
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import SchemaError, SpectraMindError
from spectramind.instrument.detectors import AIRS, DETECTORS, FGS1

# A hang is a failure too.
pytestmark = pytest.mark.timeout(120)


def signal_is_read(tree: KaggleTree) -> bool:
    counts = read_signal(tree.visits("train")[0], FGS1)
    return counts.dtype == np.uint16 and len(counts) > 0 and counts.shape[1:] == (FGS1.pixels,)


def references_are_read(tree: KaggleTree) -> bool:
    frames = read_references(tree.visits("train")[0], FGS1)
    plain = [frames.dark, frames.flat, frames.read, *frames.linear_corr]
    kinds = {(frame.shape, frame.dtype) for frame in plain}
    whole = (FGS1.height, FGS1.width)
    return kinds == {(whole, np.dtype(np.float64))} and frames.dead.dtype == np.bool_


def axes_are_read(tree: KaggleTree) -> bool:
    timings = [read_timing(tree, detector, 12) for detector in DETECTORS]
    axes = [read_column_wavelengths(tree), *(timing.mid_time_h for timing in timings)]
    return all(np.isfinite(axis).all() for axis in axes) and len(axes[0]) == AIRS.width


def tables_are_read(tree: KaggleTree) -> bool:
    adc = read_adc_info(tree, FGS1, "101")
    return adc.gain > 0 and np.isfinite([adc.gain, adc.offset, *read_wavelengths(tree)]).all()


FGS1_FRAMES = "train/101/FGS1_calibration_0"
READERS: dict[str, Callable[[KaggleTree], bool]] = {
    "train/101/FGS1_signal_0.parquet": signal_is_read,
    f"{FGS1_FRAMES}/dark.parquet": references_are_read,
    f"{FGS1_FRAMES}/dead.parquet": references_are_read,
    f"{FGS1_FRAMES}/linear_corr.parquet": references_are_read,
    "axis_info.parquet": axes_are_read,
    "adc_info.csv": tables_are_read,
    "wavelengths.csv": tables_are_read,
}
PARQUET = [name for name in READERS if name.endswith(".parquet")]
many = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
share = st.floats(0, 0.999)


def footer_of(parquet: bytearray) -> int:
    """Length of the footer, which its last eight bytes tell (of a CSV: some number)."""
    return int.from_bytes(parquet[-8:-4], "little") + 8


def check(root: Path, name: str) -> None:
    """Read a damaged file: what it holds is valid, or the error is a line that names it."""
    said = ""
    try:
        fine = READERS[name](KaggleTree(root))
    except SpectraMindError as error:
        said = str(error)
        fine = Path(name).name in said
    assert fine, said
    assert "\n" not in said


@settings(many, max_examples=400)
@given(
    name=st.sampled_from(list(READERS)),
    flips=st.lists(st.tuples(share, st.booleans(), st.integers(1, 255)), max_size=5),
    keep=st.just(1.0) | share,
)
def test_flipped_and_truncated(
    pristine_tree: Path, tree: KaggleTree, name: str, flips: list[Any], keep: float
) -> None:
    """Bits anywhere, half of them in parquet's footer, where they do most harm."""
    whole = bytearray((pristine_tree / name).read_bytes())
    footer = min(footer_of(whole), len(whole))
    for place, in_footer, bits in flips:
        whole[-1 - int(place * (footer if in_footer else len(whole)))] ^= bits
    (tree.root / name).write_bytes(whole[: int(keep * len(whole))])
    check(tree.root, name)
    (tree.root / name).write_bytes((pristine_tree / name).read_bytes())


@pytest.mark.parametrize("name", PARQUET)
def test_names_that_are_no_text(tree: KaggleTree, name: str) -> None:
    path = tree.root / name
    whole = bytearray(path.read_bytes())
    label = b"AIRS-CH0-axis2-um" if name == "axis_info.parquet" else b"column_9"
    whole[whole.index(label, len(whole) - footer_of(whole))] ^= 128
    path.write_bytes(whole)
    with pytest.raises(SchemaError, match=path.name):
        READERS[name](tree)


def retyped(column: pa.ChunkedArray, kind: str) -> pa.ChunkedArray | pa.Array:
    count = len(column)
    others: dict[str, Callable[[], pa.Array]] = {
        "text": lambda: pa.array(["x"] * count),
        "null": lambda: pa.nulls(count, column.type),
        "nothing": lambda: pa.nulls(count),
        "int32": lambda: pa.array(np.full(count, -1, np.int32)),
        "double": lambda: pa.array(np.full(count, np.inf)),
        "bool": lambda: pa.array(np.ones(count, bool)),
        "time": lambda: pa.array(np.zeros(count, "datetime64[ns]")),
        "list": lambda: pa.array([[1]] * count),
        "struct": lambda: pa.array([{"a": 1}] * count),
    }
    return others[kind]()


KINDS = ["text", "null", "nothing", "int32", "double", "bool", "time", "list", "struct"]


@settings(many, max_examples=150)
@given(
    name=st.sampled_from(PARQUET),
    damage=st.sampled_from([*KINDS, "drop", "rename", "move", "fewer", "more", "none"]),
    everywhere=st.booleans(),
    place=share,
)
def test_other_columns_and_rows(
    pristine_tree: Path, tree: KaggleTree, name: str, damage: str, everywhere: bool, place: float
) -> None:
    table = pq.read_table(pristine_tree / name)
    at = int(place * table.num_columns)
    if damage in KINDS:
        for index in range(table.num_columns) if everywhere else [at]:
            label = table.schema.names[index]
            table = table.set_column(index, label, retyped(table.column(index), damage))
    elif damage == "drop":
        table = table.remove_column(at)
    elif damage == "rename":
        table = table.rename_columns(
            ["column_0"] * table.num_columns
            if everywhere
            else [f"{n}." if i == at else n for i, n in enumerate(table.schema.names)]
        )
    elif damage == "move":
        names = table.schema.names
        table = table.select([names[at], *(n for n in names if n != names[at])])
    elif damage == "more":
        table = pa.concat_tables([table, table])
    else:
        table = table.slice(0, 0 if damage == "none" else int(place * table.num_rows))
    pq.write_table(table, tree.root / name)
    check(tree.root, name)
    (tree.root / name).write_bytes((pristine_tree / name).read_bytes())
