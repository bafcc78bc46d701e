"""What the panels of topic ``gll`` share: the score's losses on the report's scored planets."""

import numpy as np

from spectramind.diagnostics.panel import Lack, ReportContext
from spectramind.evaluation.score_loss import ScoreLoss, score_loss

FORMULA = (
    "In every bin of every planet the score is (L − L_naive) / (L_ideal − L_naive), L the "
    "log-likelihood, so what is lost is (ln(σ / σ_ideal) + z² / 2) / (L_ideal − L_naive) with "
    "z = (truth − μ) / σ and σ_ideal = 1 ppm for FGS1, 10 ppm for AIRS. Weighted, these add up "
    "to one minus the score."
)
# White lines on a bar, for those who do not tell its colour.
HATCH = {"fillmode": "overlay", "fgcolor": "rgba(255,255,255,0.55)", "size": 7, "solidity": 0.3}


def losses(context: ReportContext) -> ScoreLoss | Lack:
    """Losses of the planets whose truth is known, in the order of ``context.score.ids``."""
    data, score = context.data, context.score
    if score is None or data.truth is None:
        return Lack(data.problems.get("truth", "") or data.problems.get("mu", ""))
    if data.naive is None:
        return Lack(data.problems.get("naive", ""))
    rows = data.labelled
    truth, mu, sigma = (
        np.asarray(values[rows], dtype=np.float64) for values in (data.truth, data.mu, data.sigma)
    )
    return score_loss(truth, mu, sigma, *data.naive)
