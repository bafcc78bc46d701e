"""Opacity files as users have them at their worst: one clear line, never a wrong spectrum."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.config.opacities import OpacityConfig
from spectramind.errors import ConfigError, ExitCode, SchemaError
from spectramind.physics.bands import GASES
from spectramind.physics.opacity import mean_cross_sections
from spectramind.physics.opacity_files.open_tables import read_gas_table, read_gas_tables
from spectramind.retrieval.opacity_of import opacity_of

h5py = pytest.importorskip("h5py")
Array = NDArray[np.float64]

PRESSURE_BAR = np.array([1e-6, 1e-3, 10.0])
TEMPERATURE = np.array([200.0, 900.0, 2500.0])
WAVENUMBER = np.linspace(2400.0, 17200.0, 800)
WEIGHT = np.array([0.5, 0.4, 0.1])


def sections(gas: str = "h2o", nodes: int = 3) -> Array:
    """(P, T, N, G) [cm2]: the project's own means, three shares of a cell, the same at all P."""
    row = GASES.index(gas)
    mean = np.array([mean_cross_sections(t, 1e4 / WAVENUMBER)[row] for t in TEMPERATURE])
    share = np.array([0.3, 1.0, 4.5]) if nodes == 3 else np.ones(1)
    every: Array = np.repeat(np.maximum(mean, 1e-35)[None, ..., None] * share, 3, axis=0)
    return every


def write(path: Path, units: str = "bar", **changed: Any) -> Path:
    content = {
        "kcoeff": sections(),
        "bin_edges": WAVENUMBER,
        "weights": WEIGHT,
        "t": TEMPERATURE,
        "p": PRESSURE_BAR,
        "mol_name": "H2O",
    } | changed
    with h5py.File(path, "w") as file:
        for name, value in content.items():
            if isinstance(value, str) and value == "group":
                file.create_group(name)
            else:
                file[name] = value
        if isinstance(file["p"], h5py.Dataset):
            file["p"].attrs["units"] = units
    return path


def write_text(path: Path, order: tuple[int, ...] = (0, 1, 2), factor: float = 1e-4) -> Path:
    """Exo-Transmit; ``order`` of the pressures in each wavelength's lines."""
    table, pressure = sections(nodes=1)[..., 0], PRESSURE_BAR * 1e5
    lines = [" ".join(map(str, TEMPERATURE)), " ".join(map(str, pressure))]
    for n in range(WAVENUMBER.size):
        lines.append(repr(float(1e-2 / WAVENUMBER[n])))
        for p in order:
            row = [float(pressure[p]), *(factor * table[p, :, n]).tolist()]
            lines.append(" ".join(map(repr, row)))
    path.write_text("\n".join(lines) + "\n")
    return path


def spoilt(where: tuple[int, ...], value: float) -> Array:
    table = sections()
    table[where] = value
    return table


def refused(path: Path, match: str) -> None:
    """The settings' way in refuses the file in one line that names it, with exit code 2."""
    with pytest.raises(SchemaError, match=match) as caught:
        opacity_of(OpacityConfig(path=path))
    told = str(caught.value)
    assert str(path) in told
    assert "\n" not in told
    assert len(told) < 500
    assert caught.value.exit_code == ExitCode.SCHEMA_VIOLATION


def test_the_table_that_others_are_made_of_is_good(tmp_path: Path) -> None:
    assert opacity_of(OpacityConfig(path=write(tmp_path / "h2o.h5"))) is not None
    assert opacity_of(OpacityConfig(path=write_text(tmp_path / "opacH2O.dat"))) is not None


