"""Small files written in each layout that users have, read back, turned round and spoilt."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.errors import ConfigError, SchemaError
from spectramind.physics.opacity_files.gas_table import GasTable, edges_around
from spectramind.physics.opacity_files.open_tables import read_gas_table, read_gas_tables

h5py = pytest.importorskip("h5py")
Array = NDArray[np.float64]

PRESSURE_BAR = np.array([1e-5, 1e-3, 1e-1, 10.0])
TEMPERATURE = np.array([300.0, 1000.0, 2000.0])
WAVENUMBER = np.linspace(2000.0, 18000.0, 41)
EDGES = edges_around(WAVENUMBER)
WEIGHT = np.array([0.3, 0.4, 0.25, 0.05])
REAL = Path(__file__).parents[3] / "shared" / "real"


def sections(nodes: int) -> Array:
    """(P, T, N, G) [cm2], every value different, ascending in g."""
    p, t, n, g = (np.arange(size) for size in (4, 3, 41, nodes))
    log10 = -24 + 0.3 * p[:, None, None, None] + 0.2 * t[:, None, None] + 0.05 * n[:, None] + g
    return np.asarray(10.0**log10)


def write_ktable(path: Path, turned: bool = False, **changed: object) -> None:
    turn = slice(None, None, -1) if turned else slice(None)
    content: dict[str, object] = {
        "kcoeff": sections(4)[turn, turn, turn],
        "bin_edges": EDGES[turn],
        "bin_centers": WAVENUMBER[turn],
        "samples": np.cumsum(WEIGHT) - WEIGHT / 2,
        "weights": WEIGHT,
        "ngauss": 4,
        "t": TEMPERATURE[turn],
        "p": PRESSURE_BAR[turn],
        "mol_name": np.array([b"H2O"]),
        "mol_mass": np.array([18.01]),
    } | changed
    with h5py.File(path, "w") as file:
        for name, value in content.items():
            if value is not None:
                file[name] = value
        if "p" in file:
            file["p"].attrs["units"] = "bar"


def write_taurex(path: Path, gas: str = "CH4", unit: str | None = "bar") -> None:
    with h5py.File(path, "w") as file:
        file["xsecarr"] = sections(1)[..., 0]
        file["bin_edges"] = WAVENUMBER
        file["t"], file["p"], file["mol_name"] = TEMPERATURE, PRESSURE_BAR, gas
        if unit:
            file["p"].attrs["units"] = unit


def write_kta(path: Path, even: bool = False, gas: int = 6, cut: int = 0) -> None:
    """Wavelengths ascend, so wavenumbers descend in the file."""
    wavelength = np.linspace(0.5, 4.5, 41) if even else 1e4 / WAVENUMBER[::-1]
    count = 10 + 8 + 2 + 4 + 3 + (0 if even else 41)
    step = 0.1 if even else -1.0
    head = struct.pack("<iifffiiiii", count + 1, 41, wavelength[0], step, 0.0, 4, 3, 4, gas, 0)
    floats = [np.cumsum(WEIGHT), WEIGHT, np.zeros(2), PRESSURE_BAR, TEMPERATURE]
    floats += [] if even else [wavelength]
    k = np.moveaxis(sections(4)[:, :, ::-1], 2, 0) * 1e20
    body = np.concatenate([*floats, k.ravel()]).astype("<f4").tobytes()
    path.write_bytes((head + body)[: -cut or None])


def write_exo_transmit(path: Path, unit_pa: float = 1e5) -> None:
    """Wavelengths ascend; sections in m2."""
    pressure = PRESSURE_BAR * unit_pa
    lines = [" ".join(map(str, TEMPERATURE)), " ".join(map(str, pressure))]
    for n in range(40, -1, -1):
        lines.append(repr(float(1e-2 / WAVENUMBER[n])))
        for p in range(4):
            row = sections(1)[p, :, n, 0] * 1e-4
            lines.append(" ".join(map(repr, [float(pressure[p]), *row.tolist()])))
    path.write_text("\n".join(lines) + "\n")


def assert_same(table: GasTable, gas: str, nodes: int, rtol: float) -> None:
    assert table.gas == gas
    np.testing.assert_allclose(table.pressure_pa, PRESSURE_BAR * 1e5, rtol=rtol)
    np.testing.assert_allclose(table.temperature_K, TEMPERATURE, rtol=rtol)
    np.testing.assert_allclose(table.section_cm2, sections(nodes), rtol=rtol)
    np.testing.assert_allclose(table.weight, WEIGHT if nodes == 4 else [1.0], rtol=rtol)


@pytest.mark.parametrize("turned", [False, True])
def test_a_ktable_is_read_whatever_way_its_axes_run(tmp_path: Path, turned: bool) -> None:
    path = tmp_path / "1H2-16O__POKAZATEL__R1000.ktable.petitRADTRANS.h5"
    write_ktable(path, turned)
    table = read_gas_table(path)
    assert_same(table, "h2o", 4, 1e-12)
    np.testing.assert_allclose(table.edges_cm, EDGES)


@pytest.mark.parametrize("turned", [False, True])
def test_wavenumbers_far_from_the_instrument_are_not_kept(tmp_path: Path, turned: bool) -> None:
    """0.3 to 100 um in 41 cells: kept are those that touch 0.5 to 5.6 um."""
    edges = np.geomspace(100.0, 33000.0, 42)
    turn = slice(None, None, -1) if turned else slice(None)
    write_ktable(tmp_path / "h2o.h5", turned, bin_edges=edges[turn])
    table = read_gas_table(tmp_path / "h2o.h5")
    first = int(np.searchsorted(edges, 1800.0)) - 1
    last = int(np.searchsorted(edges, 20000.0)) + 1
    np.testing.assert_allclose(table.edges_cm, edges[first:last])
    np.testing.assert_allclose(table.section_cm2, sections(4)[:, :, first : last - 1])


def test_sections_of_taurex_are_at_points(tmp_path: Path) -> None:
    write_taurex(tmp_path / "CH4.h5")
    table = read_gas_table(tmp_path / "CH4.h5")
    assert_same(table, "ch4", 1, 1e-12)
    np.testing.assert_allclose(table.centre_cm, WAVENUMBER)


def test_a_table_of_nemesis(tmp_path: Path) -> None:
    write_kta(tmp_path / "CH4.kta")
    table = read_gas_table(tmp_path / "CH4.kta")
    assert_same(table, "ch4", 4, 1e-6)
    middle = 1e4 / ((1 / WAVENUMBER[1:] + 1 / WAVENUMBER[:-1]) / 2 * 1e4)
    np.testing.assert_allclose(table.edges_cm[1:-1], middle, rtol=1e-6)


def test_a_table_of_nemesis_with_even_wavelengths(tmp_path: Path) -> None:
    write_kta(tmp_path / "CH4.kta", even=True)
    table = read_gas_table(tmp_path / "CH4.kta")
    np.testing.assert_allclose(1e4 / table.edges_cm[::-1], np.linspace(0.45, 4.55, 42), rtol=1e-5)
    np.testing.assert_allclose(table.section_cm2, sections(4), rtol=1e-6)


@pytest.mark.parametrize("unit_pa", [1e5, 1.0])
def test_sections_of_exo_transmit_in_pascal_and_in_bar(tmp_path: Path, unit_pa: float) -> None:
    path = tmp_path / "opacNH3.dat"
    write_exo_transmit(path, unit_pa)
    table = read_gas_table(path)
    assert_same(table, "nh3", 1, 1e-9)
    np.testing.assert_allclose(table.centre_cm, WAVENUMBER, rtol=1e-9)


def test_exo_transmit_whose_pressures_tell_no_unit(tmp_path: Path) -> None:
    write_exo_transmit(tmp_path / "opacNH3.dat", 2e3)
    with pytest.raises(SchemaError, match=r"largest pressure is 20000: at least 100000"):
        read_gas_table(tmp_path / "opacNH3.dat")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"kcoeff": None}, "neither kcoeff nor xsecarr"),
        ({"weights": None}, "no weights"),
        ({"kcoeff": sections(4).transpose(1, 0, 2, 3)}, "another order.*transpose them"),
        ({"kcoeff": sections(4)[:, :, :-2]}, r"shape \(4, 3, 39, 4\)"),
        ({"kcoeff": np.log10(sections(4))}, "look like logarithms"),
        ({"kcoeff": sections(4) * 1e15}, "largest cross-section"),
        ({"kcoeff": sections(4) * 1e-14}, "largest cross-section"),
        ({"kcoeff": np.full((4, 3, 41, 4), np.nan)}, "not finite"),
        ({"kcoeff": sections(4)[..., ::-1]}, "do not ascend along the last axis"),
        ({"weights": 2 * WEIGHT}, "weights of g sum to 2"),
        ({"t": np.log10(TEMPERATURE) - 3}, "temperatures .* outside 1..10000"),
        ({"t": TEMPERATURE[[0, 2, 1]]}, "neither ascend nor descend"),
        ({"p": np.log10(PRESSURE_BAR)}, "pressures .* outside"),
        ({"mol_name": np.array([b"TiO"])}, "the gas is 'TiO', the model knows H2O"),
    ],
)
def test_a_ktable_that_cannot_be_is_refused(
    tmp_path: Path, changed: dict[str, object], message: str
) -> None:
    write_ktable(tmp_path / "h2o.h5", **changed)
    with pytest.raises(SchemaError, match=message) as caught:
        read_gas_table(tmp_path / "h2o.h5")
    assert str(tmp_path / "h2o.h5") in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("unit", "bar"), [("Pa", 1e-5), ("mbar", 1e-3), ("bar", 1.0)])
def test_pressures_follow_their_unit(tmp_path: Path, unit: str, bar: float) -> None:
    write_taurex(tmp_path / "CO.h5", "CO", unit)
    table = read_gas_table(tmp_path / "CO.h5")
    np.testing.assert_allclose(table.pressure_pa, PRESSURE_BAR * 1e5 * bar)


@pytest.mark.parametrize("unit", [None, "psi"])
def test_pressures_without_a_known_unit(tmp_path: Path, unit: str | None) -> None:
    write_taurex(tmp_path / "CO.h5", "CO", unit)
    with pytest.raises(SchemaError, match=f"unit of pressure is {unit!r}"):
        read_gas_table(tmp_path / "CO.h5")


def test_sections_in_square_metres_say_so(tmp_path: Path) -> None:
    write_ktable(tmp_path / "h2o.h5", kcoeff=sections(4) * 1e-4)
    with h5py.File(tmp_path / "h2o.h5", "a") as file:
        file["kcoeff"].attrs["units"] = "m^2/molecule"
    assert_same(read_gas_table(tmp_path / "h2o.h5"), "h2o", 4, 1e-12)
    with h5py.File(tmp_path / "h2o.h5", "a") as file:
        file["kcoeff"].attrs["units"] = "cm^2/g"
    with pytest.raises(SchemaError, match=r"are in 'cm\^2/g'"):
        read_gas_table(tmp_path / "h2o.h5")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: write_kta(path, cut=40), "cut short"),
        (lambda path: write_kta(path, gas=3), "'number 3 of HITRAN'"),
        (lambda path: path.write_bytes(b"few"), "has 0 words"),
        (lambda path: path.write_bytes(bytes(400)), "not a k-table of NEMESIS"),
    ],
)
def test_a_broken_table_of_nemesis(
    tmp_path: Path, spoil: Callable[[Path], None], message: str
) -> None:
    spoil(tmp_path / "x.kta")
    with pytest.raises(SchemaError, match=message):
        read_gas_table(tmp_path / "x.kta")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("300 1000\n1 10\n", "has 2 lines"),
        ("300 1000\n1 10\n1e-6\n1 1e-24 1e-24\n", "cut short"),
        ("300 1000\n1 10\nwhat\n", "not a table of numbers"),
        ("300\n10\n-1e-6\n10 1e-24\n", "must be positive"),
    ],
)
def test_a_broken_table_of_exo_transmit(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "opacCO.dat").write_text(content)
    with pytest.raises(SchemaError, match=message):
        read_gas_table(tmp_path / "opacCO.dat")


def test_a_folder_holds_a_file_a_gas(tmp_path: Path) -> None:
    write_taurex(tmp_path / "CH4.h5")
    write_taurex(tmp_path / "TiO.h5", "TiO")
    write_exo_transmit(tmp_path / "opacNH3.dat")
    tables, others = read_gas_tables(tmp_path)
    assert sorted(tables) == ["ch4", "nh3"]
    assert len(others) == 1
    assert "TiO" in others[0]
    write_kta(tmp_path / "methane.kta")
    with pytest.raises(SchemaError, match=r"CH4\.h5 both hold CH4: keep one"):
        read_gas_tables(tmp_path)


def test_paths_without_opacities(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        read_gas_tables(tmp_path / "none")
    with pytest.raises(ConfigError, match="holds no opacity file"):
        read_gas_tables(tmp_path)
    (tmp_path / "notes.dat").write_text("1")
    with pytest.raises(SchemaError, match="unknown kind of opacity file"):
        read_gas_tables(tmp_path)
    (tmp_path / "text.h5").write_text("no HDF5")
    with pytest.raises(SchemaError, match="cannot be read as HDF5"):
        read_gas_table(tmp_path / "text.h5")


def test_real_files_where_there_are_some() -> None:
    endings = (".h5", ".kta", ".dat")
    found = [p for p in REAL.rglob("*") if p.suffix in endings] if REAL.is_dir() else []
    if not found:
        pytest.skip(f"no opacity file below {REAL}")
    for path in found:
        assert read_gas_table(path).section_cm2.max() > 0
