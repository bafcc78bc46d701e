"""Our transmission model beside TauREx 3, both given the same synthetic cross-sections in its HDF5.

TauREx (BSD licence) is an oracle, never a dependency. In an environment of its own:

    python -m venv /tmp/taurex && /tmp/taurex/bin/pip install taurex
    python benchmarks/taurex_check.py --oracle /tmp/taurex/bin/python

Every case is computed at the files' own wavenumbers, without scattering and collisions (TauREx has
other coefficients for them); gravity, radii, mean weight and temperatures are TauREx's own numbers.
It prints the largest and the root mean square difference [ppm of the star's disc]: 2.7-3.3 with our
81 levels, 0.1-0.2 with 641 of ours and 400 layers of TauREx, which by default has 100. What is left
is what 80 steps in height cost, nearly the same at all wavelengths: a radius absorbs it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

PPM = 1e6
POINTS = np.linspace(2500.0, 5200.0, 271)  # 1/cm: 1.92 to 4 um
CASES: dict[str, dict[str, Any]] = {
    "flat in pressure": {"gases": {"H2O": 1e-3}, "profile": None, "depends": False},
    "of pressure and temperature": {"gases": {"H2O": 1e-3}, "profile": None, "depends": True},
    "two gases": {"gases": {"H2O": 1e-3, "CH4": 1e-4}, "profile": None, "depends": True},
    "two gases, grey profile": {
        "gases": {"H2O": 1e-3, "CH4": 1e-4},
        "profile": [-2.0, -0.6],
        "depends": True,
    },
}
TEMPERATURE_K = 1100.0
STEPS = ((80, 100), (80, 400), (640, 400))  # our layers and TauREx's: usual ones, and fine ones


def section(gas: str, pressure_bar: Any, temperature: Any, depends: bool) -> Any:
    """Bands whose height follows pressure and temperature as powers, (P, T, N) [cm2]."""
    centre = {"H2O": (3700.0, 5200.0), "CH4": (3020.0, 4300.0)}[gas]
    bands = sum(np.exp(-(((POINTS - c) / 180.0) ** 2)) for c in centre)
    log10 = -23.5 + 3.0 * bands
    if not depends:
        return np.broadcast_to(10**log10, (pressure_bar.size, temperature.size, POINTS.size))
    p = 0.15 * np.log10(pressure_bar)[:, None, None]
    t = 1.5 * np.log10(temperature / 1000)[None, :, None]
    return 10 ** (log10 + p + t)


def write_files(folder: Path, gases: dict[str, float], depends: bool) -> None:
    import h5py

    pressure, temperature = np.geomspace(1e-10, 100.0, 49), np.linspace(300.0, 3000.0, 109)
    for gas in gases:
        with h5py.File(folder / f"{gas}.h5", "w") as file:
            file["xsecarr"] = section(gas, pressure, temperature, depends)
            file["bin_edges"], file["t"], file["p"] = POINTS, temperature, pressure
            file["p"].attrs["units"] = "bar"
            file["mol_name"] = np.array([gas.encode()])


def oracle(folder: Path) -> None:
    """Runs in TauREx's environment: reads ``case.json``, leaves ``oracle.npz``."""
    from taurex.cache import OpacityCache
    from taurex.chemistry import ConstantGas, TaurexChemistry
    from taurex.constants import AMU
    from taurex.contributions import AbsorptionContribution
    from taurex.data import Planet
    from taurex.data.profiles.temperature.temparray import TemperatureArray
    from taurex.data.stellar import BlackbodyStar
    from taurex.model import TransmissionModel

    case = json.loads((folder / "case.json").read_text())
    OpacityCache().set_opacity_path(str(folder))
    chemistry = TaurexChemistry(fill_gases=["H2", "He"], ratio=0.15 / 0.85)
    for gas, fraction in case["gases"].items():
        chemistry.addGas(ConstantGas(gas, mix_ratio=fraction))
    model = TransmissionModel(
        planet=Planet(planet_mass=1.0, planet_radius=1.2),
        star=BlackbodyStar(temperature=5500, radius=1.0),
        temperature_profile=TemperatureArray(
            tp_array=case["temperature"], p_points=case["pressure"]
        ),
        chemistry=chemistry,
        nlayers=case["layers"],
        atm_min_pressure=1e-4,
        atm_max_pressure=1e6,
        contributions=[AbsorptionContribution()],
    )
    model.build()
    wavenumber, depth, _, _ = model.model()
    np.savez(
        folder / "oracle.npz",
        wavenumber=wavenumber,
        depth=depth,
        gravity=model.planet.gravity,
        radius=model.planet.fullRadius,
        star=model.star.radius,
        weight=model.chemistry.muProfile[0] / AMU,
    )


