"""What a report shows of retrieval."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from spectramind.config.root import Config
from spectramind.contracts.retrieved import Retrieved
from spectramind.contracts.work_folder import WorkFolder
from spectramind.errors import SchemaError


def retrieved_planets(
    config: Config, ids: Sequence[str], note: Callable[[str, str], None]
) -> dict[str, Retrieved]:
    """Posteriors of those of the planets that ``retrieve`` has done; ``note`` hears of others."""
    folder, found = WorkFolder(config.paths).retrieval, {}
    for planet in folder.planets:
        if planet not in ids:
            continue
        try:
            found[planet] = Retrieved.load(folder.samples(planet), folder.summary(planet))
        except SchemaError as error:
            note("retrieved", str(error))
    return found


def read_recovery(config: Config) -> dict[str, Any]:
    """How well truth was found again, as ``retrieve --all`` left it.

    Raises:
        SchemaError: missing or broken.
    """
    path = WorkFolder(config.paths).retrieval.recovery
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(told, dict) or not isinstance(told["parameters"], dict):
            raise ValueError("no parameters")
    except (OSError, ValueError, KeyError) as error:
        raise SchemaError(
            f"{path} cannot be read ({error!r}): run `spectramind retrieve --all` again"
        ) from error
    return told
