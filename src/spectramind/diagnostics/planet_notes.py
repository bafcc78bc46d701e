"""One line on a planet: its depth, and its error where the truth is known."""

import numpy as np

from spectramind.diagnostics.report_data import ReportData

PPM = 1e6


def planet_note(data: ReportData, row: int) -> str:
    """For the head of a planet's page."""
    text = f"mean depth {data.mu[row].mean() * PPM:,.0f} ppm"
    if row in data.labelled and data.truth is not None:
        error = data.mu[row] - data.truth[row]
        z = np.sqrt(np.mean((error / data.sigma[row]) ** 2))
        text += f", rms error {np.sqrt(np.mean(error**2)) * PPM:,.0f} ppm, rms z {z:.2f}"
    doubt = "" if data.traits is None else data.traits.doubt[row]
    return text + (f"; its fit is doubted: {doubt}" if doubt else "")
