"""A trained checkpoint and planets -> raw predictions, of the network and of physics alone."""

from collections.abc import Sequence

import numpy as np
import torch

from spectramind.contracts.planet import Planet
from spectramind.contracts.spectra import Spectra
from spectramind.models.checkpoint import Trained
from spectramind.models.inputs import batch_inputs
from spectramind.run.progress import track


def predict(
    trained: Trained, planets: Sequence[Planet], device: torch.device, batch_size: int
) -> tuple[Spectra, Spectra]:
    """Predict every planet, a batch at a time.

    Returns:
        spectra of the network and of the physics estimate it starts from, sigma not yet calibrated.
    """
    network = trained.network.to(device).eval()
    rows: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]] = []
    answers = trained.prior.posteriors([planet.measurements for planet in planets])
    starts = range(0, len(planets), batch_size)
    for start in track(starts, "predict", len(starts)):
        part = planets[start : start + batch_size]
        posteriors = answers[start : start + batch_size]
        inputs = batch_inputs(part, posteriors, trained.sequence_length)
        with torch.no_grad():
            outputs = network(inputs.to(device))
        for i, posterior in enumerate(posteriors):
            # A negative depth is no spectrum: the metric refuses it, whatever the noise says.
            mu = np.maximum(outputs.mu[i].double().cpu().numpy(), 0.0)
            sigma = outputs.sigma[i].double().cpu().numpy()
            rows.append((mu, sigma, np.maximum(posterior.mean, 0.0), posterior.sigma))
    ids = tuple(planet.planet_id for planet in planets)
    mu, sigma, mu0, sigma0 = (np.stack(column) for column in zip(*rows, strict=True))
    return Spectra(ids, mu, sigma), Spectra(ids, mu0, sigma0)
