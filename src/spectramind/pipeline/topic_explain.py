"""Topic "explain": what made the submitted mu of every test planet."""

from spectramind.config.root import Config
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tree import KaggleTree
from spectramind.diagnostics.mu_parts import Answer, mu_parts
from spectramind.diagnostics.panel import Values
from spectramind.errors import SchemaError
from spectramind.estimators.artifact import Artifact
from spectramind.features.sample_influence import PHASES
from spectramind.pipeline.planet_samples import planet_samples
from spectramind.pipeline.planets import load_planets
from spectramind.prior.linear_weights import explain
from spectramind.run.record import RunRecord

_PHYSICS = "physics"


def explain_mu(config: Config, record: RunRecord) -> Values:
    """Take apart what ``predict`` left; calibrators change sigma alone and have no part in mu.

    Raises:
        SchemaError: prediction, checkpoint or features are missing, or not of the same planets.
    """
    folder = WorkFolder(config.paths)
    submitted = Predictive.load(folder.prediction(SUBMITTED))
    physics = Predictive.load(folder.prediction(_PHYSICS))
    artifact = Artifact.load(config.paths.checkpoint)
    ids = submitted.planet_ids
    if not ids:
        raise SchemaError(f"{folder.prediction(SUBMITTED)} holds no planet: nothing to explain")
    # All at once and in the order of predict: stars of a set tell each other's spots.
    planets = load_planets(config, KaggleTree(config.data.raw), "test", ids)
    found = explain(artifact.prior, [planet.measurements for planet in planets])
    rows = zip(ids, found, physics.select(ids).spectra.mu, submitted.spectra.mu, strict=True)
    answers = {planet: Answer(parts, by_physics, mu) for planet, parts, by_physics, mu in rows}
    values = mu_parts(answers, artifact.prior.size, not artifact.physics_alone)
    return values | {"samples": planet_samples(config, planets), "phases": list(PHASES)}
