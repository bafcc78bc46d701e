"""Settings of the split and of the training loop."""

from typing import Literal

from pydantic import Field

from spectramind.config.base import Section


class SplitConfig(Section):
    """GroupKFold over planets: one fold for early stopping, one for calibration, the rest train.

    Attributes:
        folds: how many.
        seed: what shuffles the planets.
    """

    folds: int = Field(ge=3)
    seed: int = Field(ge=0)


class TrainConfig(Section):
    """The supervised phase.

    Attributes:
        phase: which phase this is.
        epochs, batch_size, lr, weight_decay: AdamW over whole planets.
        warmup_steps: linear warm-up before the cosine.
        grad_clip: largest gradient norm.
        grad_accum: batches an optimizer step sums.
        amp: mixed precision where there is CUDA.
        patience: epochs without a better validation loss before stopping.
        ckpt_every_epochs: a resumable checkpoint every so many epochs.
        sequence_length: steps the light curves are binned to for the FGS1 encoder.
        redraw: share of the training planets whose depths are drawn anew, around the truth and
            from the covariance of their errors, in every epoch.
        aux_weight: weight of the coarse scales' likelihood.
    """

    phase: Literal["supervised"]
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
    sequence_length: int = Field(ge=16)
    redraw: float = Field(ge=0, le=1)
    aux_weight: float = Field(ge=0)
