"""Where the small files lie that DVC shows and draws; a part of ``WorkFolder``."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PlotTables:
    """Small files that DVC, or anything else, shows and draws."""

    root: Path

    @property
    def metrics(self) -> Path:
        """The numbers to watch from run to run, by name."""
        return self.root / "score.json"

    @property
    def training(self) -> Path:
        """Losses by epoch, of every training."""
        return self.root / "training.csv"

    @property
    def coverage(self) -> Path:
        """Realised against nominal coverage."""
        return self.root / "coverage.csv"

    @property
    def worst_planets(self) -> Path:
        """The planets of the lowest scores."""
        return self.root / "worst_planets.csv"
