"""Settings of how posteriors are sampled: networks that propose and emulate, and the sampler."""

from typing import Literal

from pydantic import Field, model_validator

from spectramind.config.base import Section
from spectramind.config.sim_planets import Span


class ProposalConfig(Section):
    """The network that proposes atmospheres; trained at the first use, kept in the work folder.

    Attributes:
        spectra: computed to train it (about 600 a second and core).
        epochs: over them. batch: spectra at once. rate: learning rate at the begin.
        components: numbers that a spectrum is brought to.
        transforms, hidden, pieces: of the neural spline flow: how many, their width, pieces of a
            spline.
        level_range: how far the radius may lie from the root of the measured depth, natural
            logarithm: below and above.
    """

    spectra: int = Field(ge=500)
    epochs: int = Field(ge=1)
    batch: int = Field(ge=16)
    rate: float = Field(gt=0, le=0.1)
    components: int = Field(ge=2, le=100)
    transforms: int = Field(ge=1, le=20)
    hidden: int = Field(ge=8)
    pieces: int = Field(ge=2, le=64)
    level_range: Span


class EmulatorConfig(Section):
    """The network that stands in for the forward model; trained on the proposal's spectra.

    Attributes:
        width: of its three hidden layers. epochs: over the spectra. batch: spectra at once.
        rate: learning rate at the begin.
    """

    width: int = Field(ge=8)
    epochs: int = Field(ge=1)
    batch: int = Field(ge=16)
    rate: float = Field(gt=0, le=0.1)


class SamplingConfig(Section):
    """How a posterior is sampled.

    Attributes:
        sampler: ``auto``: importance sampling, and nested sampling where that is not efficient;
            ``importance`` or ``nested``: that alone.
        effective: effective samples wanted.
        particles: samples of the surrogate's posterior; half as many for a model without one
            component. islands: groups of them that know nothing of each other; they tell the
            error of ln Z.
        batch: exact spectra of a round. most_spectra: at most, of importance sampling.
        least_efficiency: effective samples an exact spectrum below which nautilus takes over.
        live_points: of nested sampling.
        comparison_effective: effective samples wanted of a model without one component.
        draws: equally likely samples that are kept for figures and predictions.
    """

    sampler: Literal["auto", "importance", "nested"]
    effective: int = Field(ge=20)
    particles: int = Field(ge=100)
    islands: int = Field(ge=2, le=16)
    batch: int = Field(ge=20)
    most_spectra: int = Field(ge=100)
    least_efficiency: float = Field(ge=0, lt=1)
    live_points: int = Field(ge=50)
    comparison_effective: int = Field(ge=10)
    draws: int = Field(ge=10)

    @model_validator(mode="after")
    def _one_batch_fits(self) -> "SamplingConfig":
        if self.most_spectra < self.batch:
            raise ValueError(
                f"most_spectra {self.most_spectra} is below batch {self.batch}: raise it, or lower "
                "the other"
            )
        return self
