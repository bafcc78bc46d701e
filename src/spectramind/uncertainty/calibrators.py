"""Temperature and COREL together: from an estimator's own sigma to the one that is submitted."""

from dataclasses import dataclass

from spectramind.contracts.circumstances import PlanetCircumstances
from spectramind.contracts.predictive import Predictive, SigmaParts
from spectramind.contracts.spectra import Spectra
from spectramind.uncertainty.corel import Corel
from spectramind.uncertainty.temperature import Temperature


@dataclass(frozen=True, eq=False)
class Calibrators:
    """What was fitted for one estimator; None where a calibrator is switched off or not fitted."""

    temperature: Temperature | None = None
    corel: Corel | None = None

    @property
    def tau(self) -> float:
        """The temperature in use, its mean where channels differ, 1 without one."""
        return 1.0 if self.temperature is None else self.temperature.tau

    @property
    def needs_circumstances(self) -> bool:
        """Whether ``apply`` needs circumstances."""
        return self.corel is not None and self.corel.needs_circumstances

    def apply(
        self, raw: Predictive, circumstances: PlanetCircumstances | None = None
    ) -> Predictive:
        """The same mean with the sigma to submit, and intervals where COREL was fitted.

        Args:
            raw: sigma as the estimator believes it.
            circumstances: of these planets, where ``needs_circumstances`` says so.

        Raises:
            ConfigError: they are needed and not there.
        """
        spectra = raw.spectra
        sigma = spectra.sigma if self.temperature is None else self.temperature.apply(spectra.sigma)
        intervals = None
        if self.corel is not None:
            known = None if circumstances is None else circumstances.select(raw.planet_ids)
            intervals = self.corel.intervals(spectra.mu, sigma, known)
            sigma = self.corel.sigma(sigma)
        parts = raw.parts
        if parts is not None:  # what widens sigma widens both alike: squares still sum
            factor = sigma / spectra.sigma
            parts = SigmaParts(factor * parts.aleatoric, factor * parts.epistemic)
        return Predictive(Spectra(spectra.planet_ids, spectra.mu, sigma), intervals, parts)

    def describe(self) -> str:
        """What is applied, in a few words."""
        one = self.temperature
        temperature = "no temperature" if one is None else one.describe()
        return f"{temperature}, {'no COREL' if self.corel is None else 'COREL factors'}"
