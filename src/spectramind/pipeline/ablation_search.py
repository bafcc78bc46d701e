"""``ablate --search``: variants that Optuna proposes, each from what those before it scored.

The study is a journal in the work folder, so that a search that was interrupted, or is given more
trials, goes on. What is trained already is not trained again, and every trial is judged anew.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from spectramind.config.base import digest
from spectramind.config.overrides import quoted
from spectramind.config.root import Config
from spectramind.contracts.work_folder import WorkFolder
from spectramind.errors import ConfigError
from spectramind.pipeline.ablation_grid import Variant, altered_variant, check_variant
from spectramind.pipeline.search_space import Range, SearchSpace, Value
from spectramind.run.record import RunRecord

if TYPE_CHECKING:
    from optuna import Study


class Search:
    """A study of the settings given.

    Attributes:
        variants: tried until now, in their order; those that cannot be trained are not among them.
    """

    def __init__(self, base: Config, space: SearchSpace, record: RunRecord) -> None:
        self._base, self._space, self._record = base, space, record
        self.variants: list[Variant] = []
        self._refuse_unknown()
        self._study = self._open()

    def trials(self, scores: dict[str, float]) -> Iterator[Variant]:
        """Variants to try: first those that were tried before, then new ones.

        Args:
            scores: by variant, its score, where it could be judged: the caller fills it between.
        """
        from optuna.trial import TrialState

        left = []
        for trial in self._study.get_trials(deepcopy=False):
            if not trial.state.is_finished():  # it was killed, and is done now
                left.append(trial)
            elif self._tried(trial) is None and (variant := self._variant(trial)) is not None:
                yield variant
        while left or len(self._study.trials) < self._base.ablate.trials:
            trial = left.pop(0) if left else self._study.ask(self._distributions())
            before = self._tried(trial)
            variant = before or self._variant(trial)
            if variant is not None and before is None:
                yield variant
            value = None if variant is None else scores.get(variant.name)
            state = TrialState.FAIL if value is None else TrialState.COMPLETE
            self._study.tell(trial.number, value, state)

    def _variant(self, trial: Any) -> Variant | None:
        """What a trial changes; None: it cannot be trained, or was killed before it was whole."""
        if set(trial.params) != set(self._space.settings):
            return None
        name, overrides = f"trial {trial.number}", _overrides(trial.params)
        folder = f"search-{digest({'overrides': list(overrides)})[:8]}"
        try:
            variant = altered_variant(name, folder, overrides, self._base, f"{self._file}, {name}")
            check_variant(variant, f"{self._file}, {name}")
        except ConfigError as error:
            self._record.warn(f"left out: {error}")
            return None
        self.variants.append(variant)
        return variant

    def _tried(self, trial: Any) -> Variant | None:
        """The variant that was the same."""
        wanted = _overrides(trial.params)
        return next((one for one in self.variants if one.overrides == wanted), None)

    def _refuse_unknown(self) -> None:
        """Every setting alone, at its ends, before anything is trained."""
        for key, where in self._space.settings.items():
            ends = (where.low, where.high) if isinstance(where, Range) else where
            for value in ends:
                override = _override(key, value)
                altered_variant("end", "end", (override,), self._base, str(self._file))

    @property
    def _file(self) -> Any:
        return self._space.file

    def _open(self) -> "Study":
        try:
            import optuna
            from optuna.storages import JournalStorage
            from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
        except ImportError as error:
            raise ConfigError(
                "ablate --search needs Optuna: pip install 'spectramind[sweep]', or name the "
                "variants yourself with --grid FILE"
            ) from error
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        base, journal = self._base, WorkFolder(self._base.paths).ablation.search
        journal.parent.mkdir(parents=True, exist_ok=True)
        # Another base, space, seeds or judge make scores that do not compare: another study.
        told = {
            "space": {key: repr(where) for key, where in self._space.settings.items()},
            "base": base.science_hash,
            "seeds": list(base.ablate.seeds),
            "judge": base.ablate.judge_on,
        }
        backend = JournalFileBackend(str(journal), JournalFileOpenLock(str(journal)))
        study = optuna.create_study(
            storage=JournalStorage(backend),
            study_name=digest(told)[:16],
            direction="maximize",
            load_if_exists=True,
        )
        # From the count on: a sampler of one seed would propose its first trials again.
        seed = base.seed + len(study.trials)
        study.sampler = optuna.samplers.TPESampler(seed=seed)
        return study

    def _distributions(self) -> dict[str, Any]:
        from optuna.distributions import (
            CategoricalDistribution,
            FloatDistribution,
            IntDistribution,
        )

        def of(where: Range | tuple[Value, ...]) -> Any:
            if not isinstance(where, Range):
                return CategoricalDistribution(list(where))
            if where.whole:
                return IntDistribution(int(where.low), int(where.high), log=where.log)
            return FloatDistribution(float(where.low), float(where.high), log=where.log)

        return {key: of(where) for key, where in self._space.settings.items()}


def _overrides(params: dict[str, Value]) -> tuple[str, ...]:
    return tuple(_override(key, value) for key, value in sorted(params.items()))


def _override(key: str, value: Value) -> str:
    """A float in the four figures that a table can hold, and so is it trained."""
    if value is None or isinstance(value, bool):
        return f"{key}={ {None: 'null', True: 'true', False: 'false'}[value] }"
    if isinstance(value, str):
        return quoted(key, value)
    return f"{key}={value:.4g}" if isinstance(value, float) else f"{key}={value}"
