"""A checkpoint too old to name the planets it has seen is not calibrated on any."""

from types import SimpleNamespace

import pytest

from spectramind.config.compose import compose
from spectramind.errors import SchemaError
from spectramind.models.migration import UNKNOWN_IDS
from spectramind.pipeline.fit_calibrators import _fold


def test_planets_that_may_have_been_trained_on_are_refused() -> None:
    artifact = SimpleNamespace(train_ids=tuple(UNKNOWN_IDS))
    with pytest.raises(SchemaError, match="does not say which planets it was trained on"):
        _fold(compose(), artifact, "val")  # type: ignore[arg-type]
