"""Planes that maps are drawn on: what they keep, and that a seed decides them."""

import sys

import numpy as np
import pytest

from spectramind.config.compose import compose
from spectramind.diagnostics.principal_axes import principal_axes
from spectramind.diagnostics.tsne_plane import tsne_plane
from spectramind.diagnostics.umap_plane import umap_plane
from spectramind.errors import ConfigError

SETTINGS = compose(["diag.umap.n_neighbors=8", "diag.tsne.perplexity=8"]).diag
OTHER_SEED = compose(["diag.umap.n_neighbors=8", "seed=5"]).diag


def two_crowds() -> np.ndarray:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(60, 5))
    points[30:, 3] += 25.0
    return points


def test_the_widest_axis_is_found_and_signed() -> None:
    rng = np.random.default_rng(0)
    along = rng.normal(size=200)
    points = np.outer(along, [0.0, -0.6, 0.8]) * 5 + rng.normal(size=(200, 3)) * 0.1
    found = principal_axes(points, 6)
    assert found.explained[0] > 0.99
    assert found.explained.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(found.loadings[0], [0.0, -0.6, 0.8], atol=0.01)
    np.testing.assert_allclose(found.points[:, 0], 5 * (along - along.mean()), atol=0.5)
    assert found.points.shape == (200, 3)


def test_there_are_two_axes_whatever_there_is() -> None:
    found = principal_axes(np.array([[1.0], [2.0], [4.0]]), 6)
    assert found.points.shape == (3, 2)
    assert found.explained.tolist() == [1.0, 0.0]
    lonely = principal_axes(np.array([[1.0, 5.0]]), 6)
    assert lonely.points.tolist() == [[0.0, 0.0]]
    assert lonely.explained.tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("plane", "name"), [(umap_plane, "umap"), (tsne_plane, "tsne")], ids=["umap", "tsne"]
)
def test_crowds_stay_apart_every_time_alike(plane, name: str) -> None:  # type: ignore[no-untyped-def]
    points = two_crowds()
    found = plane(points, getattr(SETTINGS, name))
    np.testing.assert_array_equal(found, plane(points, getattr(SETTINGS, name)))
    one, two = found[:30], found[30:]
    gap = np.linalg.norm(one.mean(axis=0) - two.mean(axis=0))
    assert gap > 2 * max(one.std(axis=0).max(), two.std(axis=0).max())
    few = plane(points[:5], getattr(SETTINGS, name))
    assert few.shape == (5, 2)
    assert np.isfinite(few).all()
    with pytest.raises(ConfigError, match=f"diag.{name}: 3 planets make no plane, 4 are needed"):
        plane(points[:3], getattr(SETTINGS, name))


def test_another_seed_gives_another_umap() -> None:
    points = two_crowds()
    assert not np.allclose(umap_plane(points, SETTINGS.umap), umap_plane(points, OTHER_SEED.umap))


def test_a_missing_package_is_named_with_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(ConfigError, match=r"umap-learn.*pip install 'spectramind\[explain\]'"):
        umap_plane(two_crowds(), SETTINGS.umap)


@pytest.mark.parametrize("wrong", ["umap.min_dist=1.5", "tsne.perplexity=1", "pca.quantile=1"])
def test_settings_out_of_range_are_refused(wrong: str) -> None:
    with pytest.raises(ConfigError, match=wrong.split("=")[0]):
        compose([f"diag.{wrong}"])
