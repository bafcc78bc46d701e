"""What ``selftest --deep`` tries beside single parts: the export, and a planet from end to end."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from spectramind.config.compose import compose
from spectramind.config.overrides import quoted
from spectramind.config.root import Config
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.spectra import truth_for
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tables import read_truth
from spectramind.errors import SpectraMindError
from spectramind.run.record import RunRecord

_MOST_SIGMAS = 8.0  # a planet that is further off than that is no bad luck
# Raw frames of one planet; no labels, so its spectrum is physics and the prior of atmospheres.
_TINY = (
    "experiment=smoke",
    "level=telemetry",
    "sim.planets=1",
    "sim.test_planets=1",
    "data.split=test",
    "model.prior.source=atmosphere",
    "model.prior.atmospheres=200",
    "model.prior.synthetic.atmospheres=200",
    "env.workers=1",
)


def exported(config: Config) -> str:
    """torch.export's program of a network must answer as the network does."""
    import torch

    from spectramind.models.assembly import build_network
    from spectramind.models.exported import PlainNetwork, as_program, as_tensors, random_inputs

    length = config.train.sequence_length
    network = build_network(config.model, config.loss.seam).eval()
    given = as_tensors(random_inputs(2, length, config.seed))
    with torch.no_grad():
        wanted, found = PlainNetwork(network)(*given), as_program(network, length).module()(*given)
    if not torch.allclose(wanted[0], found[0], atol=1e-7):
        raise SpectraMindError("the exported network answers otherwise than the network")
    return "torch.export's program answers as the network"


def one_planet(config: Config) -> str:
    """A planet's raw frames must come out as a valid submission near its true spectrum."""
    from spectramind.pipeline.fit_features import features
    from spectramind.pipeline.predict import predict
    from spectramind.pipeline.prepare import calibrate, simulate
    from spectramind.pipeline.submit import validate
    from spectramind.pipeline.train import train

    with TemporaryDirectory() as folder:
        work = Path(folder)
        moved = [quoted("paths.work", work), quoted("data.raw", work / "data/raw")]
        tiny = compose([*_TINY, *moved, f"seed={config.seed}"])
        record = RunRecord("selftest", {}, work)
        for step in (simulate, calibrate, features, train, predict, validate):
            problem = step(tiny, replace(record, artifacts=[])).problem
            if problem is not None:
                raise problem
        found = Predictive.load(WorkFolder(tiny.paths).prediction(SUBMITTED))
        truth = truth_for(read_truth(tiny.paths.truth), found.planet_ids)
    spectra = found.spectra
    off = float(np.sqrt(np.mean(((spectra.mu - truth) / spectra.sigma) ** 2)))
    if not off < _MOST_SIGMAS:
        raise SpectraMindError(f"the planet's spectrum is {off:.1f} sigma off (rms)")
    ppm = 1e6 * float(np.sqrt(np.mean((spectra.mu - truth) ** 2)))
    return f"raw frames to a valid submission, {ppm:.0f} ppm or {off:.1f} sigma off (rms)"
