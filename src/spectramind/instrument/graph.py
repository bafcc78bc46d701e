"""The graph over the 283 bins: wavelength neighbours, molecule co-windows, detector links."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.errors import ConfigError
from spectramind.instrument.grid import FGS1_BIN, N_BINS, bin_wavelengths
from spectramind.instrument.molecules import WINDOWS_UM, window_bins, window_matrix

# A bin itself, always there; then, in the order in which a link of several types is named.
SELF, DETECTOR, ADJACENT, MOLECULE = "self", "detector", "adjacent", "molecule"
EDGE_TYPES = (SELF, DETECTOR, ADJACENT, MOLECULE)


@dataclass(frozen=True)
class BinGraph:
    """Directed edges, self-loops included, sorted by target.

    Attributes:
        source, target: int64 (E,).
        features: float32 (E, 4): wavelength difference [um], molecules shared by the two ends
            relative to all molecules of the source and of the target (two columns), seam flag.
        types: int64 (E,), which of ``EDGE_TYPES``.
    """

    source: NDArray[np.int64]
    target: NDArray[np.int64]
    features: NDArray[np.float32]
    types: NDArray[np.int64]


def _wavelength_edges(reach: int) -> set[tuple[int, int]]:
    airs = range(FGS1_BIN + 1, N_BINS)
    return {(i, j) for i in airs for j in range(i - reach, i + reach + 1) if j in airs}


def _molecule_edges(stride: int) -> set[tuple[int, int]]:
    """Link every ``stride``-th bin of a molecule's windows: its separate bands touch."""
    edges = set()
    for molecule in WINDOWS_UM:
        anchors = window_bins(molecule)[::stride]
        edges |= {(int(i), int(j)) for i in anchors for j in anchors}
    return edges


def _seam_edges(seam: int | None, reach: int) -> set[tuple[int, int]]:
    """Links across the FGS1|AIRS gap (always) and across a detector seam (when there is one)."""
    airs = np.linspace(FGS1_BIN + 1, N_BINS - 1, 16).astype(int)
    edges = {(FGS1_BIN, int(j)) for j in airs} | {(int(j), FGS1_BIN) for j in airs}
    if seam is not None:
        left = range(max(1, seam - reach), seam)
        right = range(seam, min(N_BINS, seam + reach))
        edges |= {(i, j) for i in left for j in right} | {(j, i) for i in left for j in right}
    return edges


def build_graph(
    reach: int = 3,
    molecule_stride: int = 8,
    seam: int | None = None,
    edge_types: Sequence[str] = EDGE_TYPES[1:],
) -> BinGraph:
    """Build the graph.

    Args:
        reach: neighbours on either side in wavelength.
        molecule_stride: one anchor in so many bins of a molecule's windows is linked with the rest.
        seam: first bin right of a detector seam, None without one.
        edge_types: which of ``adjacent`` (wavelength), ``molecule`` (co-windows) and ``detector``
            (across FGS1|AIRS and across the seam) there are. A link of several types stays as long
            as one of them is wanted.

    Raises:
        ConfigError: the seam is not in 2..282, or there is no such type.
    """
    if seam is not None and not 2 <= seam < N_BINS:
        raise ConfigError(f"seam bin {seam} is outside 2..{N_BINS - 1}: use null for no seam")
    seam_edges = _seam_edges(seam, reach)
    unknown = set(edge_types) - set(EDGE_TYPES[1:])
    if unknown:
        raise ConfigError(f"no edge type {unknown.pop()!r}: there are {', '.join(EDGE_TYPES[1:])}")
    linked = {
        SELF: {(i, i) for i in range(N_BINS)},
        DETECTOR: seam_edges,
        ADJACENT: _wavelength_edges(reach),
        MOLECULE: _molecule_edges(molecule_stride),
    }
    type_of: dict[tuple[int, int], int] = {}
    for number, name in enumerate(EDGE_TYPES):
        if name == SELF or name in edge_types:
            type_of = dict.fromkeys(linked[name], number) | type_of
    ordered = sorted(type_of, key=lambda edge: (edge[1], edge[0]))
    source = np.array([edge[0] for edge in ordered], dtype=np.int64)
    target = np.array([edge[1] for edge in ordered], dtype=np.int64)
    member = window_matrix().astype(np.float32)
    wavelength = bin_wavelengths()
    shared = (member[:, source] * member[:, target]).sum(axis=0)
    features = np.stack(
        [
            wavelength[source] - wavelength[target],
            shared / np.maximum(member[:, source].sum(axis=0), 1.0),
            shared / np.maximum(member[:, target].sum(axis=0), 1.0),
            np.array([edge in seam_edges for edge in ordered], dtype=np.float32),
        ],
        axis=1,
    ).astype(np.float32)
    types = np.array([type_of[edge] for edge in ordered], dtype=np.int64)
    return BinGraph(source, target, features, types)
