import numpy as np
import pandas as pd
import pytest

from spectramind.contracts.predictive import Predictive
from spectramind.contracts.spectra import Spectra, name_some, truth_for
from spectramind.errors import SchemaError


def make(n=3, **changes):
    fields = {
        "planet_ids": tuple(f"p{i}" for i in range(n)),
        "mu": np.arange(n * 283, dtype=np.float64).reshape(n, 283) * 1e-6,
        "sigma": np.full((n, 283), 1e-4),
    }
    return Spectra(**(fields | changes))


def truth_table(n=3):
    columns = [f"wl_{i}" for i in range(1, 284)]
    values = np.arange(n * 283, dtype=np.float64).reshape(n, 283)
    return pd.DataFrame(values, index=[f"p{i}" for i in range(n)], columns=columns)


def with_value(shape, row, column, value):
    array = np.full(shape, 1e-4)
    array[row, column] = value
    return array


def test_save_and_load_give_the_same(tmp_path):
    spectra = make()
    Predictive(spectra).save(tmp_path / "deep" / "s.npz")
    again = Predictive.load(tmp_path / "deep" / "s.npz").spectra
    assert again.planet_ids == spectra.planet_ids
    np.testing.assert_array_equal(again.mu, spectra.mu)
    np.testing.assert_array_equal(again.sigma, spectra.sigma)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"planet_ids": ("a", "b", "a")}, "unique"),
        ({"planet_ids": ("a", "b", "")}, "not empty"),
        ({"planet_ids": ("a", "b")}, "expected float64(2, 283)"),
        ({"mu": np.zeros((3, 282))}, "(3, 282)"),
        ({"mu": np.zeros((3, 283), np.float32)}, "float32"),
        ({"mu": with_value((3, 283), 1, 7, np.nan)}, "mu of planet p1, bin 7 is nan"),
        ({"sigma": with_value((3, 283), 2, 0, np.inf)}, "sigma of planet p2, bin 0 is inf"),
        ({"sigma": with_value((3, 283), 0, 282, 0.0)}, "sigma of planet p0, bin 282 is 0.0"),
        ({"sigma": with_value((3, 283), 0, 5, -1e-5)}, "must be above 0"),
    ],
)
def test_malformed_spectra_are_refused(changes, words):
    with pytest.raises(SchemaError) as error:
        make(**changes)
    assert words in str(error.value)


def test_select_orders_rows_and_names_what_is_missing():
    chosen = make().select(["p2", "p0"])
    assert chosen.planet_ids == ("p2", "p0")
    np.testing.assert_array_equal(chosen.mu[1], make().mu[0])
    with pytest.raises(SchemaError, match="planet q1, q2, q3 and 1 more"):
        make().select(["p0", "q1", "q2", "q3", "q4"])


def test_load_says_what_makes_the_file(tmp_path):
    with pytest.raises(SchemaError, match="spectramind predict"):
        Predictive.load(tmp_path / "none.npz")


def test_name_some_counts_only_what_it_hides():
    assert name_some(["a", "b", "c"]) == "a, b, c"
    assert name_some(["a", "b", "c", "d"]) == "a, b, c and 1 more"


def test_truth_follows_the_planets_order():
    values = truth_for(truth_table(), ["p2", "p1"])
    np.testing.assert_array_equal(values[:, 0], [2 * 283, 283])
    assert values.dtype == np.float64


def test_truth_columns_are_taken_by_name_not_by_position():
    shuffled = truth_table()[[f"wl_{i}" for i in range(283, 0, -1)]]
    np.testing.assert_array_equal(truth_for(shuffled, ["p0"])[0], np.arange(283))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.drop(columns="wl_283"), "wl_283 is missing"),
        (lambda t: t.drop(index="p1"), "no true spectrum for planet p1"),
        (lambda t: pd.concat([t, t.iloc[:1]]), "p0 stands there twice"),
        (lambda t: t.mask(t == 283 + 4), "planet p1, wl_5 is not finite"),
    ],
)
def test_unusable_truth_is_refused(change, words):
    with pytest.raises(SchemaError, match=words):
        truth_for(change(truth_table()), ["p0", "p1"])
