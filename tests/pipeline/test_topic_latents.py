"""What diagnose pca, umap and drift compute of made-up planets on disk."""

import json

import numpy as np
import pytest

from spectramind.config.root import Config
from spectramind.contracts.depths import save_depths, unmeasured
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.traits import TRAITS, Traits
from spectramind.contracts.work_folder import WorkFolder
from spectramind.errors import SchemaError
from spectramind.estimators.artifact import Artifact
from spectramind.instrument.grid import N_BINS
from spectramind.pipeline.latent_spaces import NO_NETWORK, _are_the_same, latent_spaces
from spectramind.pipeline.physics_features import COLUMNS, band_excess
from spectramind.pipeline.topic_drift import compare
from spectramind.pipeline.topic_latents import by_pca, by_tsne
from tests.pipeline.test_apply_calibrators import (
    SEEN,
    TAUGHT,
    TEST,
    applied,
    artifact,
    config,
    fit_corel,
    fit_temperature,
    record,
    run,
    write_tree,
)

__all__ = ["artifact", "config"]  # fixtures


def calibrated(config: Config, artifact: Artifact) -> Config:
    fit_temperature(config, artifact)
    fit_corel(config, artifact)
    run(config)
    return config


@pytest.fixture
def chain(config: Config, artifact: Artifact) -> Config:
    """Predicted and calibrated, the new planets as the labelled ones."""
    return calibrated(config, artifact)


def test_drift_is_what_predict_found(chain: Config) -> None:
    found = compare(chain, record(chain))
    said = applied(chain)["drift"]
    assert isinstance(said, dict)
    for key in ("alarm", "p", "level", "together", "told", "n_seen", "n_new"):
        assert found[key] == said[key], key
    assert found["differing"] == [one["name"] for one in said["quantities"]]
    assert [one["name"] for one in found["traits"]] == list(TRAITS)
    assert len(found["traits"][0]["seen"]) == len(SEEN)
    json.dumps(found, allow_nan=False)


def test_noisier_planets_drift_and_lie_outside(
    tmp_path_factory: pytest.TempPathFactory,
    artifact: Artifact,
) -> None:
    noisy = write_tree(tmp_path_factory.mktemp("noisy"), 30.0, 2)
    noisy.paths.checkpoint.parent.mkdir(parents=True)
    noisy.paths.checkpoint.write_bytes(b"a checkpoint")
    calibrated(noisy, artifact)
    found = compare(noisy, record(noisy))
    assert found["alarm"]
    assert "noise_airs" in found["differing"]
    (space,) = by_pca(noisy, record(noisy))["spaces"]
    assert min(space["distance"]) > 1
    assert all("high" in why for why in space["why"])


def test_drift_without_calibration_says_what_brings_it(
    config: Config,
) -> None:
    with pytest.raises(SchemaError, match="run `spectramind predict`"):
        compare(config, record(config))
    run(config)
    with pytest.raises(SchemaError, match="calibrate-temp` and `spectramind calibrate-corel"):
        compare(config, record(config))
    config.paths.checkpoint.unlink()
    with pytest.raises(SchemaError, match="is missing: run `spectramind train`"):
        compare(config, record(config))


def test_new_planets_stand_beside_those_that_training_saw(chain: Config) -> None:
    found = by_pca(chain, record(chain))
    assert found["network"] == NO_NETWORK
    assert set(found["scores"]) == set(TEST)
    (space,) = found["spaces"]
    assert space["name"] == "features"
    assert space["seen_ids"] == TAUGHT
    assert space["ids"] == TEST
    assert len(space["x"]) == len(space["distance"]) == len(TEST)
    assert sum(space["explained"]) == pytest.approx(1.0, abs=0.5)
    for planet, near, mean in zip(
        space["ids"], space["neighbours"], space["distance"], strict=True
    ):
        assert near[0]["distance"] <= mean + 1e-3  # in one unit
        assert len(near) == 5
        assert planet not in {one["planet"] for one in near}
        distances = [one["distance"] for one in near]
        assert distances == sorted(distances)
        assert all((one["planet"] in TAUGHT) == one["labelled"] for one in near)
    json.dumps(found, allow_nan=False)
    assert by_pca(chain, record(chain)) == found
    assert by_tsne(chain, record(chain))["spaces"][0]["distance"] == space["distance"]


def test_where_features_of_the_labelled_are_gone_the_kept_traits_tell(chain: Config) -> None:
    WorkFolder(chain.paths).features.depths(TAUGHT[3]).unlink()
    found = by_pca(chain, record(chain))
    (space,) = found["spaces"]
    assert space["name"] == "traits"
    assert space["seen_ids"] == SEEN
    assert "features of the labelled planets cannot be read" in found["reference"]
    assert found["seen_scores"] == {}


def test_planets_of_which_nothing_was_measured_are_named_not_drawn(chain: Config) -> None:
    save_depths(WorkFolder(chain.paths).features.depths(TEST[2]), unmeasured("no transit"), "")
    found = latent_spaces(chain)
    assert found.unmeasured == (TEST[2],)
    assert TEST[2] not in found.spaces[0].new_ids


def test_without_a_prediction_there_is_no_map(config: Config) -> None:
    with pytest.raises(SchemaError, match="run `spectramind predict`"):
        latent_spaces(config)


def test_planets_of_the_same_name_may_be_others() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(9, len(COLUMNS)))
    ids = [str(i) for i in range(9)]
    same = np.full((9, len(TRAITS)), np.nan)
    for name in ("noise_fgs1", "noise_airs"):
        same[:, list(TRAITS).index(name)] = values[:, COLUMNS.index(TRAITS[name].said)]
    assert _are_the_same(ids, values, None)
    assert _are_the_same(ids, values, Traits(tuple(ids), same.round(9)))
    assert not _are_the_same(ids, values, Traits(tuple(ids), same + 1e-3))
    assert _are_the_same(ids, values, Traits(tuple("abcdefghi"), same + 1e-3))


def test_a_bump_is_seen_in_its_band_in_its_own_sigmas() -> None:
    depth = np.full(N_BINS, 0.01)
    own = np.full(N_BINS, 1e-10)
    assert np.abs(band_excess(Measurement(depth, own, np.zeros((N_BINS, 1))))).max() < 1e-6
    depth[1:25] += 1e-4  # the first band of AIRS, 24 of 282 bins
    z = band_excess(Measurement(depth, own, np.zeros((N_BINS, 1))))
    assert z[1] == pytest.approx(1e-4 * (258 / 282) / np.sqrt(1e-10 * (1 / 24 - 1 / 282)), rel=1e-6)
    common = np.full((N_BINS, 1), 1e-3)  # what all bins share makes no shape
    np.testing.assert_allclose(band_excess(Measurement(depth, own, common)), z, rtol=1e-6)
