"""Settings of the network. The sizes of the doctrine are a matter of ``experiment/`` files."""

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from spectramind.config.base import Section
from spectramind.instrument.grid import N_BINS

EdgeType = Literal["adjacent", "molecule", "detector"]
EdgeFeature = Literal["delta_lambda", "mol_i", "mol_j", "seam"]


class Fgs1MambaConfig(Section):
    """The state-space encoder of the FGS1 light curve.

    Attributes:
        d_model: width of the latents.
        n_layers: residual Mamba-2 layers.
        bidir: scan in both directions of time.
        dropout: on each layer's output.
        stride: time steps folded into one token before the first scan.
        d_state: size of a head's state.
        expand: inner width over ``d_model``.
        head_dim: channels a head; must divide ``expand * d_model``.
        blind: it sees zeros in place of the light curve: what the other encoder is worth alone.
    """

    d_model: int = Field(ge=8)
    n_layers: int = Field(ge=1)
    bidir: bool
    dropout: float = Field(ge=0, lt=1)
    stride: int = Field(ge=1)
    d_state: int = Field(ge=1)
    expand: int = Field(ge=1)
    head_dim: int = Field(ge=1)
    blind: bool

    @model_validator(mode="after")
    def _heads_divide(self) -> "Fgs1MambaConfig":
        if (self.expand * self.d_model) % self.head_dim:
            raise ValueError(
                f"head_dim {self.head_dim} must divide expand * d_model = "
                f"{self.expand * self.d_model}"
            )
        return self


class AirsGnnConfig(Section):
    """The graph encoder of the 283 bins.

    Attributes:
        type: ``gat``, attention (GATv2), or ``rgcn``, a mean over each type of edge
            (torch-geometric's RGCNConv, which must be installed for it).
        d_model: width of the node embeddings, all heads together.
        layers: residual layers.
        heads: attention heads of ``gat``; must divide ``d_model``.
        dropout: on attention weights and on each layer's output.
        edge_types: which links there are: ``adjacent`` in wavelength, ``molecule`` co-windows,
            ``detector`` (across FGS1|AIRS and across ``loss.seam``).
        edge_features: which of the graph's edge features the attention of ``gat`` sees.
        blind: it sees zeros in place of the bins' features, and knows only which bin is which.
    """

    type: Literal["gat", "rgcn"]
    d_model: int = Field(ge=8)
    layers: int = Field(ge=1)
    heads: int = Field(ge=1)
    dropout: float = Field(ge=0, lt=1)
    edge_types: tuple[EdgeType, ...] = Field(min_length=1)
    edge_features: tuple[EdgeFeature, ...] = Field(min_length=1)
    blind: bool

    @model_validator(mode="after")
    def _heads_divide(self) -> "AirsGnnConfig":
        if self.d_model % self.heads:
            raise ValueError(f"heads {self.heads} must divide d_model {self.d_model}")
        return self


class FusionConfig(Section):
    """How the two encoders meet.

    Attributes:
        type: ``concat_mlp`` (also ``concat``), ``gate`` or ``cross-attend``.
        dim: width of the fused latent.
        hidden: width of the fusion's hidden layer.
        heads: attention heads of ``cross-attend``; must divide ``dim``.
        dropout: inside the fusion.
    """

    type: Literal["concat_mlp", "concat", "gate", "cross-attend"]
    dim: int = Field(ge=8)
    hidden: int = Field(ge=8)
    heads: int = Field(ge=1)
    dropout: float = Field(ge=0, lt=1)

    @model_validator(mode="after")
    def _heads_divide(self) -> "FusionConfig":
        if self.dim % self.heads:
            raise ValueError(f"heads {self.heads} must divide dim {self.dim}")
        return self


class DiffusionConfig(Section):
    """The diffusion decoder.

    Attributes:
        modes: coefficients of the spectrum that it samples, FGS1's own among them.
        samples: even, and twice the modes at least: their covariance must have full rank.
        steps: of the way from noise to a sample, two passes each.
    """

    modes: int = Field(ge=2, le=64)
    samples: int = Field(ge=4, le=4096, multiple_of=2)
    steps: int = Field(ge=2, le=256)

    @model_validator(mode="after")
    def _samples_span_modes(self) -> "DiffusionConfig":
        if self.samples < 2 * self.modes:
            raise ValueError(
                f"samples {self.samples} must be twice modes at least, {2 * self.modes}"
            )
        return self


