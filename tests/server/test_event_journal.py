"""Events are read on from where the last reading ended, whatever happens to the file."""

import json
from pathlib import Path
from types import ModuleType

import pytest

from spectramind.server.event_journal import EventJournal
from spectramind.server.refusals import NotThereError


@pytest.fixture
def journal(benchmark: ModuleType, tmp_path: Path) -> EventJournal:
    benchmark.write_events(tmp_path, 30)
    return EventJournal(tmp_path / "events.jsonl")


def test_what_a_table_shows_is_kept_and_the_rest_read_again(journal: EventJournal) -> None:
    told, problems = journal.read()
    assert (len(told), problems) == (30, [])
    seventh = told[7]
    assert (seventh.command, seventh.score, seventh.duration_s) == ("score", 0.7, 3.007)
    assert (told[9].state, told[9].warnings) == ("warn", 2)
    assert journal.whole(seventh).env["cores"] == "2"


def test_new_lines_alone_are_read(journal: EventJournal, benchmark: ModuleType) -> None:
    first, _ = journal.read()
    benchmark.write_events(journal.path.parent, 2)
    second, _ = journal.read()
    assert len(second) == 32
    assert second[0] is first[0]


def test_a_half_written_line_is_left_out_until_it_is_whole(journal: EventJournal) -> None:
    line = journal.path.read_bytes().splitlines(keepends=True)[0]
    with journal.path.open("ab") as stream:
        stream.write(line[:100])
    told, problems = journal.read()
    assert len(told) == 30
    assert len(problems) == 1
    assert "is not whole (yet)" in problems[0]
    with journal.path.open("ab") as stream:
        stream.write(line[100:])
    told, problems = journal.read()
    assert (len(told), problems) == (31, [])


@pytest.mark.parametrize("line", [b"{}\n", b"nonsense\n", b"\xff\xfe\n", b"[1]\n", b'{"ts": 1}\n'])
def test_a_line_that_is_no_event_costs_itself(journal: EventJournal, line: bytes) -> None:
    with journal.path.open("ab") as stream:
        stream.write(line)
    told, problems = journal.read()
    assert len(told) == 30
    assert len(problems) == 1
    assert "1 of 31 lines" in problems[0]


def test_a_file_that_was_written_anew_is_read_anew(journal: EventJournal) -> None:
    told, _ = journal.read()
    lines = journal.path.read_text().splitlines(keepends=True)
    journal.path.write_text("".join(lines[10:20]))  # shorter
    assert len(journal.read()[0]) == 10
    longer = json.loads(lines[0]) | {"message": "another first line"}
    journal.path.write_text("".join([json.dumps(longer) + "\n", *lines]))  # in place, longer
    assert len(journal.read()[0]) == 31
    with pytest.raises(NotThereError):
        journal.whole(told[5])


def test_a_file_that_vanishes_is_empty_and_may_come_back(journal: EventJournal) -> None:
    journal.read()
    held = journal.path.read_bytes()
    journal.path.unlink()
    assert journal.read() == ([], [])
    journal.path.write_bytes(held)
    assert len(journal.read()[0]) == 30


def test_a_folder_in_its_place_is_said(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").mkdir()
    told, problems = EventJournal(tmp_path / "events.jsonl").read()
    assert told == []
    assert "cannot be read" in problems[0]
