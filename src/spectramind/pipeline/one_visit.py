"""One visit, from raw frames to depths: what a notebook looks at."""

import numpy as np

from spectramind.calibration.calibrate_split import calibrate_visit, is_finished
from spectramind.calibration.simulated import check_simulated
from spectramind.config.root import Config
from spectramind.contracts.depths import Depths
from spectramind.contracts.series import Series, read_series
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tree import Visit
from spectramind.features.contract_curves import METHODS, build_curves
from spectramind.features.population import Population
from spectramind.features.visit_fit import estimate
from spectramind.instrument.detectors import AIRS, FGS1
from spectramind.instrument.grid import N_BINS
from spectramind.pipeline.visits import open_tree, star_rows
from spectramind.run.pool import Workers


def calibrate_one(config: Config, visit: Visit) -> dict[str, Series]:
    """Light curves of a visit by detector, calibrated now if they are not there yet.

    Raises:
        SchemaError: a file of the visit breaks its contract.
    """
    folder, raw = WorkFolder(config.paths).calibrated, config.data.raw
    if visit.light_curves_path.is_file():
        check_simulated(visit, config.calib, folder)
    elif not is_finished(visit, raw, config.calib, folder):
        calibrate_visit(visit, raw, config.calib, folder, Workers(1).threads(1))
    curves = {FGS1: len(METHODS), AIRS: N_BINS - 1}
    return {d.key: read_series(folder.series(d, visit.name), n) for d, n in curves.items()}


def fit_one(config: Config, visit: Visit) -> Depths:
    """Depths of a visit, with what was learnt of all visits where that is known.

    Raises:
        SchemaError: a file of the visit, or its row of the star table, breaks its contract.
    """
    series = calibrate_one(config, visit)
    curves = build_curves(series[FGS1.key], series[AIRS.key], config.features)
    star = dict(star_rows(open_tree(config), visit.split))[visit.name]
    return estimate(
        curves.airs_time_h,
        curves.bins.astype(np.float64),
        star,
        config.fit,
        curves.pointing.astype(np.float64),
        Population.known(WorkFolder(config.paths).features.population, config.fit),
    )
