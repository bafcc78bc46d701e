"""Trees in the competition's layout: a small synthetic one, and the real excerpt where it lies.

The synthetic tree is written with pyarrow alone, so that the reader has a witness of its own.
"""

# ruff: noqa: E402
from spectramind.run.threads import calm_threads

calm_threads()  # before NumPy is loaded: on a shared machine threads that spin take minutes

import copy
import functools
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hydra._internal import config_loader_impl
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.defaults_list import DefaultsList, Overrides
from numpy.typing import NDArray

from spectramind.cli import main as command_line
from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.instrument.detectors import AIRS, DETECTORS, FGS1, Detector
from spectramind.instrument.grid import airs_column_wavelengths, bin_wavelengths

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# The network at its smallest, on a prior that the labels alone make.
_SMALL_NETWORK = (
    "model.prior.source=labels",
    "model.prior.components=4",
    "model.fgs1_mamba.d_model=16",
    "model.fgs1_mamba.n_layers=1",
    "model.airs_gnn.d_model=16",
    "model.airs_gnn.layers=1",
)
N_READS = 12
GAIN, OFFSET = 0.4369, -1000.0
_PERIOD_S = {FGS1: 0.4, AIRS: 4.8}
_REAL = Path(__file__).parents[2] / "shared" / "real"


def _share_composed_trees() -> None:
    """Let Hydra put each tree of files together once a process: half the time of many tests.

    What it does with the overrides of single keys, and all that comes after, it does every time.
    """
    defaults_of = config_loader_impl.create_defaults_list
    composed_of = ConfigLoaderImpl._compose_config_from_defaults_list
    lists: dict[Any, DefaultsList] = {}
    trees: dict[Any, Any] = {}

    def files(repo: Any) -> tuple[tuple[str, int, int], ...]:
        folders = [Path(one.path) for one in repo.get_sources() if one.scheme() == "file"]
        found = sorted(path for folder in folders for path in folder.rglob("*.yaml"))
        status = ((str(path), path.stat()) for path in found)
        return tuple((path, one.st_mtime_ns, one.st_size) for path, one in status)

    @functools.wraps(defaults_of)
    def defaults(repo: Any, config_name: Any, overrides_list: Any, **more: Any) -> DefaultsList:
        told = Overrides(repo, overrides_list)
        groups = (one.input_line for one in overrides_list if one not in told.config_overrides)
        key = (files(repo), config_name, *groups, *more.values())
        if key not in lists:
            lists[key] = defaults_of(repo, config_name, overrides_list, **more)
        known = lists[key]
        return DefaultsList(
            known.defaults, known.defaults_tree, told.config_overrides, known.overrides
        )

    @functools.wraps(composed_of)
    def composed(self: ConfigLoaderImpl, defaults: Any, repo: Any) -> Any:
        key = (files(repo), *map(repr, defaults))
        if key not in trees:
            trees[key] = composed_of(self, defaults=defaults, repo=repo)
        return copy.deepcopy(trees[key])

    config_loader_impl.create_defaults_list = defaults
    ConfigLoaderImpl._compose_config_from_defaults_list = composed


_share_composed_trees()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first, then those with many: no process waits long for the last one."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    many = Counter(item.path for item in items)
    items.sort(key=lambda item: (item.path not in slow, -many[item.path], item.path))


@pytest.fixture(scope="session")
def small_network() -> tuple[str, ...]:
    """Overrides of a small network on a prior of labels."""
    return _SMALL_NETWORK


