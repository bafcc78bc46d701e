"""Settings of ``calib`` (temperature and COREL) and of ``uq`` (what the network does not know)."""

from typing import Literal

from pydantic import Field

from spectramind.config.base import Section


class TempConfig(Section):
    """Temperature scaling.

    Attributes:
        enabled: fit and apply it; off means that sigma stays as it is.
        kind: ``none``: sigma stays; ``global``: one factor; ``detectors``: FGS1 and AIRS apart;
            ``channels``: FGS1, and of AIRS what all its bins share and what is each bin's own;
            ``auto``: the simplest of these that held-out planets do not speak against.
        objective: what factors are fitted by, and chosen by: the ``likelihood`` with the metric's
            weights, or the official ``score``.
        prior_planets: weight of the prior factor 1, in planets.
    """

    enabled: bool
    kind: Literal["none", "global", "detectors", "channels", "auto"]
    objective: Literal["likelihood", "score"]
    prior_planets: float = Field(ge=0, allow_inf_nan=False)


class CorelConfig(Section):
    """Per-bin sigma factors and conformal intervals.

    Attributes:
        enabled: fit and apply them.
        alpha: miscoverage the intervals allow.
        smoothing_um: width of the kernel over neighbouring bins, as a standard deviation [um].
        prior_planets: weight of the prior factor 1, in planets.
    """

    enabled: bool
    alpha: float = Field(gt=0, lt=1)
    smoothing_um: float = Field(gt=0, le=2)
    prior_planets: float = Field(ge=0, allow_inf_nan=False)


class InstanceConfig(Section):
    """A last factor on sigma from what the predicted set's own light curves leave over.

    Attributes:
        enabled: apply it.
    """

    enabled: bool


class EpistemicConfig(Section):
    """What the network's own ignorance adds to sigma; ``train`` decides, the checkpoint holds it.

    Attributes:
        epistemic: ``none``; ``ensemble``: networks trained from several seeds; ``mc_dropout``: one
            network whose dropout stays on. Their scatter and their mean variance are summed.
        members: networks of an ensemble.
        passes: answers drawn with dropout.
    """

    epistemic: Literal["none", "ensemble", "mc_dropout"]
    members: int = Field(ge=2, le=64)
    passes: int = Field(ge=2, le=1000)
