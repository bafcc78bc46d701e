"""What a report shows of retrieval."""

from collections.abc import Callable, Sequence

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
