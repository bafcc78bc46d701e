"""FGS1: which samples taken for cosmic rays were only the telescope's motion.

An exposure of 0.1 s can catch the star so far off that a pixel in its flank stands many standard
deviations off its running median; filled from the exposures around, it spoils the photometry of
just those exposures. A cosmic ray is what the motion does not explain: the pixel's series is
regressed on image scale x (1, motion, products of the shifts), and a sample stays filled where what
is left of it still stands out, the regression's own uncertainty so far out included. AIRS averages
4.5 s of motion and needs no second look.
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.calibration.cosmics import MAD_TO_SIGMA
from spectramind.calibration.photometry import Fgs1Series
from spectramind.calibration.pointing import fgs1_regressors

_MOST_EXPOSURES = 4096  # that the regression of a pixel learns from
_CONFIRM = 0.5  # of the first look's threshold: the hit itself has pulled the motion towards it


def second_look(
    as_came: NDArray[np.float32], filled: NDArray[np.float32], star: Fgs1Series, sigma: float
) -> NDArray[np.float32]:
    """Undo the filling of samples that the motion explains.

    Args:
        as_came: (P, T) exposures of some pixels with their cosmic rays [e].
        filled: (P, T) the same with cosmic rays filled.
        star: photometry of the exposures as they came.
        sigma: the first look's threshold in robust standard deviations.

    Returns:
        (P, T) exposures, filled where they still look like hits.
    """
    typical = star.flux.mean()
    scale = star.flux / typical if typical > 0 else np.ones(len(star.flux))
    design = np.column_stack([np.ones(len(scale)), fgs1_regressors(star)]) * scale[:, None]
    pairs = zip(as_came, filled, strict=True)
    return np.array([_look(came, fill, design, sigma) for came, fill in pairs], dtype=np.float32)


def _look(
    came: NDArray[np.float32],
    filled: NDArray[np.float32],
    design: NDArray[np.float64],
    sigma: float,
) -> NDArray[np.float32]:
    """One pixel; what was filled stays so where there is too little to learn the motion from."""
    suspect = came != filled
    known = np.flatnonzero(~suspect)
    known = known[:: max(1, len(known) // _MOST_EXPOSURES)]
    if len(known) <= 2 * design.shape[1]:
        return filled
    learnt = design[known]
    inverse = np.linalg.pinv(learnt.T @ learnt, hermitian=True)
    left = came - design @ (inverse @ (learnt.T @ came[known].astype(np.float64)))
    scatter = MAD_TO_SIGMA * np.median(np.abs(left[known]))
    places = np.flatnonzero(suspect)
    doubt = np.sqrt(1 + np.einsum("nk,kl,nl->n", design[places], inverse, design[places]))
    hits = places[np.abs(left[places]) > _CONFIRM * sigma * scatter * doubt]
    sure = came.copy()
    sure[hits] = filled[hits]
    return sure
