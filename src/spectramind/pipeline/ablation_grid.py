"""The variants of an ablation, read from a file and checked before anything is trained."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from yaml import YAMLError

from spectramind.config.alter import altered
from spectramind.config.compose import resource_dir
from spectramind.config.overrides import normalise
from spectramind.config.root import Config
from spectramind.errors import ConfigError, SpectraMindError
from spectramind.models.assembly import build_network
from spectramind.pipeline.train import refuse_contradictions

BASE = "base"
# What a variant may change; features, planets, folds and the record are shared with the base.
CHANGEABLE = ("model.", "train.", "loss.", "uq.", "calib.temp.", "calib.corel.")
SHIPPED = "ablate/grids/parts.yaml"


class _Entry(BaseModel):
    """One variant as its file has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=80)
    overrides: tuple[str, ...] = ()
    pretrain: Literal["mae", "contrastive"] | None = None


class _GridFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    variants: tuple[_Entry, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Variant:
    """One way to train.

    Attributes:
        name: how tables call it. folder: the same as a folder may be called.
        overrides: what it changes of the base.
        pretrain: the phase without labels that comes before, None for none of its own.
        config: its settings; seed and paths are still the base's.
    """

    name: str
    folder: str
    overrides: tuple[str, ...]
    pretrain: str | None
    config: Config

    @property
    def changes(self) -> str:
        """In a few words."""
        before = () if self.pretrain is None else (f"pretrained by {self.pretrain}",)
        return ", ".join((*before, *self.overrides)) or "nothing"


@dataclass(frozen=True)
class Grid:
    """Variants to train, the base first, and the names of those that change nothing of it."""

    file: Path
    variants: tuple[Variant, ...]
    unchanged: tuple[str, ...]


def read_grid(base: Config) -> Grid:
    """The variants of ``ablate.grid``, each composed, validated and built once.

    Raises:
        ConfigError: the file cannot be read, or a variant or the base cannot be trained; one line
            that names file and variant.
    """
    path = base.ablate.grid or resource_dir("configs") / SHIPPED
    found = [base_variant(base, path)]
    unchanged = []
    for entry in _entries(path):
        where = f"{path}: variant {entry.name!r}"
        variant = _variant(entry, base, where)
        same = [one.name for one in found if one.folder == variant.folder]
        if same:
            raise ConfigError(f"{where} and {same[0]!r} would share a folder: rename one of them")
        if variant.config.science_hash == base.science_hash and entry.pretrain is None:
            unchanged.append(entry.name)
            continue
        check_variant(variant, where)
        found.append(variant)
    if len(found) == 1:
        raise ConfigError(f"{path}: no variant changes anything of the settings given")
    return Grid(path, tuple(found), tuple(unchanged))


def base_variant(base: Config, file: Path) -> Variant:
    """The settings given, as the first variant.

    Raises:
        ConfigError: they cannot be trained.
    """
    found = Variant(BASE, BASE, (), None, base)
    check_variant(found, f"the base of {file}")
    return found


def _entries(path: Path) -> tuple[_Entry, ...]:
    wanted = "a file of `variants:`, each with `name` and a list of `overrides`"
    try:
        tree: Any = OmegaConf.to_container(OmegaConf.load(path))
        return _GridFile.model_validate(tree).variants
    except FileNotFoundError as error:
        raise ConfigError(f"the grid {path} is missing: --grid takes {wanted}") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the file"
        said = f"{first['msg'][:1].lower()}{first['msg'][1:]}".replace("tuple", "list")
        raise ConfigError(f"{path}: {key}: {said}: a grid is {wanted}") from error
    except (OSError, UnicodeDecodeError, YAMLError, OmegaConfBaseException) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"{path} cannot be read ({reason}): a grid is {wanted}") from error


def _variant(entry: _Entry, base: Config, where: str) -> Variant:
    folder = "-".join(re.findall(r"[\w+.]+", entry.name.lower())).strip(".")
    if not folder:
        raise ConfigError(f"{where}: a name needs a letter or a digit")
    found = altered_variant(entry.name, folder, entry.overrides, base, where)
    return replace(found, pretrain=entry.pretrain)


def altered_variant(
    name: str, folder: str, overrides: tuple[str, ...], base: Config, where: str
) -> Variant:
    """The base with overrides of what a variant may change.

    Raises:
        ConfigError: another key, or a value out of range; ``where`` says whose.
    """
    for override in overrides:
        if not normalise(override).startswith(CHANGEABLE):
            allowed = ", ".join(name.rstrip(".") for name in CHANGEABLE)
            raise ConfigError(
                f"{where}: {override!r} is shared with the base; a variant changes keys of "
                f"{allowed}"
            )
    try:
        config = altered(base, overrides)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
    return Variant(name, folder, overrides, None, config)


def check_variant(variant: Variant, where: str) -> None:
    """Refuse what can be known to be wrong before the training.

    Raises:
        ConfigError: it cannot be trained, or not judged.
    """
    config = variant.config
    phase, start = config.train.phase, config.train.start_from
    if phase in ("mae", "contrastive"):
        raise ConfigError(
            f"{where}: train.phase={phase} alone leaves nothing to judge: write `pretrain: {phase}`"
        )
    if variant.pretrain is not None and phase == "all":
        raise ConfigError(
            f"{where}: train.phase=all pretrains by itself: leave `pretrain` out, or set "
            "train.phase=supervised"
        )
    if config.model.prior.source == "atmosphere":
        raise ConfigError(
            f"{where}: model.prior.source=atmosphere trains no network and reads no label to judge "
            "by: set model.prior.source=both"
        )
    if start is not None and not start.is_file():
        raise ConfigError(f"{where}: train.start_from={start} is missing")
    phases = [phase] if variant.pretrain is None else [phase, variant.pretrain]
    try:
        for each in phases:
            train = config.train.model_copy(update={"phase": each})
            refuse_contradictions(config.model_copy(update={"train": train}))
        build_network(config.model, config.loss.seam)
    except SpectraMindError as error:
        raise ConfigError(f"{where}: {error}") from error
