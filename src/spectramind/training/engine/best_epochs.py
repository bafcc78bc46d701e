"""The best epochs' weights, each in a file of its own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from spectramind.models.state_file import save_state


class BestEpochs:
    """Keeps the ``count`` trained epochs of the smallest validation loss as ``epoch_0007.pt``.

    Which they are follows from the history alone, so that a resumed training keeps the same; what
    an earlier training left in the folder goes.

    Args:
        folder: of this training's own. count: how many, 0 for none.
        settings: digest of all that the result depends on, noted in each file.
    """

    def __init__(self, folder: Path, count: int, settings: str) -> None:
        self.folder, self.count, self.settings = folder, count, settings

    def begin(self, history: Sequence[dict[str, float]]) -> None:
        """Keep of what is there only the best of these epochs."""
        self._sweep(self._best(history))

    def offer(self, history: Sequence[dict[str, float]], weights: dict[str, Tensor]) -> None:
        """Keep the last epoch's weights if it is among the best of all so far."""
        best, last = self._best(history), history[-1]
        if int(last["epoch"]) in best:
            state: dict[str, Any] = {"weights": weights, "settings": self.settings}
            state |= {"epoch": int(last["epoch"]), "val_loss": last["val_loss"]}
            save_state(self._path(int(last["epoch"])), state)
        self._sweep(best)

    def _best(self, history: Sequence[dict[str, float]]) -> set[int]:
        trained = sorted((row["val_loss"], int(row["epoch"])) for row in history if row["epoch"])
        return {epoch for _, epoch in trained[: self.count]}

    def _path(self, epoch: int) -> Path:
        return self.folder / f"epoch_{epoch:04d}.pt"

    def _sweep(self, kept: set[int]) -> None:
        names = {self._path(epoch).name for epoch in kept}
        for path in self.folder.glob("epoch_*.pt"):
            if path.name not in names:
                path.unlink()
