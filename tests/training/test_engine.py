"""The engine on a phase that knows no spectra: a straight line with dropout."""

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spectramind.config.compose import compose
from spectramind.config.optimisation import TrainConfig
from spectramind.errors import RuntimeRiskError, SchemaError, SpectraMindError
from spectramind.models.state_file import load_state, save_state
from spectramind.training.engine.best_epochs import BestEpochs
from spectramind.training.engine.phase import Judged
from spectramind.training.engine.random_states import random_states, restore_random_states
from spectramind.training.engine.schedule import cosine
from spectramind.training.engine.step_profile import WARM_UP, StepProfile
from spectramind.training.engine.stepper import Stepper
from spectramind.training.engine.trainer import Trainer

CPU = torch.device("cpu")
Batch = tuple[Tensor, Tensor]


class Line:
    """y = 3 x + 1 from five batches an epoch in random order; stops at batch ``killed_at``."""

    def __init__(self, killed_at: int = -1) -> None:
        torch.manual_seed(2)
        self.network = nn.Sequential(nn.Linear(1, 8), nn.GELU(), nn.Dropout(0.2), nn.Linear(8, 1))
        self.x = torch.linspace(-1, 1, 20).unsqueeze(1)
        self.y = 3 * self.x + 1
        self.seen, self.killed_at = 0, killed_at

    def batch_count(self) -> int:
        return 5

    def batches(self, rng: np.random.Generator) -> Iterator[Batch]:
        for picked in rng.permutation(20).reshape(5, 4):
            if self.seen == self.killed_at:
                raise KeyboardInterrupt
            self.seen += 1
            yield self.x[picked], self.y[picked]

    def rows(self, batch: Batch) -> int:
        return len(batch[0])

    def part(self, batch: Batch, rows: slice) -> Batch:
        return batch[0][rows], batch[1][rows]

    def answer(self, batch: Batch) -> Tensor:
        return self.network(batch[0])

    def judge(self, batch: Batch, answer: Tensor) -> Judged:
        loss = (answer - batch[1]).square().mean()
        return Judged(loss, {"square": float(loss.detach())})

    def evaluate(self) -> Tensor:
        self.network.eval()
        with torch.no_grad():
            return (self.network(self.x) - self.y).square().squeeze(1)


def settings(**changes: object) -> TrainConfig:
    usual = {"epochs": 5, "lr": 0.02, "warmup_steps": 3, "patience": 99}
    return compose().train.model_copy(update=usual | changes)


def trainer(config: TrainConfig, killed_at: int = -1) -> Trainer:
    phase = Line(killed_at)
    torch.manual_seed(3)
    return Trainer(phase, config, CPU, np.random.default_rng(4))


def test_it_learns_and_keeps_the_best_epoch(tmp_path: Path) -> None:
    one = trainer(settings(epochs=20))
    one.run(tmp_path / "last.pt", "s")
    losses = [row["val_loss"] for row in one.history]
    assert [row["epoch"] for row in one.history] == list(range(21))
    assert one.best.number == int(np.argmin(losses))
    assert float(one.best.each.mean()) == min(losses) < 0.3 * losses[0]
    assert one.history[1]["total_loss"] == one.history[1]["square"]
    assert float(one.first.each.mean()) == losses[0]


@pytest.mark.parametrize("every", [1, 2])
@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize("killed_at", [3, 13, 22])
def test_killed_anywhere_it_ends_the_same_to_the_bit(
    tmp_path: Path, every: int, accumulate: int, killed_at: int
) -> None:
    config = settings(ckpt_every_epochs=every, grad_accum=accumulate)
    whole = trainer(config)
    whole.run(tmp_path / "whole.pt", "s")
    with pytest.raises(KeyboardInterrupt):
        trainer(config, killed_at).run(tmp_path / "cut.pt", "s")
    again = trainer(config)
    if (tmp_path / "cut.pt").is_file():
        torch.manual_seed(99)
        again.rng.random(7)
    again.run(tmp_path / "cut.pt", "s")
    assert again.history == whole.history
    assert again.best.number == whole.best.number
    assert torch.equal(again.best.each, whole.best.each)
    for mine, other in zip(
        again.phase.network.parameters(), whole.phase.network.parameters(), strict=True
    ):
        assert torch.equal(mine, other)


