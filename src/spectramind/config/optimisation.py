"""Settings of the split and of the training loop."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from spectramind.config.base import Section
from spectramind.config.sim_planets import Span


class SplitConfig(Section):
    """GroupKFold over planets, and what the folds are for.

    Attributes:
        scheme: ``holdout``: one fold stops the training and fits the temperature, one is touched
            by COREL alone, the rest train. ``cross``: every fold is predicted by a training on the
            others, calibrators are fitted on these predictions of all labelled planets, and the
            checkpoint is trained on all of them.
        folds: how many.
        seed: what shuffles the planets.
    """

    scheme: Literal["holdout", "cross"]
    folds: int = Field(ge=3)
    seed: int = Field(ge=0)


class MaskedConfig(Section):
    """Pretraining by masked reconstruction (phase ``mae``).

    Attributes:
        epochs: at most.
        mask: what is hidden. ``random``: bins and steps of the light curve, each for itself.
            ``block``: runs of ``block`` neighbours. ``molecule``: the windows of molecules, steps
            in runs. ``snr``: bins of high signal to noise first, steps each for itself.
        ratio: share of bins and of steps hidden.
        block: length of a run, in bins and in tokens of the FGS1 encoder.
        log_sigma: hide and ask for the logarithms of the bins' sigmas as well.
    """

    epochs: int = Field(ge=1)
    mask: Literal["random", "block", "molecule", "snr"]
    ratio: float = Field(gt=0, lt=1)
    block: int = Field(ge=1, le=100)
    log_sigma: bool


class ContrastConfig(Section):
    """Pretraining of the FGS1 encoder by InfoNCE (phase ``contrastive``).

    Attributes:
        epochs: at most.
        temperature: of the similarities.
        jitter: an epoch's batches take temperatures drawn from ``temperature * (1 +- jitter)``.
        dim: width of the space in which segments are compared.
    """

    epochs: int = Field(ge=1)
    temperature: float = Field(gt=0, le=10)
    jitter: float = Field(ge=0, lt=1)
    dim: int = Field(ge=2, le=1024)


class TrainConfig(Section):
    """Training, phase by phase; what is not in ``mae`` and ``contrastive`` counts for all of them.

    Attributes:
        phase: ``mae`` and ``contrastive`` pretrain the encoders without labels and leave
            ``pretrained.pt`` beside the checkpoint; ``supervised`` corrects the physics estimate;
            ``all``: one after the other, each from the weights of the one before.
        start_from: a ``pretrained.pt`` or a checkpoint whose encoders the first phase starts with.
        freeze_encoders: train only what comes after them: a few labels cannot spoil what many
            visits taught.
        epochs: of the supervised phase. batch_size, lr, weight_decay: AdamW over whole planets.
        warmup_steps: linear warm-up before the cosine.
        grad_clip: largest gradient norm.
        grad_accum: batches an optimizer step sums.
        amp: mixed precision where there is CUDA.
        patience: epochs without a better validation loss before stopping.
        ckpt_every_epochs: a resumable checkpoint every so many epochs.
        top_k: weights of so many best epochs of a phase are kept in files of their own.
        deterministic: only algorithms that give the same bits again; slower on a GPU.
        detect_anomaly: name the operation whose gradient is not finite; slow.
        profile_steps: so many optimizer steps of a training are profiled, after a warm-up of three:
            a trace and a table of operators below ``outputs/profile``; 0 for none.
        sequence_length: steps the light curves are binned to for the FGS1 encoder.
        redraw: share of the training planets whose depths are drawn anew, around the truth and
            from the covariance of their errors, in every epoch.
        redraw_spread: range of the factor that is then drawn for that covariance.
        objective: what the supervised phase makes small: the ``likelihood`` with the official
            weights, or the official ``score`` itself, negative; symbolic rules beside either.
        aux_weight: weight of the coarse scales' likelihood.
    """

    phase: Literal["mae", "contrastive", "supervised", "all"]
    start_from: Path | None
    freeze_encoders: bool
    epochs: int = Field(ge=0)
    batch_size: int = Field(ge=1)
    lr: float = Field(gt=0, le=1)
    weight_decay: float = Field(ge=0)
    warmup_steps: int = Field(ge=0)
    grad_clip: float = Field(gt=0)
    grad_accum: int = Field(ge=1)
    amp: bool
    patience: int = Field(ge=1)
    ckpt_every_epochs: int = Field(ge=1)
    top_k: int = Field(ge=0, le=100)
    deterministic: bool
    detect_anomaly: bool
    profile_steps: int = Field(ge=0, le=1000)
    sequence_length: int = Field(ge=16)
    redraw: float = Field(ge=0, le=1)
    redraw_spread: Span
    objective: Literal["likelihood", "score"]
    aux_weight: float = Field(ge=0)
    mae: MaskedConfig
    contrastive: ContrastConfig

    @field_validator("redraw_spread")
    @classmethod
    def _a_factor_is_positive(cls, spread: Span) -> Span:
        if spread[0] <= 0:
            raise ValueError(
                f"a covariance cannot be scaled by {spread[0]:g}: name a range above 0"
            )
        return spread
