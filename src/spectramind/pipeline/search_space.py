"""What ``ablate --search`` may change: settings with a range or a list of values, from a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from yaml import YAMLError

from spectramind.config.compose import resource_dir
from spectramind.errors import ConfigError, first_fault

Value = bool | int | float | str | None
_WANTED = (
    "a search is `search:`, each setting with `{low: 1e-4, high: 1e-2, log: true}` or a list of "
    "values"
)


class Range(BaseModel):
    """Numbers from ``low`` to ``high``, whole ones if both are; ``log``: even over magnitudes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    low: int | float
    high: int | float
    log: bool = False

    @property
    def whole(self) -> bool:
        return isinstance(self.low, int) and isinstance(self.high, int)

    @model_validator(mode="after")
    def _ascends(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"low={self.low} must be below high={self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"log: true needs low above 0, not {self.low}")
        return self


class _SearchFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    search: dict[str, Range | tuple[Value, ...]] = Field(min_length=1)


@dataclass(frozen=True)
class SearchSpace:
    """Settings by dotted key, and where they are searched; ``file`` says so."""

    file: Path
    settings: Mapping[str, Range | tuple[Value, ...]]


def read_space(path: Path) -> SearchSpace:
    """Read a file, from the current folder or from ``configs/ablate/searches``.

    Raises:
        ConfigError: it is missing, or holds no search.
    """
    shipped = resource_dir("configs") / "ablate/searches" / path.name
    found = path if path.is_file() else shipped.with_suffix(".yaml")
    try:
        held: Any = OmegaConf.to_container(OmegaConf.load(found))
        space = _SearchFile.model_validate(held).search
    except FileNotFoundError as error:
        raise ConfigError(f"the search {path} is missing: {_WANTED}") from error
    except ValidationError as error:
        raise ConfigError(f"{found}: {first_fault(error)}: {_WANTED}") from error
    except (OSError, UnicodeDecodeError, YAMLError, OmegaConfBaseException) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"{found} cannot be read ({reason}): {_WANTED}") from error
    for key, where in space.items():
        if isinstance(where, tuple) and len(set(map(repr, where))) < max(len(where), 2):
            raise ConfigError(f"{found}: {key} needs two values or more, each once: {_WANTED}")
    return SearchSpace(found, space)
