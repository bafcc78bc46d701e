"""Where ``retrieve`` leaves posteriors, and the networks that it uses."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RetrievalFolder:
    """What ``retrieve`` leaves, planet by planet, and the networks that it uses."""

    root: Path

    def samples(self, planet_id: str) -> Path:
        """The posterior's samples with their weights."""
        return self.root / planet_id / "samples.npz"

    def table(self, planet_id: str) -> Path:
        """Equally likely samples as astronomers exchange them."""
        return self.root / planet_id / "samples.ecsv"

    def summary(self, planet_id: str) -> Path:
        """What was found; written last, so that its digest says the planet is done."""
        return self.root / planet_id / "retrieval.json"

    def nested(self, planet_id: str, digest: str) -> Path:
        """Where nested sampling of these data, settings and code goes on."""
        return self.root / planet_id / f"nautilus_{digest[:16]}.h5"

    def network(self, key: str) -> Path:
        """The trained networks of some settings and code."""
        return self.root / "network" / f"{key}.pt"

    def training(self, key: str, name: str) -> Path:
        """The state of one's training that goes on."""
        return self.root / "network" / f"{key}_{name}_last.pt"

    def block(self, key: str, number: int) -> Path:
        """Spectra that they learn from, while they do."""
        return self.root / "network" / f"{key}_spectra" / f"{number}.npz"

    @property
    def catalogue(self) -> Path:
        """All planets' numbers, a row each."""
        return self.root / "catalogue.csv"

    @property
    def recovery(self) -> Path:
        """How truth was found again, where the atmospheres are known."""
        return self.root / "recovery.json"

    @property
    def planets(self) -> tuple[str, ...]:
        """Those that are done."""
        return tuple(sorted(path.parent.name for path in self.root.glob("*/retrieval.json")))