by_temperature = sections().transpose(1, 0, 2, 3)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"kcoeff": sections().transpose(0, 1, 3, 2)}, "another order.*transpose them"),
        ({"kcoeff": sections().transpose(2, 1, 0, 3)}, "another order.*transpose them"),
        ({"kcoeff": by_temperature}, "strengths follow what should be pressure.*transpose"),
        ({"kcoeff": spoilt((1, 1, 300, 0), np.nan)}, "not finite"),
        ({"kcoeff": spoilt((1, 1, 300, 2), np.inf)}, "not finite"),
        ({"kcoeff": spoilt((1, 1, 300, 0), -1e-25)}, "go down to -1e-25"),
        ({"kcoeff": np.zeros((3, 3, 800, 3))}, "largest cross-section is 0"),
        ({"kcoeff": 1e-4 * sections()}, "mean cross-section at 900 K.*another unit .m2"),
        ({"kcoeff": 1e4 * sections()}, "another unit .m2"),
        ({"kcoeff": np.zeros((0, 3, 800, 3)), "p": np.zeros(0)}, r"axis of pressure.*\(0,\)"),
        ({"kcoeff": np.zeros((3, 3, 0, 3)), "bin_edges": [3000.0]}, "is empty"),
        ({"kcoeff": np.zeros((3, 3, 800, 0)), "weights": np.zeros(0)}, "axis of g"),
        ({"kcoeff": sections()[:, :, :1], "bin_edges": [3000.0]}, "one wavenumber"),
        ({"kcoeff": sections().astype(complex)}, "no numbers: complex"),
        ({"kcoeff": "group"}, "cannot be read as HDF5"),
        ({"kcoeff": np.full((3, 3), b"text")}, r"have the shape \(3, 3\)"),
        ({"kcoeff": h5py.Empty("f8")}, "cannot be read as HDF5"),
        ({"t": 900.0}, r"axis of temperature has the shape \(\)"),
        ({"t": np.array([b"cold", b"warm", b"hot"])}, "cannot be read as HDF5"),
        ({"t": TEMPERATURE[[1, 0, 2]]}, "temperatures .*neither ascend"),
        ({"t": TEMPERATURE[[0, 0, 2]]}, "temperatures .*neither ascend"),
        ({"t": [200.0, np.nan, 2500.0]}, "temperatures .*outside"),
        ({"t": np.log10(TEMPERATURE)}, "highest temperature is 3.39794 K.*logarithm"),
        ({"p": PRESSURE_BAR[[1, 0, 2]]}, "pressures .*neither ascend"),
        ({"p": PRESSURE_BAR[:, None]}, r"axis of pressure has the shape \(3, 1\)"),
        ({"p": 1e6 * PRESSURE_BAR}, "pressures .* outside"),
        ({"p": PRESSURE_BAR, "units": "Pa"}, "largest pressure is 10 Pa.*its unit"),
        ({"bin_edges": 1e4 / WAVENUMBER[::-1] / 10}, "wavenumbers .* outside"),
        ({"bin_edges": np.where(WAVENUMBER > 9000, 9000, WAVENUMBER)}, "neither ascend"),
        ({"weights": [0.5, np.nan, 0.1]}, "weights of g"),
        ({"mol_name": np.array([], dtype="S3")}, "cannot be read as HDF5"),
        ({"mol_name": b"\xff\xfe"}, "cannot be read as HDF5|the gas is"),
    ],
)
def test_hdf5_that_cannot_be(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    refused(write(tmp_path / "table.h5", **changed), message)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.6, 0.95, 0.999])
@pytest.mark.parametrize("name", ["h2o.h5", "opacH2O.dat"])
def test_a_file_that_is_cut_short(tmp_path: Path, name: str, share: float) -> None:
    path = tmp_path / name
    (write if name.endswith("h5") else write_text)(path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    refused(path, "cannot be read|cut short|lines|not a table")


@pytest.mark.parametrize("name", ["H2O.h5", "H2O.kta", "opacH2O.dat"])
@pytest.mark.parametrize(
    "content",
    [b"300 1000\n1 10\nwavenumber section\n" * 30, b"\x89HDF\r\n\x1a\n" + bytes(200), b""],
)
def test_files_with_another_ones_ending(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    refused(path, "HDF5|NEMESIS|table of numbers|no text|lines")


def test_lines_of_exo_transmit_in_another_order(tmp_path: Path) -> None:
    refused(write_text(tmp_path / "opacH2O.dat", order=(2, 1, 0)), "they are in another order")
    refused(write_text(tmp_path / "opacH2O.dat", factor=1.0), "another unit")


def test_descending_wavenumbers_are_turned(tmp_path: Path) -> None:
    one = opacity_of(OpacityConfig(path=write(tmp_path / "up.h5")))
    turned = {"kcoeff": sections()[:, :, ::-1], "bin_edges": WAVENUMBER[::-1]}
    other = opacity_of(OpacityConfig(path=write(tmp_path / "down.h5", **turned)))
    assert one is not None
    assert other is not None
    np.testing.assert_array_equal(one.gases["h2o"].log_section, other.gases["h2o"].log_section)


def test_pressures_in_any_unit_are_the_same(tmp_path: Path) -> None:
    bar = read_gas_table(write(tmp_path / "a.h5"))
    pascal = read_gas_table(write(tmp_path / "b.h5", units="Pa", p=PRESSURE_BAR * 1e5))
    np.testing.assert_allclose(bar.pressure_pa, pascal.pressure_pa, rtol=1e-12)


def test_one_pressure_holds_for_all_and_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, heard: Callable[[], None]
) -> None:
    heard()
    one = {"kcoeff": sections()[:1], "p": [1e-2]}
    found = opacity_of(OpacityConfig(path=write(tmp_path / "h2o.h5", **one)))
    assert found is not None
    assert "H2O from h2o.h5 (1 pressures 1e+03..1e+03 Pa, beyond them the ends;" in caplog.text


def test_one_temperature_is_refused(tmp_path: Path) -> None:
    one = {"kcoeff": sections()[:, 1:2], "t": [900.0]}
    with pytest.raises(ConfigError, match="900 K alone in common"):
        opacity_of(OpacityConfig(path=write(tmp_path / "h2o.h5", **one)))


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], None]]:
    """The package's log does not propagate once a command has opened it."""
    log = logging.getLogger("spectramind")
    before = log.propagate, log.level

    def listen() -> None:
        log.propagate = True
        caplog.set_level(logging.INFO, "spectramind")

    yield listen
    log.propagate = before[0]
    log.setLevel(before[1])


