"""explain: what is known of a planet, in the words of a local language model where one answers."""

from dataclasses import dataclass

from spectramind.config.root import Config
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.spectra import name_some
from spectramind.contracts.work_folder import WorkFolder
from spectramind.diagnostics.planet_text import KnownOfPlanet, planet_text
from spectramind.errors import SchemaError
from spectramind.pipeline.planets import doubts
from spectramind.pipeline.result import Result
from spectramind.pipeline.topic_makers import kept
from spectramind.run.environment import file_digest
from spectramind.run.ollama import NoAnswerError, ask
from spectramind.run.record import RunRecord
from spectramind.symbolic.violation_log import PlanetViolations, ViolationLog

_TOPIC = "explain"
_QUESTION = (
    "You are an astronomer. Explain to a colleague, in at most ten sentences, what the following "
    "says of this exoplanet's transmission spectrum, how sure it is and what to doubt. Use no "
    "number and claim no molecule that does not stand there.\n\n"
)


@dataclass(frozen=True, eq=False)
class PlanetExplained(Result):
    """What explain found.

    Attributes:
        planet: whose. text: what is known of it.
        words: the model's, empty where none answered. model: which, or why none.
    """

    planet: str
    text: str
    words: str
    model: str

    def report(self) -> list[str]:
        if not self.words:
            return [self.text, f"({self.model})"]
        return [self.text, f"In the words of {self.model}, which may err:\n{self.words}"]


def explain_planet(config: Config, record: RunRecord, planet: str) -> PlanetExplained:
    """Gather what is known of a test planet, and ask ``explain.url`` to put it in words.

    Raises:
        SchemaError: predict has not run, or not for this planet.
    """
    text = planet_text(_known(config, planet))
    settings = config.explain
    try:
        words = ask(settings.url, settings.model, _QUESTION + text, settings.timeout_s)
    except NoAnswerError as error:
        why = f"no language model answers at {settings.url} as {settings.model}: {error}"
        return PlanetExplained(planet, text, "", why)
    return PlanetExplained(planet, text, words, settings.model)


def _known(config: Config, planet: str) -> KnownOfPlanet:
    folder = WorkFolder(config.paths)
    whole = Predictive.load(folder.prediction(SUBMITTED))
    if planet not in whole.planet_ids:
        raise SchemaError(
            f"no prediction for planet {planet!r}: there are {name_some(whole.planet_ids)}"
        )
    lacking = []
    doubt, rules, parts, bands = None, None, None, ()
    try:
        doubt = doubts(config, [planet]).get(planet, "")
    except (SchemaError, KeyError) as error:
        lacking.append(f"whether its fit is doubted: {error}")
    try:
        rules = _judged(config, planet)
    except SchemaError as error:
        lacking.append(f"what the rules say: {error}")
    try:
        values = kept(config, _TOPIC)
        if values is None:
            raise SchemaError("run `spectramind diagnose explain` first")
        parts, bands = values["planets"].get(planet), tuple(values["bands"])
    except SchemaError as error:
        lacking.append(f"what made its depths: {error}")
    return KnownOfPlanet(whole.select([planet]), doubt, rules, parts, bands, tuple(lacking))


def _judged(config: Config, planet: str) -> PlanetViolations:
    """What the auditor says of the present prediction.

    Raises:
        SchemaError: it has not judged it.
    """
    folder = WorkFolder(config.paths)
    if not folder.audit.violations.is_file():
        raise SchemaError("run `spectramind audit` first")
    log = ViolationLog.load(folder.audit.violations)
    if log.prediction != file_digest(folder.prediction(SUBMITTED)):
        raise SchemaError("audit judged another prediction: run `spectramind audit` again")
    return next(one for one in log.planets if one.planet_id == planet)