def test_it_stops_early(tmp_path: Path) -> None:
    one = trainer(settings(lr=1.0, epochs=30, patience=2))
    one.run(tmp_path / "last.pt", "s")
    assert one.epoch == one.best.number + 2 < 30


def test_a_state_of_other_settings_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    trainer(settings(epochs=1)).run(path, "one")
    other = trainer(settings(epochs=2))
    other.run(path, "two")
    assert [row["epoch"] for row in other.history] == [0, 1, 2]
    assert load_state(path)["settings"] == "two"


def test_a_damaged_state_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    path.write_bytes(b"not a checkpoint")
    with pytest.raises(SchemaError, match="cannot be read"):
        trainer(settings()).run(path, "s")
    trainer(settings(epochs=1)).run(tmp_path / "good.pt", "s")
    good = load_state(tmp_path / "good.pt")
    for changed in ({"epoch": None, "stepper": {}}, {"random": 3}, {"weights": {}}):
        save_state(path, good | changed)
        with pytest.raises(SchemaError, match=r"last\.pt cannot be gone on from"):
            trainer(settings()).run(path, "s")


def test_every_generator_comes_back() -> None:
    rng = np.random.default_rng(1)
    kept = random_states(rng, CPU)
    expected = rng.random(3), torch.rand(3)
    restore_random_states(kept, rng, CPU)
    np.testing.assert_array_equal(rng.random(3), expected[0])
    assert torch.equal(torch.rand(3), expected[1])


def test_a_state_of_other_gpus_is_refused() -> None:
    rng = np.random.default_rng(1)
    kept = random_states(rng, CPU) | {"cuda": [torch.get_rng_state()]}
    with pytest.raises(ValueError, match="made on 1 GPUs, this run sees 0"):
        restore_random_states(kept, rng, CPU)


def test_accumulated_batches_are_one_large_batch() -> None:
    """Two halves, summed, move the weights as the whole does; the clip sees their sum."""
    moved = []
    for parts in ([slice(0, 20)], [slice(0, 10), slice(10, 20)]):
        line = Line()
        line.network.eval()
        config = settings(grad_accum=len(parts), grad_clip=0.1, epochs=1)
        stepper = Stepper(line.network, config, len(parts), CPU)
        for number, part in enumerate(parts, start=1):
            batch = line.x[part], line.y[part]
            stepper.take(line.judge(batch, line.answer(batch)).total, number)
        moved.append(torch.cat([p.detach().flatten() for p in line.network.parameters()]))
    torch.testing.assert_close(moved[1], moved[0])
    start = torch.cat([p.detach().flatten() for p in Line().network.parameters()])
    assert (moved[0] - start).abs().max() > 0


def test_an_epochs_last_batches_are_not_lost() -> None:
    line = Line()
    stepper = Stepper(line.network, settings(grad_accum=2, epochs=1), 3, CPU)
    before = [p.detach().clone() for p in line.network.parameters()]
    steps = []
    for number in (1, 2, 3):
        batch = line.x, line.y
        stepper.take(line.judge(batch, line.answer(batch)).total, number)
        now = [p.detach().clone() for p in line.network.parameters()]
        steps.append(any(not torch.equal(a, b) for a, b in zip(before, now, strict=True)))
        before = now
    assert steps == [False, True, True]


def test_cosine_warms_up_and_ends_at_zero() -> None:
    factors = [cosine(step, 10, 110) for step in range(111)]
    assert factors[0] == pytest.approx(1 / 11)
    assert factors[10] == 1.0
    assert factors[60] == pytest.approx(0.5)
    assert math.isclose(factors[110], 0.0, abs_tol=1e-12)