def write_columns(path: Path, values: NDArray[np.generic]) -> None:
    """Write a (rows, columns) array as column_0, column_1, ..."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = [f"column_{i}" for i in range(values.shape[1])]
    table = pa.table([pa.array(np.ascontiguousarray(c)) for c in values.T], names=names)
    pq.write_table(table, path, compression="zstd")


def _references(detector: Detector) -> dict[str, NDArray[np.generic]]:
    shape = (detector.height, detector.width)
    linear = np.zeros((6, *shape))
    linear[1] = 1.0
    return {
        "dark": np.full(shape, 0.01),
        "dead": np.zeros(shape, dtype=bool),
        "flat": np.ones(shape),
        "read": np.full(shape, 13.0),
        "linear_corr": linear.reshape(-1, detector.width),
    }


def _star(detector: Detector) -> NDArray[np.float64]:
    row = np.arange(detector.height)[:, None]
    column = np.arange(detector.width)[None, :]
    if detector == FGS1:
        return 1e4 * np.exp(-0.5 * ((row - 15.4) ** 2 + (column - 15.4) ** 2) / 1.5**2)
    return np.exp(-0.5 * ((row - 15.5) / 1.2) ** 2) * (5e3 + 30.0 * column)


def _reads(detector: Detector, rng: np.random.Generator) -> NDArray[np.uint16]:
    electrons = rng.normal(0.0, 13.0, (N_READS, detector.pixels))
    electrons[1::2] += rng.poisson(_star(detector).ravel(), electrons[1::2].shape)
    return np.floor((electrons - OFFSET) * GAIN).astype(np.uint16)


def _write_axes(path: Path) -> None:
    reads = np.arange(N_READS)
    axes = {"AIRS-CH0-axis2-um": airs_column_wavelengths()}
    for detector in DETECTORS:
        seconds = reads // 2 * _PERIOD_S[detector] + np.where(reads % 2, 0.2, 0.1)
        axes[f"{detector.kaggle}-axis0-h"] = seconds / 3600
    axes["AIRS-CH0-integration_time"] = np.where(reads % 2, 4.5, 0.1)
    padding = {name: (0, AIRS.width - len(axis)) for name, axis in axes.items()}
    table = {n: np.pad(axis, padding[n], constant_values=np.nan) for n, axis in axes.items()}
    pq.write_table(pa.table(table), path)


@pytest.fixture(scope="session")
def pristine_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Planet 101, one visit of six exposures, no faults. Read only: tests take ``tree``."""
    root = tmp_path_factory.mktemp("kaggle")
    rng = np.random.default_rng(7)
    visit = Visit("101", 0, "train", root / "train" / "101")
    for detector in DETECTORS:
        write_columns(visit.signal_path(detector), _reads(detector, rng))
        for name, frame in _references(detector).items():
            write_columns(visit.reference_path(detector, name), frame)
    _write_axes(root / "axis_info.parquet")
    adc = {"adc_offset": OFFSET, "adc_gain": GAIN}
    row = {f"{d.kaggle}_{name}": [value] for d in DETECTORS for name, value in adc.items()}
    pd.DataFrame(row).to_csv(root / "adc_info.csv", index=False)
    names = [f"wl_{i}" for i in range(1, 284)]
    table = pd.DataFrame([bin_wavelengths()], columns=names)
    table.to_csv(root / "wavelengths.csv", index=False)
    return root


@pytest.fixture
def tree(pristine_tree: Path, tmp_path: Path) -> KaggleTree:
    """The synthetic tree, free to be damaged."""
    shutil.copytree(pristine_tree, tmp_path / "kaggle")
    return KaggleTree(tmp_path / "kaggle")


@pytest.fixture
def visit(tree: KaggleTree) -> Visit:
    """The synthetic tree's only visit."""
    return tree.visits("train")[0]


@pytest.fixture
def write_frame() -> Callable[[Path, NDArray[np.generic]], None]:
    """Overwrite a frame file with an array (rows, columns)."""
    return write_columns


@pytest.fixture(scope="session")
def real_tree() -> KaggleTree:
    """The real excerpt: planet 342072318, 25 exposures of each detector."""
    root = _REAL / "adc2025_excerpt"
    if not root.is_dir():
        pytest.skip(f"the real excerpt is not at {root}")
    return KaggleTree(root)


@pytest.fixture(scope="session")
def real_axis() -> Path:
    """The real, full axis file."""
    path = _REAL / "axis_info_full.parquet"
    if not path.is_file():
        pytest.skip(f"the real axis file is not at {path}")
    return path


@pytest.fixture(scope="session")
def spectramind() -> Callable[..., int]:
    """Run a command line in this process; gives its exit code."""

    def run(*arguments: str) -> int:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.argv", ["spectramind", *arguments])
            with pytest.raises(SystemExit) as stop:
                command_line.main()
        return int(stop.value.code or 0)

    return run


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """Headless Chromium, as the machine has it; nothing is downloaded.

    One for all tests of a process: a second driver beside it refuses to start.
    """
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium on the PATH: pages are not opened in a browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()
