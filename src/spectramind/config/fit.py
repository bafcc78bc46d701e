"""Settings of the physics estimate: white-light fit and per-bin depths."""

from pydantic import Field

from spectramind.config.base import Section


class FitConfig(Section):
    """The transit fit.

    Attributes:
        samples: light curves longer than this are averaged to at most so many samples.
        substep_h: an exposure longer than this [h] is integrated over sub-steps.
        pointing: regress each light curve on the FGS1 centroid, beside the drift.
        drift_order: highest Legendre order in time of the multiplicative drift.
        drift_wavelength_order: highest Legendre order in wavelength of the AIRS drift.
        drift_ppm: prior standard deviation of each drift coefficient [ppm].
        log_a_sigma: prior standard deviation of ln(a/R*) around the star table.
        impact_sigma: prior standard deviation of the impact parameter around the star table.
        limb_sigma: prior standard deviation of each limb-darkening coefficient.
        detection_sigma: below this white-light signal-to-noise there is no transit to measure.
    """

    samples: int = Field(ge=20)
    substep_h: float = Field(gt=0)
    pointing: bool
    drift_order: int = Field(ge=1, le=8)
    drift_wavelength_order: int = Field(ge=0, le=4)
    drift_ppm: float = Field(gt=0)
    log_a_sigma: float = Field(gt=0)
    impact_sigma: float = Field(gt=0)
    limb_sigma: float = Field(gt=0)
    detection_sigma: float = Field(gt=0)