class Crowded(Line):
    """A line on a device whose memory holds ``room`` items at once; no dropout."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.network[2] = nn.Identity()
        self.room, self.largest = room, 0

    def judge(self, batch: Batch, answer: Tensor) -> Judged:
        judged = super().judge(batch, answer)
        if len(answer) > self.room:
            judged.total.register_hook(self._overflow)
        self.largest = max(self.largest, min(len(answer), self.room))
        return judged

    def _overflow(self, gradient: Tensor) -> Tensor:
        raise torch.OutOfMemoryError("too much")


@pytest.mark.parametrize("accumulate", [1, 2])
def test_out_of_memory_halves_the_batch_and_changes_nothing_else(
    tmp_path: Path, accumulate: int
) -> None:
    """Parts weigh as the items they hold: 4 = 2 + 2, and the weights move as with the whole."""
    config = settings(epochs=2, grad_accum=accumulate)
    histories = []
    for room in (4, 2):
        torch.manual_seed(3)
        one = Trainer(Crowded(room), config, CPU, np.random.default_rng(4))
        one.run(tmp_path / f"{room}.pt", "s")
        assert (one.micro.parts, one.phase.largest) == (4 // room, room)
        histories.append(one.history)
    for whole, halved in zip(*histories, strict=True):
        assert halved == pytest.approx(whole, rel=1e-5)
    again = Trainer(Crowded(2), config, CPU, np.random.default_rng(4))
    again.run(tmp_path / "2.pt", "s")
    assert again.micro.parts == 2


def test_memory_for_not_even_one_item_is_one_clear_error(tmp_path: Path) -> None:
    one = Trainer(Crowded(0), settings(epochs=1), CPU, np.random.default_rng(4))
    with pytest.raises(RuntimeRiskError, match=r"train\.sequence_length smaller"):
        one.run(tmp_path / "last.pt", "s")


def test_the_best_epochs_are_kept_in_files_also_when_killed(tmp_path: Path) -> None:
    config = settings(lr=0.3, epochs=8, ckpt_every_epochs=3)
    (tmp_path / "top").mkdir()
    (tmp_path / "top" / "epoch_0099.pt").touch()

    def kept(killed_at: int = -1) -> BestEpochs:
        best = BestEpochs(tmp_path / "top", 3, "s")
        one = trainer(config, killed_at)
        one.run(tmp_path / "last.pt", "s", best=best)
        histories.append(one.history)
        return best

    histories: list[list[dict[str, float]]] = []
    with pytest.raises(KeyboardInterrupt):
        kept(killed_at=23)
    kept()
    losses = {int(row["epoch"]): row["val_loss"] for row in histories[0] if row["epoch"]}
    expected = sorted(sorted(losses, key=lambda n: losses[n])[:3])
    files = sorted((tmp_path / "top").iterdir())
    assert [path.name for path in files] == [f"epoch_{n:04d}.pt" for n in expected]
    states = [load_state(path) for path in files]
    assert [state["val_loss"] for state in states] == [losses[n] for n in expected]
    line = Line()
    line.network.load_state_dict(states[0]["weights"])
    assert float(line.evaluate().mean()) == states[0]["val_loss"]


class Diary:
    """A tracker that remembers."""

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []
        self.ended = 0

    def begin(self, history: Sequence[dict[str, float]]) -> None:
        self.rows = list(history)

    def row(self, row: dict[str, float]) -> None:
        self.rows.append(row)

    def end(self) -> None:
        self.ended += 1


def test_a_tracker_is_told_of_every_epoch_and_of_the_end(tmp_path: Path) -> None:
    cut, whole = Diary(), Diary()
    with pytest.raises(KeyboardInterrupt):
        trainer(settings(), killed_at=13).run(tmp_path / "last.pt", "s", tracker=cut)
    assert ([row["epoch"] for row in cut.rows], cut.ended) == ([0, 1, 2], 1)
    one = trainer(settings())
    one.run(tmp_path / "last.pt", "s", tracker=whole)
    assert whole.rows == one.history
    assert len(whole.rows) == 6


@pytest.mark.parametrize(("asked", "profiled"), [(4, 4), (99, 7)])
def test_a_profile_is_written_and_changes_no_number(
    tmp_path: Path, asked: int, profiled: int
) -> None:
    """Two epochs of five steps: asked for more than there are, it holds what there were."""
    said: list[str] = []
    config = settings(epochs=2)
    plain = trainer(config)
    plain.run(tmp_path / "plain.pt", "s")
    profile = StepProfile(tmp_path / "profile", asked, said.append)
    watched = trainer(config)
    watched.run(tmp_path / "watched.pt", "s", profile=profile)
    assert watched.history == plain.history
    assert said == [
        f"profile of {profiled} steps: {tmp_path / 'profile' / 'trace.json'}, operators.txt "
        "beside it"
    ]
    names = [e["name"] for e in json.loads(profile.trace.read_text())["traceEvents"]]
    assert names.count("Optimizer.step#AdamW.step") == profiled
    table = profile.table.read_text()
    assert table.startswith(f"{profiled} optimizer steps after {WARM_UP} of warm-up")
    assert "aten::addmm" in table


def test_too_few_steps_to_profile_are_told(tmp_path: Path) -> None:
    said: list[str] = []
    profile = StepProfile(tmp_path, 2, said.append)
    trainer(settings(epochs=1, grad_accum=2)).run(tmp_path / "last.pt", "s", profile=profile)
    assert said == [
        "train.profile_steps=2: nothing to profile, the training took 3 steps and the first 3 are "
        "a warm-up"
    ]
    assert not profile.trace.exists()
    none = StepProfile(tmp_path, 0, said.append)
    trainer(settings(epochs=1)).run(tmp_path / "other.pt", "s", profile=none)
    assert len(said) == 1
    assert not none.table.exists()


def test_the_last_epoch_is_kept_whatever_the_rhythm(tmp_path: Path) -> None:
    trainer(settings(epochs=5, ckpt_every_epochs=3)).run(tmp_path / "last.pt", "s")
    assert load_state(tmp_path / "last.pt")["epoch"] == 5


class Sick(Line):
    """Its gradient is no number: the root's slope at zero, times zero."""

    def judge(self, batch: Batch, answer: Tensor) -> Judged:
        self.deterministic = torch.are_deterministic_algorithms_enabled()
        return Judged((0.0 * answer).sqrt().mean(), {})


