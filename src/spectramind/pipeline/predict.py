"""predict: the checkpoint and its calibrators on every planet of the test folder."""

import numpy as np

from spectramind.config.root import Config
from spectramind.contracts.spectra import Spectra
from spectramind.dataset.tree import KaggleTree
from spectramind.inference.predict import predict as predict_planets
from spectramind.models.checkpoint import load_trained
from spectramind.pipeline.calibrators import SOURCES, apply
from spectramind.pipeline.planets import load_planets
from spectramind.run.atomic import write_npz
from spectramind.run.devices import pick_device, prepare_cpu
from spectramind.run.progress import show
from spectramind.run.record import RunRecord
from spectramind.submission.dialects import Dialect
from spectramind.submission.table import write_submission


def predict(config: Config, record: RunRecord) -> None:
    """Predict, calibrate sigma, write spectra and the submission, validate it."""
    prepare_cpu(config.env.threads)
    tree = KaggleTree(config.data.raw)
    ids = tree.planets("test")
    trained = load_trained(config.paths.checkpoint)
    planets = load_planets(config, tree, "test", ids)
    device = pick_device(config.env.device)
    raw = dict(
        zip(
            SOURCES,
            predict_planets(trained, planets, device, config.train.batch_size),
            strict=True,
        )
    )
    for source, spectra in raw.items():
        done = _calibrate_and_save(config, record, source, spectra)
        if source == SOURCES[0]:
            show(f"{len(ids)} planets on {device}; sigma: {done}")
    path = config.paths.submission
    final = Spectra.load(config.paths.predictions / f"{SOURCES[0]}.npz")
    write_submission(path, final, Dialect(config.submission.dialect), ids)
    record.artifact(path)
    show(f"submission: {path} ({config.submission.dialect} columns, valid)")


def _calibrate_and_save(config: Config, record: RunRecord, source: str, raw: Spectra) -> str:
    final, intervals, done = apply(config, source, raw)
    path = config.paths.predictions / f"{source}.npz"
    final.save(path)
    record.artifact(path)
    half_width = config.paths.predictions / f"{source}_intervals.npz"
    half_width.unlink(missing_ok=True)
    if intervals is not None:
        write_npz(half_width, level=np.array(intervals.level), half_width=intervals.half_width)
        record.artifact(half_width)
    return done