def test_what_was_read_and_passed_over_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, heard: Callable[[], None]
) -> None:
    heard()
    write(tmp_path / "water.h5")
    write(tmp_path / "TiO.h5", mol_name="TiO")
    (tmp_path / "readme.txt").write_text("x")
    (tmp_path / ".hidden.h5").write_text("x")
    found = opacity_of(OpacityConfig(path=tmp_path))
    assert opacity_of(OpacityConfig(path=tmp_path)) is found
    assert found is not None
    # A record may be caught twice, where a test before has given the package's log its own handler.
    records = {id(one): one for one in caplog.records if one.name == "spectramind"}.values()
    lines = [one.getMessage() for one in records]
    assert len(lines) == 3
    assert lines[0] == f"opacities: {found.read}"
    assert lines[0].startswith("opacities: H2O from water.h5 (3 pressures 0.1..1e+06 Pa")
    assert lines[0].endswith("3 temperatures 200..2500 K); no file for CO2, CO, CH4, NH3")
    told = "the gas is 'TiO', the model knows H2O, CO2, CO, CH4, NH3"
    assert found.passed_over == (
        f"{tmp_path}/TiO.h5: {told}",
        f"{tmp_path}/readme.txt: no opacity file's ending",
    )
    assert lines[1:] == [f"opacities: passed over {line}" for line in found.passed_over]


def test_hidden_files_are_no_opacities(tmp_path: Path) -> None:
    (tmp_path / "._H2O.h5").write_text("what an archiver leaves")
    with pytest.raises(ConfigError, match="holds no opacity file"):
        read_gas_tables(tmp_path)
