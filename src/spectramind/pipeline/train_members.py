"""The supervised phase, once or for every member of an ensemble."""

import logging
from dataclasses import dataclass, field

import torch

from spectramind.config.base import digest
from spectramind.config.root import Config
from spectramind.contracts.planet import LabelledPlanets
from spectramind.contracts.work_folder import WorkFolder
from spectramind.estimators.artifact import Member
from spectramind.estimators.epistemic import ONE_ANSWER, Epistemic
from spectramind.evaluation.official import naive_moments
from spectramind.models.assembly import build_network
from spectramind.models.network import Outputs, SpectraMind
from spectramind.prior.spectral_prior import SpectralPrior
from spectramind.run.devices import prepare_cpu
from spectramind.run.progress import say, track
from spectramind.run.seeds import derived_seed, seed_everything
from spectramind.symbolic.pack import SymbolicPack
from spectramind.training.engine.best_epochs import BestEpochs
from spectramind.training.engine.step_profile import StepProfile
from spectramind.training.engine.trainer import Trainer
from spectramind.training.objective import Objective
from spectramind.training.phases.pretraining import load_encoders
from spectramind.training.phases.supervised import Labelled, Outcome, Supervised
from spectramind.training.pretrained import Pretrained
from spectramind.training.trackers.opening import open_trackers

log = logging.getLogger("spectramind")
# Settings of training that the supervised phase's numbers do not depend on; what it starts from
# counts by its content.
NOT_SUPERVISED = {"phase", "start_from", "mae", "contrastive", "top_k", "detect_anomaly"}
NOT_SUPERVISED |= {"profile_steps"}


@dataclass(eq=False)
class Members:
    """Trains members on one prior and two folds.

    Attributes:
        settings: digest of all that they depend on but their seed.
        start: encoders to start from.
        judged: the stop fold says whether training is kept at all; else its best epoch is taken
            as it is, because other planets will say.
        exactly: epochs to train, where that is known; the stop fold then says nothing.
        outcomes: of those trained so far; networks: with the weights kept.
    """

    config: Config
    device: torch.device
    settings: str
    start: Pretrained | None = None
    judged: bool = True
    exactly: int | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    networks: list[SpectraMind] = field(default_factory=list)

    def train(self, prior: SpectralPrior, fold: LabelledPlanets, stop: LabelledPlanets) -> None:
        """All that are asked for; only the first where that is not kept.

        If training helps no first network, the estimate is physics, and further networks would
        cost their time for a verdict that is known.
        """
        uq = self.config.uq
        for number in range(uq.members if uq.epistemic == "ensemble" else 1):
            self._one(number, prior, fold, stop)
            if self.outcomes[0].epoch == 0:
                break

    @property
    def others(self) -> tuple[Member, ...]:
        """All but the first, as a checkpoint holds them."""
        further = zip(self.networks[1:], self.outcomes[1:], strict=True)
        return tuple(Member(network, o.epoch, o.history) for network, o in further)

    def epistemic(self) -> Epistemic:
        """How their answers come about."""
        uq = self.config.uq
        if uq.epistemic == "mc_dropout":
            return Epistemic(uq.epistemic, uq.passes, derived_seed(self.config.seed, "dropout"))
        return Epistemic(uq.epistemic) if uq.epistemic == "ensemble" else ONE_ANSWER

    def verdict(self) -> str:
        """What became of the network's own ignorance, in a few words; empty without."""
        uq = self.config.uq
        if uq.epistemic == "none":
            return ""
        if self.outcomes[0].epoch == 0:
            return (
                f"uq.epistemic={uq.epistemic} costs nothing here: the checkpoint is the physics "
                "estimate, of which there is one"
            )
        if uq.epistemic == "mc_dropout":
            return f"epistemic variance from {uq.passes} passes with dropout"
        kept = sum(outcome.epoch > 0 for outcome in self.outcomes)
        return f"ensemble of {len(self.outcomes)} networks, {kept} of them better than physics"

    def _one(
        self, number: int, prior: SpectralPrior, fold: LabelledPlanets, stop: LabelledPlanets
    ) -> None:
        config = self.config
        seed = derived_seed(config.seed, "member", number) if number else config.seed
        rng = seed_everything(seed)
        network = build_network(config.model, config.loss.seam)
        if self.start is not None:
            load_encoders(network, self.start.weights)
        if config.train.freeze_encoders:
            network.fgs1.requires_grad_(False)
            network.airs.requires_grad_(False)
        prepare_cpu(config.env.threads, network)
        naive = naive_moments(fold.truth) if config.train.objective == "score" else None
        objective = Objective(SymbolicPack(config.loss), config.train.aux_weight, naive)
        phase = Supervised(network, objective, prior, fold, stop, config.train, self.device)
        engine: Trainer[Labelled, Outputs] = Trainer(phase, config.train, self.device, rng)
        folder, settings = WorkFolder(config.paths), digest(self.settings, number)
        name = f"member_{number}" if number else ""
        shown = name or "supervised"
        best = BestEpochs(folder.best_epochs(shown), config.train.top_k, settings)
        tracker = open_trackers(config.logger.tracker, folder.tracking, shown, settings)
        profile = StepProfile(folder.profile(shown), config.train.profile_steps, say)
        resume = folder.unfinished(name)
        engine.run(resume, settings, track, tracker, best, profile, self.exactly)
        choose = phase.last if self.exactly else phase.choose if self.judged else phase.best
        outcome = choose(engine)
        network.load_state_dict(outcome.weights)
        log.info("member %d: epoch %d kept", number, outcome.epoch)
        self.outcomes.append(outcome)
        self.networks.append(network)
