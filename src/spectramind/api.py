"""The use cases for a notebook: ``import spectramind as sm; run = sm.open("data.raw=...")``.

Everything goes through the same configuration, the same work folder and the same run record as the
command line; nothing is printed but progress. ``docs/notebook.md`` shows it in ten lines.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spectramind.config.compose import compose
from spectramind.config.root import Config
from spectramind.contracts.depths import Depths
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.series import Series
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.errors import SchemaError
from spectramind.pipeline.commands import perform
from spectramind.pipeline.one_visit import calibrate_one, fit_one
from spectramind.pipeline.result import Result
from spectramind.run.threads import one_thread_here

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def open(*overrides: str) -> "Run":
    """A run with the settings of Hydra overrides, such as ``data.raw=PATH``, ``paths.work=PATH``.

    Raises:
        ConfigError: an unknown key, or a value out of range.
    """
    return Run(compose(overrides), overrides)


@dataclass(frozen=True)
class Run:
    """One configuration at work.

    Attributes:
        config: the frozen settings.
        overrides: what they were composed with.
    """

    config: Config
    overrides: tuple[str, ...] = ()

    @property
    def tree(self) -> KaggleTree:
        """The competition tree that is read.

        Raises:
            SchemaError: ``data.raw`` is no folder.
        """
        return KaggleTree(self.config.data.raw)

    def visits(self, split: str) -> list[Visit]:
        """Visits of ``train`` or ``test``."""
        return self.tree.visits(split)

    def __call__(self, command: str, **flags: Any) -> Result:
        """Do what ``spectramind COMMAND`` does, with its record, and return what it found.

        Raises:
            ConfigError: no such command.
            SpectraMindError: the command's own.
        """
        with one_thread_here():
            return perform(command, self.config, list(self.overrides), flags)

    def calibrate(self, visit: Visit) -> dict[str, Series]:
        """Light curves of one visit by detector (``fgs1``: by its image and by the aperture;
        ``airs``: 282 bins), kept in the work folder as ``calibrate`` keeps them.

        Raises:
            SchemaError: a file of the visit breaks its contract.
        """
        with one_thread_here():
            return calibrate_one(self.config, visit)

    def fit(self, visit: Visit) -> Depths:
        """Depths of one visit in 283 bins with their covariance; the visit is calibrated first if
        it is not. What ``features`` learnt of all visits is used where it has run; nothing is
        written but light curves.

        Raises:
            SchemaError: a file of the visit breaks its contract, or the star table does.
        """
        with one_thread_here():
            return fit_one(self.config, visit)

    def prediction(self, estimator: str = SUBMITTED) -> Predictive:
        """What ``predict`` found for the test planets.

        Raises:
            SchemaError: it has not run.
        """
        return Predictive.load(WorkFolder(self.config.paths).prediction(estimator))

    def plot(
        self, planet_id: str, estimator: str = SUBMITTED, line_list: Path | str | None = None
    ) -> "Figure":
        """A planet's predicted spectrum with its sigma [ppm], FGS1 at 0.7 um; below it what each
        gas alone would draw, and the lines of a HITRAN ``.par`` file where one is named, here or by
        ``diag.line_list``.

        Raises:
            SchemaError: ``predict`` has not run, or not for this planet; a broken line list.
        """
        from plotly.graph_objects import Figure

        from spectramind.physics.line_list import read_par
        from spectramind.plotting.spectrum import spectrum_figure

        found = self.prediction(estimator)
        if planet_id not in found.planet_ids:
            raise SchemaError(f"no prediction for planet {planet_id}: it is no test planet")
        one = found.select([planet_id]).spectra
        named = self.config.diag.line_list if line_list is None else Path(line_list)
        lines = None if named is None else read_par(named)
        return Figure(spectrum_figure(planet_id, np.ravel(one.mu), np.ravel(one.sigma), lines))