@pytest.mark.filterwarnings("ignore:Error detected")  # the operation's trace, as it should
def test_switches_hold_while_it_trains_and_are_put_back(tmp_path: Path) -> None:
    one = Trainer(Sick(), settings(epochs=1, deterministic=True), CPU, np.random.default_rng(4))
    one.run(tmp_path / "last.pt", "s")
    assert one.phase.deterministic
    assert one.best.number == 0
    assert not torch.are_deterministic_algorithms_enabled()
    one = Trainer(Sick(), settings(epochs=1, detect_anomaly=True), CPU, np.random.default_rng(4))
    with pytest.raises(SpectraMindError, match=r"Backward0.*lower train\.lr"):
        one.run(tmp_path / "other.pt", "s")
    assert not one.phase.deterministic
    assert not torch.is_anomaly_enabled()


@pytest.mark.filterwarnings("ignore::UserWarning")  # torch's, that there is no GPU here
@pytest.mark.parametrize(
    ("capability", "half"), [((7, 5), torch.float16), ((8, 0), torch.bfloat16)]
)
def test_the_card_tells_which_half_precision(
    capability: tuple[int, int], half: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    stepper = Stepper(Line().network, settings(amp=True), 5, torch.device("cuda"))
    assert stepper.amp
    assert stepper.half == half
    assert not Stepper(Line().network, settings(amp=True), 5, CPU).amp