def compared(
    case: dict[str, Any], ours_in: int, layers: int, python: str
) -> tuple[float, float, float]:
    """Largest and root mean square difference, and the spectrum's own range [ppm]."""
    from spectramind.physics import batch_model
    from spectramind.physics.bands import GASES
    from spectramind.physics.batch_model import AtmosphereBatch, BatchModel
    from spectramind.physics.channels import point_channels
    from spectramind.physics.grey_profile import grey_temperature
    from spectramind.physics.namespace import numpy_namespace
    from spectramind.physics.opacity_files.open_tables import read_gas_tables
    from spectramind.physics.tabulated import tabulated

    pressure = np.geomspace(1e6, 1e-4, 2001)
    temperature, grey = np.full(pressure.size, TEMPERATURE_K), None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder, case["gases"], case["depends"])
        if case["profile"] is not None:
            grey = np.array([case["profile"]])
            # Jupiter's mass in 1.2 radii, as TauREx has them; exact gravity comes from it below.
            gravity = json.loads(told(folder, case, pressure, temperature, 10, python))["gravity"]
            column = [np.array([[value]]) for value in (gravity, TEMPERATURE_K, *case["profile"])]
            temperature = grey_temperature(np, np.log(pressure)[None], *column)[0]
        told(folder, case, pressure, temperature, layers, python)
        with np.load(folder / "oracle.npz") as file:
            theirs = {key: file[key] for key in file.files}
        tables, _ = read_gas_tables(folder)
        inner = slice(1, -1)  # a point at the very edge has half a cell
        opacity = tabulated(tables, point_channels(1e4 / POINTS[inner]))
    fractions = [case["gases"].get(gas.upper(), 0.0) for gas in GASES]
    numbers = [TEMPERATURE_K, *(float(theirs[k]) for k in ("gravity", "weight", "radius", "star"))]
    one = [np.array([value]) for value in numbers]
    no = np.zeros(1)
    batch = AtmosphereBatch(*one, np.array([fractions]), np.array([1e6]), no, no, grey)
    batch_model.N_LEVELS = ours_in + 1
    model = BatchModel(numpy_namespace(), opacity)
    # TauREx is given no scattering and no collisions.
    model._rayleigh, model._peaks = 0 * model._rayleigh, (0.0, 0.0)
    ours = model.depths(batch)[0]
    order = np.argsort(theirs["wavenumber"])
    expected = np.interp(POINTS[inner], theirs["wavenumber"][order], theirs["depth"][order])
    off = PPM * (ours - expected)
    return float(np.abs(off).max()), float(np.sqrt((off**2).mean())), float(PPM * np.ptp(ours))


def told(
    folder: Path, case: dict[str, Any], pressure: Any, temperature: Any, layers: int, python: str
) -> str:
    """Let TauREx compute a case; its gravity as JSON."""
    plain = {
        "gases": case["gases"],
        "pressure": pressure.tolist(),
        "temperature": temperature.tolist(),
        "layers": layers,
    }
    (folder / "case.json").write_text(json.dumps(plain))
    command = [python, __file__, "--as-oracle", str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with np.load(folder / "oracle.npz") as file:
        return json.dumps({"gravity": float(file["gravity"])})


def main() -> None:
    """Print one line a case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--oracle", help="a Python that has taurex installed")
    parser.add_argument("--as-oracle", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.as_oracle:
        oracle(chosen.as_oracle)
        return
    if not chosen.oracle:
        sys.exit("name a Python that has taurex: --oracle /tmp/taurex/bin/python (see --help)")
    print(f"{'case':32} {'layers':>6} {'TauREx':>6} {'largest':>8} {'rms':>8} {'range':>8}  [ppm]")
    for name, case in CASES.items():
        for ours, layers in STEPS:
            largest, rms, span = compared(case, ours, layers, chosen.oracle)
            print(f"{name:32} {ours:6} {layers:6} {largest:8.2f} {rms:8.2f} {span:8.1f}")


if __name__ == "__main__":
    main()
