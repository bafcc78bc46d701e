"""Spectra in the formats of astronomers: what is written is read back, by others too."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spectramind.contracts.predictive import Intervals, Predictive
from spectramind.contracts.spectra import Spectra
from spectramind.errors import ConfigError, SchemaError
from spectramind.instrument.grid import N_BINS, bin_edges, bin_wavelengths, bin_widths
from spectramind.submission.dialects import Dialect
from spectramind.submission.standard.published import PublishedSpectra, interval_columns
from spectramind.submission.standard.spectra_reader import read_spectra
from spectramind.submission.standard.spectra_writer import ending, write_spectra
from spectramind.submission.table import write_submission

IDS = ("27", "p-9", "0031")
ABOUT = {"title": "spectra", "run_id": "v50_x", "citation": ("cite this: a long line " * 8).strip()}
FORMATS = ("ecsv", "csv", "hdf5", "fits")
NEEDS = {"ecsv": "astropy", "fits": "astropy", "hdf5": "h5py"}


@pytest.fixture
def published() -> PublishedSpectra:
    rng = np.random.default_rng(4)
    mu = 0.012 + 1e-4 * rng.standard_normal((3, N_BINS))
    sigma = 1e-5 * rng.uniform(1, 3, mu.shape)
    intervals = Intervals(
        0.9, 2 * sigma, (Intervals(0.68, sigma), Intervals(0.995, np.inf * sigma))
    )
    root = rng.standard_normal((3, N_BINS, 5))
    covariance = root @ root.transpose(0, 2, 1)
    scale = sigma / np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    covariance *= scale[:, :, None] * scale[:, None, :]
    found = Predictive(Spectra(IDS, mu, sigma), intervals)
    return PublishedSpectra(found, covariance, rng.uniform(1, 2, mu.shape), ABOUT)


def written(tmp_path: Path, kind: str, published: PublishedSpectra) -> Path:
    pytest.importorskip(NEEDS.get(kind, "numpy"))
    path = tmp_path / f"spectra{ending(kind)}"
    assert write_spectra(kind, path, published)[0] == path
    return path


def test_edges_meet_and_are_as_wide_as_bins() -> None:
    edges, widths = bin_edges(), bin_widths()
    assert edges.shape == (N_BINS, 2)
    np.testing.assert_allclose(edges[:, 1] - edges[:, 0], widths, rtol=1e-9)
    np.testing.assert_allclose(edges[1:-1, 1], edges[2:, 0], atol=1e-12)
    assert edges[0].tolist() == [0.60, 0.80]
    wave = bin_wavelengths()
    assert ((edges[:, 0] < wave) & (wave < edges[:, 1])).all()


@pytest.mark.parametrize("kind", FORMATS)
def test_what_is_written_is_read_back(
    tmp_path: Path, published: PublishedSpectra, kind: str
) -> None:
    path = written(tmp_path, kind, published)
    read = read_spectra(path)
    assert read.remarks == ()
    back = read.published
    assert back.found.planet_ids == IDS
    for name in ("mu", "sigma"):
        ours, theirs = (getattr(one.found.spectra, name) for one in (published, back))
        np.testing.assert_array_equal(theirs, ours)
    assert back.found.intervals is not None
    widths = {one.level: one.half_width for one in published.found.intervals.every_level}
    for one in back.found.intervals.every_level:
        np.testing.assert_allclose(one.half_width, widths.pop(one.level), atol=1e-16)
    assert not widths
    np.testing.assert_array_equal(back.covariance, published.covariance)
    np.testing.assert_array_equal(back.factor, published.factor)
    assert {name: back.about[name] for name in ABOUT} == ABOUT
    again = written(tmp_path / "again", kind, published)
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("kind", FORMATS)
def test_one_planet_without_all_that_is_optional(
    tmp_path: Path, published: PublishedSpectra, kind: str
) -> None:
    plain = PublishedSpectra(Predictive(published.found.spectra), about=ABOUT).select("p-9")
    back = read_spectra(written(tmp_path, kind, plain)).published
    assert back.found.planet_ids == ("p-9",)
    assert (back.found.intervals, back.covariance, back.factor) == (None, None, None)
    np.testing.assert_array_equal(back.found.spectra.mu, plain.found.spectra.mu)


def test_plain_astropy_reads_ecsv_with_units(tmp_path: Path, published: PublishedSpectra) -> None:
    path = written(tmp_path, "ecsv", published)
    from astropy import units
    from astropy.table import QTable

    table = QTable.read(path)
    assert len(table) == 3 * N_BINS
    assert table["wavelength"].unit == units.um
    assert table["depth"].unit == units.dimensionless_unscaled
    one = table[table["planet_id"] == "p-9"]
    np.testing.assert_allclose(one["wavelength_low"].to_value(units.nm), 1e3 * bin_edges()[:, 0])
    np.testing.assert_array_equal(one["depth"].value, published.found.spectra.mu[1])
    assert table.meta["citation"] == ABOUT["citation"]


def test_plain_astropy_reads_fits_with_units(tmp_path: Path, published: PublishedSpectra) -> None:
    path = written(tmp_path, "fits", published)
    from astropy import units
    from astropy.io import fits
    from astropy.table import QTable

    with fits.open(path) as parts:
        parts.verify("exception")
        assert [part.name for part in parts] == ["PRIMARY", "SPECTRA", "PROVENANCE", "COVARIANCE"]
        assert parts[0].header["RUNID"] == "v50_x"
        assert parts[0].header["TELESCOP"] == "Ariel"
        np.testing.assert_array_equal(parts["COVARIANCE"].data, published.covariance)
    table = QTable.read(path, hdu="SPECTRA")
    assert table["wavelength_high"].unit == units.um
    np.testing.assert_array_equal(
        np.asarray(table["sigma"]).reshape(3, N_BINS), published.found.spectra.sigma
    )


def test_plain_h5py_reads_hdf5(tmp_path: Path, published: PublishedSpectra) -> None:
    path = written(tmp_path, "hdf5", published)
    import h5py

    with h5py.File(path) as file:
        assert file["planet_id"].asstr()[:].tolist() == list(IDS)
        assert file["wavelength"].attrs["unit"] == "um"
        assert file["depth"].shape == (3, N_BINS)
        assert file["interval99_5_low"][0, 0] == -np.inf
        assert file.attrs["run_id"] == "v50_x"


def test_a_missing_package_is_named(
    tmp_path: Path, published: PublishedSpectra, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "astropy", None)
    monkeypatch.setitem(sys.modules, "h5py", None)
    for kind in NEEDS:
        path = tmp_path / f"spectra{ending(kind)}"
        with pytest.raises(ConfigError, match=r"spectramind\[science\]"):
            write_spectra(kind, path, published)
        path.write_text("something")
        with pytest.raises(ConfigError, match=r"spectramind\[science\]"):
            read_spectra(path)


# ---------------------------------------------------------------- others' tables


def plain(**columns: object) -> pd.DataFrame:
    """A plain table of two planets, as anyone would write it."""
    wave = bin_wavelengths()
    table = {
        "planet": np.repeat(["7", "8"], N_BINS),
        "wl": np.tile(wave, 2),
        "depth": np.linspace(0.01, 0.011, 2 * N_BINS),
        "err": np.full(2 * N_BINS, 2e-5),
    }
    return pd.DataFrame(table | columns)


def saved(tmp_path: Path, table: pd.DataFrame) -> Path:
    path = tmp_path / "theirs.csv"
    table.to_csv(path, index=False)
    return path


def test_a_plain_table_in_any_order_and_other_units(tmp_path: Path) -> None:
    table = plain()
    expected = table["depth"].to_numpy().reshape(2, N_BINS)
    shuffled = table.sample(frac=1, random_state=1)
    shuffled = shuffled.sort_values("planet", kind="stable")
    shuffled["wavelength_nm"] = 1e3 * shuffled.pop("wl")
    shuffled["depth [ppm]"] = 1e6 * shuffled.pop("depth")
    shuffled["sigma_percent"] = 1e2 * shuffled.pop("err")
    found = read_spectra(saved(tmp_path, shuffled)).published.found
    assert found.planet_ids == ("7", "8")
    np.testing.assert_allclose(found.spectra.mu, expected, rtol=1e-12)
    np.testing.assert_allclose(found.spectra.sigma, 2e-5, rtol=1e-12)
    assert found.intervals is None


def finer(pieces: int) -> pd.DataFrame:
    """Every bin of one planet cut into equal pieces; a row outside all bins."""
    edges = bin_edges()
    cut = np.linspace(edges[:, 0], edges[:, 1], pieces + 1, axis=1)
    low, high = cut[:, :-1].ravel(), cut[:, 1:].ravel()
    rows = {"planet_id": "7", "wavelength_low": low, "wavelength_high": high}
    table = pd.DataFrame(
        rows | {"depth": 0.01 + 1e-4 * (np.arange(len(low)) % pieces), "sigma": 3e-5}
    )
    return pd.concat([table, table.iloc[:1].assign(wavelength_low=1.0, wavelength_high=1.1)])


def test_finer_bins_whose_edges_meet_are_averaged(tmp_path: Path) -> None:
    read = read_spectra(saved(tmp_path, finer(3)))
    spectra = read.published.found.spectra
    np.testing.assert_allclose(spectra.mu, 0.0101, rtol=1e-9)
    np.testing.assert_allclose(spectra.sigma, 3e-5 / np.sqrt(3), rtol=1e-6)
    assert "independent" in read.remarks[0]
    assert "1 rows lie outside" in read.remarks[1]


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_submission_table_is_read_too(
    tmp_path: Path, published: PublishedSpectra, dialect: Dialect
) -> None:
    write_submission(tmp_path / "s.csv", published.found.spectra, dialect)
    found = read_spectra(tmp_path / "s.csv").published.found
    np.testing.assert_allclose(found.spectra.mu, published.found.spectra.mu, rtol=1e-8)


def _shifted() -> pd.DataFrame:
    return plain(wl=np.tile(bin_wavelengths() + np.r_[0.0, np.full(282, 0.002)], 2))


def _coarse() -> pd.DataFrame:
    edges = bin_edges()[1:].reshape(141, 2, 2)
    rows = {"planet_id": "7", "wavelength_low": edges[:, 0, 0], "wavelength_high": edges[:, 1, 1]}
    return pd.DataFrame(rows | {"depth": 0.01, "sigma": 1e-5})


def _gap() -> pd.DataFrame:
    table = finer(3)
    return table.drop(index=3 * 50 + 1)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (_shifted(), "the instrument's at"),
        (_coarse(), "has nothing in bin 0"),
        (_gap(), "in bin 50"),
        (plain().iloc[:-1], "282 rows without edges"),
        (plain().drop(columns="err"), "lacks column"),
        (plain().drop(columns="wl"), "lacks column"),
        (plain(depth=1.2), "percent or ppm must say so"),
        (plain(err=0.0), "must be above 0"),
        (plain(depth=np.r_[np.full(5, 0.01), np.nan, np.full(560, 0.01)]), "row 6 column 'depth'"),
        (plain(depth="deep"), "not a number"),
        (plain(planet="<b>7</b> x"), "no planet can be called"),
        (plain(mu=0.01), "both mean depth"),
        (plain().rename(columns={"wl": "wl [parsec]"}), "is in 'parsec'"),
        (plain().iloc[:0], "holds no row"),
    ],
)
def test_other_tables_are_refused_in_one_line(
    tmp_path: Path, table: pd.DataFrame, said: str
) -> None:
    with pytest.raises(SchemaError) as stop:
        read_spectra(saved(tmp_path, table))
    assert said in str(stop.value)
    assert "\n" not in str(stop.value)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_broken_file_is_one_line(tmp_path: Path, kind: str, published: PublishedSpectra) -> None:
    path = written(tmp_path, kind, published)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(SchemaError, match="spectra"):
        read_spectra(path)
    path.write_bytes(b"")
    with pytest.raises(SchemaError, match="spectra"):
        read_spectra(path)


def test_a_broken_note_beside_a_csv_is_one_line(
    tmp_path: Path, published: PublishedSpectra
) -> None:
    path = written(tmp_path, "csv", published)
    note = path.with_name("spectra_about.json")
    assert json.loads(note.read_text()) == ABOUT
    note.write_text("{")
    with pytest.raises(SchemaError, match="spectra_about"):
        read_spectra(path)


def test_a_covariance_of_other_sigmas_is_refused(
    tmp_path: Path, published: PublishedSpectra
) -> None:
    other = PublishedSpectra(published.found, 2 * published.covariance, None, ABOUT)
    with pytest.raises(SchemaError, match="not its sigma squared"):
        read_spectra(written(tmp_path, "csv", other))


def test_names_of_intervals_tell_their_level() -> None:
    assert interval_columns(0.9) == ("interval90_low", "interval90_high")
    assert interval_columns(0.995)[0] == "interval99_5_low"
