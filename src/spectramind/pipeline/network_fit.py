"""The network on top of its own physics estimate, its encoders pretrained where that is asked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from spectramind.config.root import Config
from spectramind.contracts.planet import LabelledPlanets
from spectramind.estimators.epistemic import ONE_ANSWER
from spectramind.estimators.network_estimate import NetworkEstimate
from spectramind.estimators.physics_estimate import PhysicsEstimate
from spectramind.models.assembly import build_network
from spectramind.models.network import SpectraMind
from spectramind.pipeline.pretrain import Pretraining, pretrain
from spectramind.pipeline.train_members import Members
from spectramind.prior.spectral_prior import SpectralPrior
from spectramind.run.record import RunRecord


@dataclass(frozen=True, eq=False)
class FittedNetwork:
    """What ``fit_network`` leaves: it predicts with all its members."""

    estimate: NetworkEstimate
    members: Members
    pretraining: Pretraining | None


def fit_network(
    config: Config,
    record: RunRecord,
    members: Members,
    fold: LabelledPlanets,
    stop: LabelledPlanets,
    visits: tuple[Sequence[str], Sequence[str]],
) -> FittedNetwork:
    """Learn the physics estimate, pretrain, train the members.

    Args:
        members: still untrained.
        fold, stop: planets to learn from, and planets that say when to stop.
        visits: planets whose visits the encoders are pretrained on, and stopped by.

    Raises:
        ConfigError: too few planets.
        SchemaError: too few visits to pretrain on.
    """
    pretraining: Pretraining | None = None

    def trainer(
        network: SpectraMind, prior: SpectralPrior, fold: LabelledPlanets, stop: LabelledPlanets
    ) -> SpectraMind:
        nonlocal pretraining
        if config.train.phase == "all":
            pretraining = pretrain(config, record, prior, visits, members.start)
            members.start = pretraining.pretrained
        members.train(prior, fold, stop)
        return members.networks[0]

    untrained = NetworkEstimate(
        network=build_network(config.model, config.loss.seam),
        physics=PhysicsEstimate(None, config.model.prior),
        sequence_length=config.train.sequence_length,
        batch_size=config.train.batch_size,
        device=members.device,
        trainer=trainer,
    )
    trained = untrained.fit(fold, stop)
    corrected = any(outcome.epoch for outcome in members.outcomes)
    estimate = replace(
        trained,
        others=tuple(members.networks[1:]) if corrected else (),
        epistemic=members.epistemic() if corrected else ONE_ANSWER,
    )
    return FittedNetwork(estimate, members, pretraining)
