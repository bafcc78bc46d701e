import json
from pathlib import Path

import jsonschema
import pytest

from spectramind.submission.dialects import Dialect, submission_schema
from spectramind.submission.validate import violations

SCHEMA_FILE = Path(__file__).parents[2] / "schemas" / "submission.schema.json"


def row(dialect, **changes):
    values = {"planet_id": "123"}
    values |= dict.fromkeys(dialect.mu_columns(), 0.01)
    values |= dict.fromkeys(dialect.sigma_columns(), 1e-4)
    return values | changes


def as_csv(values):
    return ",".join(values) + "\n" + ",".join(str(value) for value in values.values()) + "\n"


def test_columns_of_both_dialects():
    ours, kaggle = Dialect.SPECTRAMIND.columns(), Dialect.KAGGLE.columns()
    assert len(ours) == len(kaggle) == 567
    assert (ours[0], ours[1], ours[283]) == ("planet_id", "mu_0", "mu_282")
    assert (ours[284], ours[566]) == ("sigma_0", "sigma_282")
    assert (kaggle[0], kaggle[1], kaggle[283]) == ("planet_id", "wl_1", "wl_283")
    assert (kaggle[284], kaggle[566]) == ("sigma_1", "sigma_283")


def test_kaggle_columns_are_those_of_the_real_sample():
    sample = Path(__file__).parents[3] / "shared/real/adc2025_excerpt/sample_submission.csv"
    if not sample.is_file():
        pytest.skip("../shared/real is missing: no real sample_submission.csv to compare with")
    header = sample.read_text().splitlines()[0].split(",")
    assert tuple(header) == Dialect.KAGGLE.columns()


def test_schema_file_is_in_step():
    assert json.loads(SCHEMA_FILE.read_text()) == submission_schema(), (
        "schemas/submission.schema.json is stale: export the schemas again"
    )


def test_schema_is_a_valid_schema():
    jsonschema.Draft202012Validator.check_schema(submission_schema())


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize(
    ("column", "value", "valid"),
    [
        (1, 0.02, True),
        (1, 0, True),
        (1, -1e-12, False),
        (283, -0.01, False),
        (284, 1e-12, True),
        (284, 0, False),
        (566, -1e-4, False),
        (400, "wide", False),
        (0, "", False),
        (0, "two words", False),
    ],
)
def test_schema_and_validator_agree(dialect, column, value, valid):
    values = row(dialect)
    values[dialect.columns()[column]] = value
    assert jsonschema.Draft202012Validator(submission_schema()).is_valid(values) is valid
    assert (violations(as_csv(values)) == []) is valid


@pytest.mark.parametrize("dialect", Dialect)
def test_schema_and_validator_agree_on_columns(dialect):
    lacking = row(dialect)
    del lacking[dialect.columns()[300]]
    for values in (lacking, row(dialect, extra=1.0)):
        assert not jsonschema.Draft202012Validator(submission_schema()).is_valid(values)
        assert violations(as_csv(values)) != []
