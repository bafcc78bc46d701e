"""Published ranges of the competition's data, and how numbers compare with them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from spectramind.run.atomic import json_number


@dataclass(frozen=True)
class Expected:
    """A number's published range.

    Attributes:
        key: its name.
        title: what it is, with its unit.
        low, high: the range.
        source: where the range comes from, and what moves the number out of it.
    """

    key: str
    title: str
    low: float
    high: float
    source: str


@dataclass(frozen=True)
class RangeComparison:
    """One line of the report; ``real`` is None without real data."""

    title: str
    simulated: float | None
    real: float | None
    low: float
    high: float
    verdict: str
    source: str

    def to_json(self) -> dict[str, Any]:
        """Plain values by field."""
        return asdict(self)


_ONE_VISIT = "range over visits"
_TOLERANCE = "one published value, a third either way: stars differ"
_FRAMES = "published range over reference frames"


def _detector(prefix: str, name: str) -> tuple[Expected, ...]:
    def row(key: str, title: str, low: float, high: float, source: str) -> Expected:
        return Expected(f"{prefix}_{key}", f"{name} {title}", low, high, source)

    polynomial = "published correction, a third either way"
    return (
        row(
            "start_e", "start read of dark pixels [e]", -5, 30, "decodes to about 0 plus foreground"
        ),
        row("read_e", "read noise frame, median [e]", 12, 14, "13 e a read"),
        row(
            "read_measured_e",
            "read noise in the reads [e]",
            12,
            14.5,
            "13 e a read, and shot noise",
        ),
        row("read_above_20", "pixels with read noise above 20 e", 0.02, 0.05, "3-4 % published"),
        row("dark_e_s", "dark current, median [e/s]", 0.005, 0.008, "0.0063 e/s"),
        row("hot", "hot pixels (5 sigma clip)", 0.0, 0.05, "0-1.7 %; small frames vary"),
        row("hottest_e_s", "hottest pixel [e/s]", 0.01, 12.5, "tail to 12 e/s"),
        row("dead", "dead pixels", 0.0005, 0.012, "0.1-1.1 %"),
        row("flat", "flat, pixel scatter", 0.011, 0.014, "1.25 %"),
        row("linearity_1e+04", "linearity at 1e4 e", 0.00067, 0.00133, polynomial),
        row("linearity_3e+04", "linearity at 3e4 e", 0.0059, 0.0117, polynomial),
        row("linearity_6e+04", "linearity at 6e4 e", 0.021, 0.041, polynomial),
    )


TELEMETRY = (
    Expected("airs_sum_e", "AIRS light, columns 39-320 [e in 4.5 s]", 1.2e7, 1.75e7, _ONE_VISIT),
    Expected("airs_column_low_e", "AIRS faintest column [e]", 3.7e3, 7.3e3, _TOLERANCE),
    Expected("airs_column_median_e", "AIRS median column [e]", 2.5e4, 5.1e4, _TOLERANCE),
    Expected("airs_column_high_e", "AIRS brightest column [e]", 1.13e5, 2.27e5, _TOLERANCE),
    Expected("airs_brightest_e", "AIRS brightest pixel [e]", 3.9e4, 7.9e4, _TOLERANCE),
    Expected("airs_peak_row", "AIRS brightest row", 15, 16, "published"),
    Expected("airs_two_rows_low", "AIRS light in two rows, least", 0.40, 0.64, "44-64 %"),
    Expected("airs_two_rows_high", "AIRS light in two rows, most", 0.44, 0.68, "44-64 %"),
    Expected(
        "airs_transfer", "AIRS photon transfer, variance over mean", 0.9, 1.15, "shot noise: 1"
    ),
    Expected("airs_jitter_px", "AIRS position scatter [px]", 0.008, 0.020, "0.013 px in 4.5 s"),
    Expected("fgs1_sum_e", "FGS1 light [e in 0.1 s]", 2.2e5, 3.1e5, _ONE_VISIT),
    Expected("fgs1_core_row", "FGS1 core, row", 14.9, 15.9, "near 15.4"),
    Expected("fgs1_core_column", "FGS1 core, column", 14.9, 15.9, "near 15.4"),
    Expected("fgs1_wing_4_e", "FGS1 wing at 4 px [e]", 243, 485, _TOLERANCE),
    Expected("fgs1_wing_8_e", "FGS1 wing at 8 px [e]", 23, 47, _TOLERANCE),
    Expected("fgs1_wing_13_e", "FGS1 wing at 13 px [e]", 4, 12, _TOLERANCE),
    Expected("fgs1_jitter_row_px", "FGS1 row scatter [px]", 0.06, 0.14, "0.10 px in 0.1 s"),
    Expected("fgs1_jitter_column_px", "FGS1 column scatter [px]", 0.06, 0.14, "0.10 px in 0.1 s"),
    *_detector("airs", "AIRS"),
    *_detector("fgs1", "FGS1"),
)
_FEW = "of all planets; a few dozen scatter around it"
POPULATION = (
    Expected("depth_mean", "depth, mean", 0.0125, 0.0169, f"0.0147 {_FEW}"),
    Expected("depth_scatter", "depth, scatter between planets", 0.0080, 0.0134, f"0.0107 {_FEW}"),
    Expected("depth_least", "depth, least", 0.0036, 0.0147, "range 0.0036-0.08"),
    Expected("depth_most", "depth, most", 0.0147, 0.08, "range 0.0036-0.08"),
    Expected("airs_scatter_10_ppm", "AIRS scatter in a planet, 10 % [ppm]", 2, 12, f"5 {_FEW}"),
    Expected(
        "airs_scatter_90_ppm", "AIRS scatter in a planet, 90 % [ppm]", 120, 220, f"170 {_FEW}"
    ),
    Expected("fgs1_step_rms_ppm", "step FGS1 to AIRS, rms [ppm]", 100, 400, "five spectra: 317"),
    Expected("duration_median_h", "T14 of listed orbits, median [h]", 3.5, 4.3, f"3.9 h {_FEW}"),
    Expected("median_Rs", "Rs, median [R_sun]", 1.05, 1.40, f"1.23 {_FEW}"),
    Expected("median_Ms", "Ms, median [M_sun]", 0.98, 1.22, f"1.10 {_FEW}"),
    Expected("median_Ts", "Ts, median [K]", 5600, 6150, f"5890 {_FEW}"),
    Expected("median_Mp", "Mp, median [M_Jup]", 0.65, 1.3, f"0.94 {_FEW}"),
    Expected(
        "orbit_mismatch", "ln sma against Kepler's law, scatter", 0.045, 0.085, f"0.064 {_FEW}"
    ),
    Expected("mass_radius", "rank correlation of Ms and Rs", 0.7, 0.95, f"0.85 {_FEW}"),
    Expected("mass_temperature", "rank correlation of Ms and Ts", 0.7, 0.95, f"0.84 {_FEW}"),
    Expected("mid_time_least_h", "middle of transit, earliest [h]", 3.0, 4.5, "3.0-4.5 h"),
    Expected("mid_time_most_h", "middle of transit, latest [h]", 3.0, 4.5, "3.0-4.5 h"),
    Expected("two_visits", "planets with two visits", 0.05, 0.15, "10 %"),
)


def compare(
    expected: tuple[Expected, ...], simulated: Mapping[str, float], real: Mapping[str, float]
) -> list[RangeComparison]:
    """Numbers against their ranges; a number that was not measured is ``not there``."""
    rows = []
    for e in expected:
        value, other = (json_number(numbers.get(e.key)) for numbers in (simulated, real))
        rows.append(
            RangeComparison(e.title, value, other, e.low, e.high, _verdict(e, value), e.source)
        )
    return rows


def _verdict(expected: Expected, value: float | None) -> str:
    if value is None:
        return "not there"
    if value < expected.low:
        return "below"
    return "above" if value > expected.high else "in range"
