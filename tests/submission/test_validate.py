import numpy as np
import pytest

from spectramind.contracts.spectra import Spectra
from spectramind.errors import SchemaError
from spectramind.submission.dialects import Dialect
from spectramind.submission.table import submission_text, write_submission
from spectramind.submission.validate import validate_submission, violations


@pytest.fixture
def spectra():
    rng = np.random.default_rng(0)
    mu = rng.uniform(0.003, 0.08, (3, 283))
    return Spectra(("11", "22", "33"), mu, rng.uniform(1e-6, 1e-2, (3, 283)))


@pytest.fixture
def cells(spectra):
    """The table as a list of rows, to be spoilt."""
    return [line.split(",") for line in submission_text(spectra, Dialect.SPECTRAMIND).splitlines()]


def joined(cells):
    return "\n".join(",".join(row) for row in cells) + "\n"


@pytest.mark.parametrize("dialect", Dialect)
def test_written_table_comes_back(tmp_path, spectra, dialect):
    write_submission(tmp_path / "s.csv", spectra, dialect)
    again = validate_submission(tmp_path / "s.csv", ["33", "22", "11"])
    assert again.dialect is dialect
    assert again.spectra.planet_ids == spectra.planet_ids
    np.testing.assert_allclose(again.spectra.mu, spectra.mu, rtol=1e-8)
    np.testing.assert_allclose(again.spectra.sigma, spectra.sigma, rtol=1e-8)


def test_tiny_sigma_stays_positive(tmp_path, spectra):
    spectra.sigma[:] = 1e-15
    write_submission(tmp_path / "s.csv", spectra, Dialect.KAGGLE)
    assert (validate_submission(tmp_path / "s.csv").spectra.sigma == 1e-15).all()


@pytest.mark.parametrize("dialect", Dialect)
def test_negative_mu_is_not_written(tmp_path, spectra, dialect):
    spectra.mu[1, 5] = -1e-6
    with pytest.raises(SchemaError, match="mu of planet 22, bin 5 is -1e-06"):
        write_submission(tmp_path / "s.csv", spectra, dialect)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("row", "column", "value", "words"),
    [
        (1, 1, "-0.001", "line 2, planet 11: mu_0 is '-0.001'"),
        (2, 284, "0", "line 3, planet 22: sigma_0 is '0': Input should be greater than 0"),
        (3, 566, "-1e-4", "planet 33: sigma_282"),
        (1, 10, "nan", "mu_9 is 'nan': Input should be a finite number"),
        (1, 10, "inf", "mu_9"),
        (1, 300, "", "sigma_16 is ''"),
        (1, 300, "1,5", "568 values, expected 567"),
        (1, 300, "1e-400", "sigma_16"),  # underflows to 0
        (1, 0, "", "planet_id"),
        (1, 0, "a b", "planet_id"),
        (1, 0, "a'b", "planet_id"),
        (1, 1, "14437", "mu_0 is '14437': Input should be less than 1, a depth"),
        (1, 1, "1.0", "mu_0"),
        (1, 1, "0.0_1", "mu_0 is '0.0_1': not a decimal number"),
        (1, 300, "1_0", "sigma_16 is '1_0': not a decimal number"),
        (2, 0, "11", "planets given twice: 11"),
    ],
)
def test_bad_cells_are_one_line_each(cells, row, column, value, words):
    cells[row][column] = value
    found = violations(joined(cells))
    assert len(found) == 1
    assert words in found[0]
    assert "\n" not in found[0]


def test_header_of_282_bins_is_refused(cells):
    short = [[*row[:283], *row[284:566]] for row in cells]  # mu_282 and sigma_282 dropped
    found = violations(joined(short))
    assert found == [
        "565 columns, expected 567 (spectramind dialect)",
        "missing columns: mu_282, sigma_282",
    ]


def test_swapped_columns_are_out_of_order(cells):
    cells[0][3], cells[0][4] = cells[0][4], cells[0][3]
    assert violations(joined(cells)) == ["columns out of order: mu_3 stands where mu_2 belongs"]


def test_mixed_dialects_are_refused(cells):
    cells[0][1] = "wl_1"
    assert violations(joined(cells)) == ["missing columns: mu_0", "unknown columns: wl_1"]


def test_repeated_column_is_named(cells):
    cells[0][2] = "mu_0"
    assert "repeated columns: mu_0" in violations(joined(cells))


def test_planets_are_compared_with_the_expected_ones(cells):
    assert violations(joined(cells), ["11", "22", "33"]) == []
    assert violations(joined(cells), ["11", "22", "44", "55"]) == [
        "planets missing: 44, 55 (2 of 4)",
        "planets that were not asked for: 33",
    ]


def test_empty_tables_are_refused(cells):
    assert violations("") == ["the file is empty"]
    assert violations(joined(cells[:1])) == ["no planet at all"]


def test_blank_line_and_short_row_are_named(cells):
    cells.append([])
    cells.append(["44", "0.1"])
    assert violations(joined(cells)) == [
        "line 5: 0 values, expected 567",
        "line 6: 2 values, expected 567",
    ]


def test_error_gives_the_first_line_and_counts_the_others(tmp_path, cells):
    for row in cells[1:]:
        row[284] = "-1"
    path = tmp_path / "s.csv"
    path.write_text(joined(cells))
    with pytest.raises(SchemaError, match=r"s\.csv: line 2, planet 11: sigma_0 .*\(and 2 more\)"):
        validate_submission(path)


def test_missing_and_binary_files_are_refused(tmp_path):
    with pytest.raises(SchemaError, match="spectramind predict"):
        validate_submission(tmp_path / "none.csv")
    (tmp_path / "b.csv").write_bytes(b"\x50\x4b\xff\xfe\x00")
    with pytest.raises(SchemaError, match="UTF-8"):
        validate_submission(tmp_path / "b.csv")


def test_unbalanced_quote_is_not_a_table(cells):
    cells[1][1] = '"0.01" x'
    assert violations(joined(cells))[0].startswith("not a CSV table")


def test_a_byte_order_mark_is_stripped(tmp_path, cells):
    (tmp_path / "s.csv").write_text("\ufeff" + joined(cells), encoding="utf-8")
    assert len(validate_submission(tmp_path / "s.csv").spectra) == 3


@pytest.mark.parametrize("odd", [";", "\t"])
def test_other_separators_are_named(cells, odd):
    assert violations(joined(cells).replace(",", odd)) == [
        f"columns are separated by {odd!r}: write them with commas"
    ]


def test_a_refused_submission_leaves_no_file(tmp_path, spectra):
    with pytest.raises(SchemaError, match="planets missing: 44"):
        write_submission(tmp_path / "s.csv", spectra, Dialect.KAGGLE, ["11", "22", "33", "44"])
    spectra.mu[0, 0] = 14437.0
    with pytest.raises(SchemaError, match="less than 1"):
        write_submission(tmp_path / "s.csv", spectra, Dialect.KAGGLE)
    assert list(tmp_path.iterdir()) == []
