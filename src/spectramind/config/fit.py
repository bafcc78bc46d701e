"""Settings of the physics estimate: white-light fit and per-bin depths."""

from typing import Annotated

from pydantic import AfterValidator, Field

from spectramind.config.base import Section


def _ascending(bounds: tuple[float, float]) -> tuple[float, float]:
    if bounds[0] > bounds[1]:
        raise ValueError(f"{bounds} must ascend")
    return bounds


Share = Annotated[float, Field(gt=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Grid = Annotated[tuple[Positive, ...], Field(min_length=1)]
Range = Annotated[tuple[Positive, Positive], AfterValidator(_ascending)]


class FitConfig(Section):
    """The transit fit.

    Attributes:
        samples: light curves longer than this are averaged to at most so many samples.
        substep_h: an exposure longer than this [h] is integrated over sub-steps.
        pointing: regress each light curve on the images' motion and width, beside the drift.
        drift_order: highest Legendre order in time of the multiplicative drift.
        drift_wavelength_order: highest Legendre order in wavelength of the AIRS drift.
        drift_ppm: prior standard deviation of the drift's strength [ppm], least and most: each
            visit's own is learnt from its light curves.
        drift_shares: which share of the drift's variance may be off the one course in time that
            all wavelengths have in common; each visit's own is learnt. 1 alone: no common course.
        ramp_h: time constant of the ramp after the visit's begin [h].
        ramp_ppm: prior standard deviation of the ramp's height [ppm], least and most.
        red_terms: how many cosines noise with memory has in FGS1 and in slope, bend, ... of AIRS;
            at most a quarter of the samples.
        fine_terms: the same of AIRS's level and of its own motion, fewer than samples. What they
            leave out would be told from a transit by its edges.
        red_ppm, memory_h: deviations [ppm] and memories [h] of such noise that are tried, none at
            all among them; each visit's own is learnt, and from all visits how often which is.
        motion_px: deviations of AIRS's own motion along the dispersion that are tried [AIRS px],
            with the same memories.
        column_slope: prior standard deviation of how much more than the spectrum's slope tells a
            bin changes by a pixel of that motion.
        log_a_sigma: prior standard deviation of ln(a/R*) around the star table.
        impact_sigma: prior standard deviation of the impact parameter around the star table.
        limb_sigma: prior standard deviation of each limb-darkening coefficient around the grey
            atmosphere's.
        limb_colour_sigma: the same of the slope and the bend over AIRS by which they stray from it.
        population_visits: from how many visits to learn, at most, how orbits and limb darkening
            really stray from table and atmosphere, and which noise with memory there is; 0: the
            four widths above are the last word.
        population_strength: how many visits these widths count as beside those.
        detection_sigma: below this white-light signal-to-noise there is no transit to measure.
    """

    samples: int = Field(ge=20)
    substep_h: float = Field(gt=0)
    pointing: bool
    drift_order: int = Field(ge=1, le=8)
    drift_wavelength_order: int = Field(ge=0, le=4)
    drift_ppm: Range
    drift_shares: Annotated[tuple[Share, ...], Field(min_length=1)]
    ramp_h: float = Field(gt=0)
    red_terms: int = Field(ge=1, le=60)
    fine_terms: int = Field(ge=1)
    red_ppm: Grid
    memory_h: Grid
    motion_px: Grid
    ramp_ppm: Range
    column_slope: float = Field(gt=0)
    log_a_sigma: float = Field(gt=0)
    impact_sigma: float = Field(gt=0)
    limb_sigma: float = Field(gt=0)
    limb_colour_sigma: float = Field(gt=0)
    population_visits: int = Field(ge=0)
    population_strength: float = Field(gt=0)
    detection_sigma: float = Field(gt=0)
