"""Settings of ``calib`` (temperature and COREL) and of ``uq`` (what the network does not know)."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

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


Miss = Annotated[float, Field(gt=0, lt=1)]
# How a bin's quantile is formed: uncertainty/corel.py. `auto` asks the calibration planets.
QuantileForm = Literal["split", "cross", "lift", "gnn"]
# Kinds of planets that may have quantiles of their own: uncertainty/mondrian.py.
GroupName = Literal["doubted", "grazing", "faint"]


class QuantileNetworkConfig(Section):
    """The small graph network of ``calib.corel.kind=gnn``.

    Attributes:
        fit_share: share of the calibration planets that teach it; the others conformalise.
        width: numbers a bin holds inside.
        steps: of Adam; rate: its learning rate; decay: its weight decay.
        seed: draws the planets that teach, the weights and the batches.
    """

    fit_share: float = Field(ge=0.1, le=0.9)
    width: int = Field(ge=2, le=64)
    steps: int = Field(ge=1, le=10000)
    rate: float = Field(gt=0, le=0.1)
    decay: float = Field(ge=0, le=10)
    seed: int = Field(ge=0)


class CorelConfig(Section):
    """Per-bin sigma factors and conformal intervals.

    Attributes:
        enabled: fit and apply them.
        alpha: miscoverage the intervals allow, one or several; the first is what score and report
            show.
        kind: how the quantile of a bin is formed. ``split``: from the bin's own scores; ``cross``:
            the same, and only out-of-fold predictions will do; ``lift``: then lifted where
            neighbours need more; ``gnn``: a network says how scores differ between bins and
            planets; ``auto``: the one of ``split``, ``lift`` and ``gnn`` that does best on
            held-out calibration planets.
        groups: planets that get quantiles of their own, where there are enough of them; a planet
            belongs to the first that fits. ``doubted``: no visit's fit is trusted; ``grazing``: by
            ``grazing_impact``; ``faint``: by ``faint_ppm``.
        group_margin: planets that a group must hold beyond those its quantile needs.
        grazing_impact: impact parameter [stellar radii] from which a planet counts as grazing.
        faint_ppm: noise of a bin's depth [ppm] from which a planet counts as faint.
        gnn: the network.
        smoothing_um: width of the kernel over neighbouring bins, as a standard deviation [um].
        prior_planets: weight of the prior factor 1, in planets.
    """

    enabled: bool
    alpha: Miss | Annotated[tuple[Miss, ...], Field(min_length=1)]
    kind: QuantileForm | Literal["auto"]
    groups: tuple[GroupName, ...]
    group_margin: int = Field(ge=0, le=10000)
    grazing_impact: float = Field(ge=0, le=2)
    faint_ppm: float = Field(gt=0, allow_inf_nan=False)
    gnn: QuantileNetworkConfig
    smoothing_um: float = Field(gt=0, le=2)
    prior_planets: float = Field(ge=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for name, values in (("alpha", self.alphas), ("groups", self.groups)):
            if len(set(values)) < len(values):
                raise ValueError(f"{name} names one value twice: {list(values)}")
        return self

    @property
    def alphas(self) -> tuple[float, ...]:
        """Every alpha, that of score and report first."""
        return self.alpha if isinstance(self.alpha, tuple) else (self.alpha,)

    @property
    def needs_circumstances(self) -> bool:
        """Whether intervals may differ between planets by more than sigma."""
        return bool(self.groups) or self.kind in ("gnn", "auto")


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