class DecoderConfig(Section):
    """The decoder of the depths.

    Attributes:
        type: ``multi_scale``, or ``diffusion``, which samples coefficients of the spectrum and
            gives their mean and standard deviation.
        scales: numbers of values a scale of ``multi_scale``, in any order; the finest is the 283
            bins.
        hidden: width of the hidden layers.
        aux_loss: ``multi_scale`` hands out the depths after each coarser scale as well.
        diffusion: sizes of ``diffusion``.
    """

    type: Literal["multi_scale", "diffusion"]
    scales: tuple[int, ...]
    hidden: int = Field(ge=8)
    aux_loss: bool
    diffusion: DiffusionConfig

    @field_validator("scales")
    @classmethod
    def _ascending(cls, scales: tuple[int, ...]) -> tuple[int, ...]:
        ordered = tuple(sorted(set(scales)))
        if not ordered or ordered[-1] != N_BINS or ordered[0] < 3:
            raise ValueError(f"scales must lie in 3..{N_BINS} and hold {N_BINS}")
        return ordered


class SigmaHeadConfig(Section):
    """The head of the uncertainties.

    Attributes:
        type: ``gaussian``, one sigma a bin; ``quantile``, one on either side of the median: q10,
            q50 and q90, whose mean and sigma are what is predicted; or ``flow``, a spline density
            a bin (zuko's, which must be installed for it), likewise.
        hidden: width of the hidden layer.
        sigma_min: smallest sigma, in units of depth.
        quantiles: hand out q10, q50 and q90 of ``flow`` as well, which ``loss.lambda_qm`` judges;
            ``quantile`` always does.
        pieces: of the spline of ``flow``.
    """

    type: Literal["gaussian", "quantile", "flow"]
    hidden: int = Field(ge=8)
    sigma_min: float = Field(gt=0, lt=1e-2)
    quantiles: bool
    pieces: int = Field(ge=2, le=64)

    @model_validator(mode="after")
    def _quantiles_are_there(self) -> "SigmaHeadConfig":
        if self.quantiles and self.type == "gaussian":
            raise ValueError("quantiles=true needs type quantile or flow: gaussian has none")
        return self


class SyntheticConfig(Section):
    """Clusters of synthetic shapes that stand beside the prior's scale mixture.

    Attributes:
        share: share of planets they describe where no label is read.
        share_with_labels: the same where the prior is learnt from ``both``.
        random_opacities: share of them with bands at random, not our own opacities.
        atmospheres: how many spectra of our own opacities they are found in.
        opacities: how many of random ones.
        clusters: of each kind.
    """

    share: float = Field(ge=0, lt=1)
    share_with_labels: float = Field(ge=0, lt=1)
    random_opacities: float = Field(gt=0, lt=1)
    atmospheres: int = Field(ge=200, le=100_000)
    opacities: int = Field(ge=200, le=100_000)
    clusters: int = Field(ge=1, le=64)


class PriorConfig(Section):
    """The spectral prior.

    Attributes:
        source: what it is learnt from: ``labels`` of the training fold, random spectra of the
            ``atmosphere`` model (no label is read, nothing is trained), or ``both``.
        strength: how many labelled planets the atmospheres count as.
        atmospheres: how many are drawn.
        components: principal components kept (fewer with few labels alone).
        haze_share: share of planets whose FGS1 depth the AIRS bins do not tell; 0 means none.
        haze_depth: standard deviation of what haze adds to their FGS1 depth, in units of depth.
        synthetic: for planets unlike those it was learnt on, or where none was.
    """

    source: Literal["labels", "atmosphere", "both"]
    strength: float = Field(gt=0, le=1e4)
    atmospheres: int = Field(ge=50, le=10_000)
    components: int = Field(ge=1, le=64)
    haze_share: float = Field(ge=0, le=0.5)
    haze_depth: float = Field(gt=0, le=1e-2)
    synthetic: SyntheticConfig


class ModelConfig(Section):
    """The prior and the network that corrects its answer."""

    prior: PriorConfig
    fgs1_mamba: Fgs1MambaConfig
    airs_gnn: AirsGnnConfig
    fusion: FusionConfig
    decoder_mu: DecoderConfig
    head_sigma: SigmaHeadConfig

    @field_validator("airs_gnn")
    @classmethod
    def _one_encoder_sees(cls, airs: AirsGnnConfig, info: ValidationInfo) -> AirsGnnConfig:
        other = info.data.get("fgs1_mamba")
        if airs.blind and other is not None and other.blind:
            raise ValueError("blind, and so is model.fgs1_mamba: one encoder must see the planet")
        return airs
