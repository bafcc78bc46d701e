"""HITRAN's .par, written by hand."""

from pathlib import Path

import numpy as np
import pytest

from spectramind.errors import SchemaError
from spectramind.physics.line_list import Lines, read_par, strongest_of_bins


def par_line(molecule: int, wavenumber: float, strength: float, isotope: str = "1") -> str:
    head = f"{molecule:2d}{isotope}{wavenumber:12.6f}{strength:10.3E}"
    rest = f"{1.2:10.3E}{0.07:5.4f}"[:15] + f"{0.3:5.3f}{1234.5678:10.4f}{0.7:4.2f}{-0.005:8.6f}"
    return (head + rest).ljust(160)


def write(path: Path, lines: list[str], end: str = "\n", last: str = "\n") -> None:
    path.write_bytes((end.join(lines) + last).encode())


LINES = [
    par_line(5, 4260.0625, 2.5e-22),
    par_line(1, 3755.929, 1.006e-18),
    par_line(7, 13000.0, 1e-25),
    par_line(1, 3657.05, 4.9e-19, "A"),
    par_line(11, 3336.5, 1.2e-20),
]


@pytest.mark.parametrize(("end", "last"), [("\n", "\n"), ("\r\n", "\r\n"), ("\n", "")])
def test_lines_come_by_gas_in_ascending_wavenumber(tmp_path: Path, end: str, last: str) -> None:
    write(tmp_path / "x.par", LINES, end, last)
    found = read_par(tmp_path / "x.par")
    assert sorted(found) == ["co", "h2o", "nh3"]  # oxygen is none of ours
    np.testing.assert_array_equal(found["h2o"].wavenumber_cm, [3657.05, 3755.929])
    np.testing.assert_array_equal(found["h2o"].strength, [4.9e-19, 1.006e-18])
    np.testing.assert_allclose(found["co"].wavelength_um, [1e4 / 4260.0625])


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["short"], r"has 5 columns: a line of HITRAN's \.par has 160"),
        ([LINES[0], LINES[1][:-3], LINES[2]], "line 2: not 160 columns"),
        ([LINES[0], LINES[1][:-3]], "line 2: not 160 columns"),
        ([LINES[0], LINES[1][:15] + "what".rjust(10) + LINES[1][25:]], "line 2: the strength"),
        ([LINES[0], LINES[1][:3] + " " * 12 + LINES[1][15:]], "line 2: the wavenumber"),
        ([LINES[0], par_line(1, -5.0, 1e-20)], "line 2: wavenumber .* is -5, outside 0..100000"),
        ([par_line(1, 3000.0, 1.0)], "line 1: strength .* is 1, outside"),
        ([LINES[2]], "holds HITRAN's molecules 7; the model knows 1 H2O"),
    ],
)
def test_a_broken_list_is_refused_by_line(tmp_path: Path, lines: list[str], message: str) -> None:
    write(tmp_path / "x.par", lines)
    with pytest.raises(SchemaError, match=message) as caught:
        read_par(tmp_path / "x.par")
    assert "\n" not in str(caught.value)


def test_a_list_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="cannot be read: No such file"):
        read_par(tmp_path / "none.par")
    (tmp_path / "empty.par").write_bytes(b"")
    with pytest.raises(SchemaError, match="has 0 columns"):
        read_par(tmp_path / "empty.par")


def test_a_bins_strongest_line_by_hand() -> None:
    lines = Lines(np.array([2500.0, 3333.0, 3340.0]), np.array([1e-20, 2e-21, 5e-21]))
    edges = np.array([[2.9, 3.1], [3.1, 3.5], [3.9, 4.1]])
    np.testing.assert_array_equal(strongest_of_bins(lines, edges), [5e-21, 0.0, 1e-20])
