"""Light curves with what the fit cannot know taken out, as the truth of simulated visits has it.

The chain run on them says what an estimate is worth to which AIRS's own motion, noise with memory,
odd drifts and limb darkening are no riddle. It gets more than their true covariances: they are
gone. Of each calibrated light curve, on the clock of its own detector:

- the response beyond the ordinary drift, 1 + sum_k course_k(t) loading_k, is divided out;
- AIRS's motion along the dispersion, 1 + x(t) d ln F / d column, is divided out: x is the true
  displacement less what the two axes of FGS1's tell of it by least squares, which the fit knows,
  and F the star's light as it was injected;
- the transit before a star of its true limb darkening is replaced by that before the star which
  the fit expects, depth and true orbit being the same.

What else is foreign stays: the orbit's ellipse, spots, faculae, moons, opacities, the images'
width, flats, curvature and stray light. White noise stays as it was drawn.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from chain import Run
from numpy.typing import NDArray

from spectramind.calibration.pointing import on_clock
from spectramind.config.base import digest
from spectramind.config.overrides import quoted
from spectramind.contracts.series import Series, read_series, write_series
from spectramind.contracts.star_row import StarRow
from spectramind.contracts.work_folder import CalibratedFolder
from spectramind.dataset.tree import KaggleTree
from spectramind.features.transit_model import TransitModel
from spectramind.instrument.detectors import AIRS, AIRS_SCIENCE, DETECTORS, FGS1, Detector
from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN, bin_wavelengths
from spectramind.physics.limb_darkening import quadratic_coefficients
from spectramind.physics.limb_laws import LimbLaw
from spectramind.physics.power_transit import power_transit_flux
from spectramind.pipeline.visits import star_rows
from spectramind.run.atomic import write_json
from spectramind.run.npz import read_npz

Array = NDArray[np.float64]
Truth = Mapping[str, NDArray[np.generic]]

CURVES = {FGS1: 2, AIRS: 282}
_BINS = {FGS1: slice(FGS1_BIN, FGS1_BIN + 1), AIRS: AIRS_BINS}
_CODE = Path(__file__).read_text(encoding="utf-8")
_NEEDED = (
    *("response_time_h", "response_course", "response_loading", "limb_law", "mid_time_h"),
    *("limb_law_coefficients", "spectrum", "spot_factor", "period_d", "a_over_rs"),
    *("inclination_deg", "eccentricity", "omega_deg", "star_airs_e_s"),
    *(f"{d.key}_{what}" for d in DETECTORS for what in ("time_h", "displacement_px")),
)


@dataclass(frozen=True)
class Known:
    """What the truth tells of a visit.

    Attributes:
        truth: what was injected, by name.
        teff_k: temperature at which the fit expects the star's limb darkening [K].
        substep_h: how finely exposures are integrated [h].
    """

    truth: Truth
    teff_k: float
    substep_h: float

    def of(self, key: str) -> Array:
        """Numbers of the truth."""
        return np.asarray(self.truth[key], dtype=np.float64)

    def response(self, time_h: Array, detector: Detector) -> Array:
        """What noise with memory and odd drifts multiply the light by, (T, bins)."""
        knots, bins = self.of("response_time_h"), _BINS[detector]
        courses = [np.interp(time_h, knots, course) for course in self.of("response_course")]
        at = np.reshape(courses, (-1, len(time_h)))
        return np.asarray(1 + at.T @ self.of("response_loading")[:, bins])

    def motion(self, time_h: Array) -> Array:
        """What AIRS's own motion along the dispersion multiplies the light by, (T, 282)."""
        fgs1, airs = (
            on_clock(self.of(f"{d.key}_displacement_px").T, self.of(f"{d.key}_time_h"), time_h)
            for d in (FGS1, AIRS)
        )
        column, told = airs[:, 1], np.column_stack([np.ones(len(airs)), fgs1])
        own = column - told @ np.linalg.lstsq(told, column, rcond=None)[0]
        # An image moved by x shows at a column the light of the one x before; bins ascend in
        # wavelength, columns descend. Slopes of the calibrated level would not do: bad pixels make
        # it ragged.
        light = self.of("star_airs_e_s")
        slope = -(np.gradient(light) / light)[AIRS_SCIENCE][::-1]
        return np.asarray(1 + own[:, None] * slope)

    def limb(self, time_h: Array, detector: Detector) -> Array:
        """Transit of the true limb darkening over that of the expected one, (T, bins)."""
        bins = _BINS[detector]
        period, a, inclination, e, omega = (
            float(self.of(key))
            for key in ("period_d", "a_over_rs", "inclination_deg", "eccentricity", "omega_deg")
        )
        orbit = StarRow(period, a, inclination, self.teff_k, e, omega)
        model = TransitModel(time_h, orbit, self.substep_h)
        mid_time = float(self.of("mid_time_h"))
        separation = model.separation(mid_time, float(np.log(a)), abs(orbit.impact))
        ratio, factor = np.sqrt(self.of("spectrum")[bins]), self.of("spot_factor")[bins, None]
        expected = quadratic_coefficients(self.teff_k, bin_wavelengths())[bins]
        coefficients = self.of("limb_law_coefficients")[bins]
        law = LimbLaw(str(self.truth["limb_law"]), coefficients)  # type: ignore[arg-type]
        true = power_transit_flux(separation, ratio, *law.powers())
        true = true.reshape(len(ratio), len(time_h), -1).mean(axis=2)
        usual = model.flux(separation, ratio, expected)
        return np.asarray((1 - factor * (1 - true)) / (1 - factor * (1 - usual))).T


def informed_series(series: Series, detector: Detector, known: Known) -> Series:
    """A detector's light curves with all of it divided out."""
    factor = known.response(series.time_h, detector) * known.limb(series.time_h, detector)
    if detector == AIRS:
        factor = factor * known.motion(series.time_h)
    flux, variance = series.flux / factor, series.variance / factor**2
    return Series(
        series.time_h, flux.astype(np.float32), variance.astype(np.float32), series.pointing
    )


def informed(run: Run, folder: Path) -> tuple[str, ...]:
    """Write the light curves that a chain has read once more, informed; visits done are kept.

    Args:
        run: a chain on a simulated tree, whose truth must be there.
        folder: where they go.

    Returns:
        Overrides that read them.

    Raises:
        SchemaError: truth or light curves are missing or broken.
    """
    config, tree = run.config, KaggleTree(run.config.data.raw)
    source, target = CalibratedFolder(config.paths.calibrated), CalibratedFolder(folder)
    for visit, star in (row for split in tree.splits() for row in star_rows(tree, split)):
        if not source.log(visit).is_file():
            continue  # calibration lost it: it stays lost
        record = json.loads(source.log(visit).read_text(encoding="utf-8"))
        mark = digest("informed", _CODE, str(config.fit.substep_h), record[0]["params"]["digest"])
        record[0]["params"]["digest"] = mark
        log = target.log(visit)
        if log.is_file() and json.loads(log.read_text(encoding="utf-8")) == record:
            continue
        truth = read_npz(tree.root / "truth" / f"{visit}.npz", *_NEEDED, made_by="simulate")
        known = Known(truth, star.teff_k, config.fit.substep_h)
        for detector, curves in CURVES.items():
            series = read_series(source.series(detector, visit), curves)
            path = target.series(detector, visit)
            write_series(path, informed_series(series, detector, known))
        write_json(log, record)
    return quoted("data.raw", tree.root.absolute()), quoted("paths.calibrated", folder.absolute())
