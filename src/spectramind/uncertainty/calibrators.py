"""Temperature and COREL together: from an estimator's own sigma to the one that is submitted."""

from dataclasses import dataclass

from spectramind.contracts.predictive import Predictive, SigmaParts
from spectramind.contracts.spectra import Spectra
from spectramind.contracts.traits import Traits
from spectramind.uncertainty.corel import Corel
from spectramind.uncertainty.temperature import Temperature


@dataclass(frozen=True, eq=False)
class Calibrators:
    """What was fitted for one estimator; None where a calibrator is switched off or not fitted."""

    temperature: Temperature | None = None
    corel: Corel | None = None

    @property
    def tau(self) -> float:
        """The temperature in use, 1 without one."""
        return 1.0 if self.temperature is None else self.temperature.tau

    @property
    def needs_traits(self) -> bool:
        """Whether ``apply`` needs traits."""
        return self.corel is not None and self.corel.needs_traits

    def apply(self, raw: Predictive, traits: Traits | None = None) -> Predictive:
        """The same mean with the sigma to submit, and intervals where COREL was fitted.

        Args:
            raw: sigma as the estimator believes it.
            traits: of these planets, where ``needs_traits`` says so.

        Raises:
            ConfigError: they are needed and not there.
        """
        spectra = raw.spectra
        sigma = self.tau * spectra.sigma
        intervals = None
        if self.corel is not None:
            known = None if traits is None else traits.select(raw.planet_ids)
            intervals = self.corel.intervals(spectra.mu, sigma, known)
            sigma = self.corel.sigma(sigma)
        parts = raw.parts
        if parts is not None:  # what widens sigma widens both alike: squares still sum
            factor = sigma / spectra.sigma
            parts = SigmaParts(factor * parts.aleatoric, factor * parts.epistemic)
        return Predictive(Spectra(spectra.planet_ids, spectra.mu, sigma), intervals, parts)

    def describe(self) -> str:
        """What is applied, in a few words."""
        temperature = "no temperature" if self.temperature is None else f"tau {self.tau:.3f}"
        return f"{temperature}, {'no COREL' if self.corel is None else 'COREL factors'}"
