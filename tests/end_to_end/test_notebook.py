"""docs/notebook.md runs as printed, and says what the command line says."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spectramind.contracts.depths import load_depths
from spectramind.contracts.work_folder import WorkFolder
from spectramind.errors import ConfigError, SchemaError

PAGE = Path(__file__).parents[2] / "docs" / "notebook.md"


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the page's example leaves behind."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    folder = tmp_path_factory.mktemp("notebook")
    found: dict[str, Any] = {}
    small = '"experiment=smoke", "sim.planets=15", "sim.test_planets=2", "env.workers=1"'
    exec(code.replace("runs/notebook", str(folder)).replace('"experiment=smoke"', small), found)
    return found


@pytest.mark.slow
def test_the_page_runs_as_printed(names: dict[str, Any]) -> None:
    answer, visit = names["answer"], names["visit"]
    assert visit.planet_id in answer.planet_ids
    assert names["curves"]["airs"].flux.shape[1] == 282
    mu = answer.select([visit.planet_id]).spectra.mu[0]
    drawn = [trace for trace in names["figure"].data if trace.name == "AIRS-CH0"]
    np.testing.assert_allclose(drawn[0].y, 1e6 * mu[1:], atol=1e-3)


@pytest.mark.slow
def test_one_visit_is_fitted_as_features_fits_it(names: dict[str, Any]) -> None:
    run, visit = names["run"], names["visit"]
    kept = load_depths(WorkFolder(run.config.paths).features.depths(visit.name))
    again = run.fit(visit)  # now with the population that features has learnt
    np.testing.assert_allclose(again.fit.depth, kept.fit.depth, rtol=1e-9)
    assert np.abs(names["depths"].fit.depth - kept.fit.depth).mean() < 2e-4


@pytest.mark.slow
def test_what_is_not_there_is_said(names: dict[str, Any]) -> None:
    run = names["run"]
    with pytest.raises(SchemaError, match="no test planet"):
        run.plot("nobody")
    with pytest.raises(ConfigError, match="no command 'predicts'"):
        run("predicts")
