"""What a newcomer reads, and at which bounds it changes."""

import pytest

from spectramind.diagnostics.plain_verdicts import (
    groups_words,
    interval_words,
    score_words,
    sigma_words,
)
from spectramind.evaluation.group_coverage import AS_EXPECTED, NARROW, TOO_FEW


def row(name: str, score: float | None, **more: float) -> dict:
    return {"name": name, "score": score, **more}


def test_the_same_score_without_the_network_is_said_in_words() -> None:
    model = row("spectramind", 0.773, low=0.753, high=0.792)
    found = score_words([model, row("physics", 0.77299), row("constant", 0.0)], 60)
    assert found is not None
    assert found.level == "good"
    assert found.text == (
        "The score is 0.773 (0.753 to 0.792) on 60 planets; without the network it is the same: "
        "no network was kept."
    )


@pytest.mark.parametrize(
    ("score", "physics", "box", "level", "words"),
    [
        (0.60, 0.55, 0.20, "good", "0.0500 higher than physics"),
        (0.50, 0.55, 0.20, "look", "0.0500 lower than physics"),
        (0.50, 0.55, 0.50, "bad", "no better than box"),
        (0.0, 0.55, -1.0, "bad", "no better than one mean depth"),
    ],
)
def test_the_score_beside_others(
    score: float, physics: float, box: float, level: str, words: str
) -> None:
    found = score_words([row("m", score), row("physics", physics), row("box", box)], 9)
    assert found is not None
    assert (found.level, words in found.text) == (level, True)


def test_the_oracle_is_the_ceiling_only_where_it_is_above() -> None:
    above = score_words([row("m", 0.5), row("oracle", 0.6)], 9)
    below = score_words([row("m", 0.5), row("oracle", 0.4)], 9)
    assert above is not None
    assert "at most about 0.600" in above.text
    assert below is not None
    assert "at most" not in below.text


def test_no_score_says_nothing() -> None:
    assert score_words([row("m", None)], 9) is None


@pytest.mark.parametrize(
    ("inside", "level", "words"),
    [
        (0.68, "good", "about right"),
        (0.80, "look", "80% of cases (68% expected): σ is too wide"),
        (0.60, "look", "σ is too small"),
        (0.50, "bad", "σ is too small"),
    ],
)
def test_sigma(inside: float, level: str, words: str) -> None:
    found = sigma_words(inside, (0.62, 0.74))
    assert (found.level, words in found.text) == (level, True)


@pytest.mark.parametrize(
    ("inside", "level", "words"),
    [
        (0.90, "good", "hold the truth in 90% of cases (chance gives 85% to 94%): as promised"),
        (0.96, "look", "they are too wide"),
        (0.84, "look", "they are too narrow"),
        (0.79, "bad", "they are too narrow"),
    ],
)
def test_intervals(inside: float, level: str, words: str) -> None:
    found = interval_words(inside, 0.9, (0.85, 0.94))
    assert (found.level, words in found.text) == (level, True)
    assert interval_words(inside, 0.9, None).level == "look"


@pytest.mark.parametrize(("odd", "level"), [(0, "good"), (1, "good"), (3, "look"), (6, "bad")])
def test_groups(odd: int, level: str) -> None:
    rows = [
        {"grouping": "star", "group": f"g{n}", "reading": NARROW if n < odd else AS_EXPECTED}
        for n in range(12)
    ]
    few = {"grouping": "star", "group": "tiny", "reading": TOO_FEW}
    found = groups_words([*rows, few], "kinds")
    assert found is not None
    assert found.level == level
    assert f"{odd} of 12" in found.text or odd == 0
    assert groups_words([few], "kinds") is None
