"""Settings of the light curves."""

from typing import Literal

from pydantic import Field

from spectramind.config.base import Section


class FeaturesConfig(Section):
    """Calibrated light curves to the contract's.

    Attributes:
        photometry: FGS1's flux by the star's own image (``psf``) or by the aperture.
        jitter_window_min: window of the running median that separates jitter from drift [min].
    """

    photometry: Literal["psf", "aperture"]
    jitter_window_min: float = Field(gt=0)
