"""diagnose drift: the planets predicted beside those that calibration saw, trait by trait."""

from spectramind.config.root import Config
from spectramind.contracts.traits import TRAITS
from spectramind.contracts.work_folder import WorkFolder
from spectramind.diagnostics.panel import Values, plain
from spectramind.errors import SchemaError
from spectramind.pipeline.watch_drift import look, seen_by_calibration
from spectramind.run.environment import file_digest
from spectramind.run.record import RunRecord
from spectramind.uncertainty.seen_planets import load_traits


def compare(config: Config, record: RunRecord) -> Values:
    """What ``predict`` compared and found, by the same call, with the values of every trait.

    Returns:
        ``alarm``, ``p``, ``level``, ``together``, ``told`` as the alarm has them, the number of
        planets ``n_seen`` and ``n_new``, and ``traits``: of each its name, how it is called, its
        familywise p (None: not compared), how its median differs, and its ``seen`` and ``new``
        values, None where a planet does not tell.

    Raises:
        SchemaError: nothing says what calibration saw, or nothing was predicted with this
            checkpoint; the sets are too small; or drift is not looked for.
    """
    folder = WorkFolder(config.paths)
    if not config.paths.checkpoint.is_file():
        raise SchemaError(f"{config.paths.checkpoint} is missing: run `spectramind train`")
    new = load_traits(folder.raw_traits, file_digest(config.paths.checkpoint), "predict")
    if new is None:
        raise SchemaError(
            f"no {folder.raw_traits} of this checkpoint says what the planets predicted are like: "
            "run `spectramind predict`"
        )
    seen = seen_by_calibration(config)
    found, line = look(config, seen, new)
    if found is None or seen is None:
        raise SchemaError(line)
    judged = {one.name: one for one in found.compared}
    rows = [
        {
            "name": name,
            "said": trait.said,
            "logarithm": trait.logarithm,
            "unit": trait.unit,
            "scale": trait.scale,
            "p": judged[name].p if name in judged else None,
            "how": judged[name].how if name in judged else "",
            "seen": plain(seen.values[:, i]),
            "new": plain(new.values[:, i]),
        }
        for i, (name, trait) in enumerate(TRAITS.items())
    ]
    return {
        "alarm": found.alarm,
        "p": found.p,
        "level": found.level,
        "together": found.together,
        "told": found.told(),
        "n_seen": found.n_seen,
        "n_new": found.n_new,
        "differing": [one.name for one in found.differing],
        "traits": rows,
    }
