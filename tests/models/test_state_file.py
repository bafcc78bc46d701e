"""The same state gives the same bytes, however it came about."""

from pathlib import Path

import torch

from spectramind.models.state_file import load_state, save_state


def test_bytes_do_not_tell_which_values_were_one_object(tmp_path: Path) -> None:
    tensor, pair, word = torch.arange(4.0), [1.5, "cosine"], "cosine"
    one = {"a": tensor, "b": tensor, "c": pair, "d": pair, "e": word, word: (2, 3)}
    other = {
        "a": torch.arange(4.0),
        "b": torch.arange(4.0),
        "c": [1.5, "".join(["cos", "ine"])],
        "d": [1.5, "".join(["cosi", "ne"])],
        "e": "".join(["c", "osine"]),
        "".join(["co", "sine"]): (2, 3),
    }
    for name, state in (("one", one), ("other", other)):
        save_state(tmp_path / name, state)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_a_state_read_and_written_again_has_the_same_bytes(tmp_path: Path) -> None:
    state = {"weights": {"w": torch.randn(3, 2)}, "step": 3, "lr": [0.1, 0.2], "who": None}
    save_state(tmp_path / "first", state)
    again = load_state(tmp_path / "first")
    again.pop("format")
    save_state(tmp_path / "second", again)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
