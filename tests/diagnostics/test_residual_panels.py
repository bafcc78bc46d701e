"""What panels of topics fft and lightcurves say in words, and what they put on planets' pages."""

from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from spectramind.config.diag_fft import ResidualsConfig
from spectramind.contracts.visit_images import PixelImages
from spectramind.diagnostics.panel import Lack, PanelBody, ReportContext, Values
from spectramind.diagnostics.panels import (
    doubted_planets,
    noise_memory,
    pointing_flux,
    residual_spectra,
    smoothness_map,
    spectral_residuals,
    visit_record,
    white_light,
)
from spectramind.diagnostics.report_data import CalibrationLog, DoubtedVisit, ReportData
from spectramind.diagnostics.residual_summary import verdict_of
from spectramind.diagnostics.spectral_summary import spectra_of
from spectramind.diagnostics.step_words import step_rows
from spectramind.instrument.detectors import DETECTORS, FGS1
from spectramind.instrument.grid import bin_wavelengths

Make = Callable[..., ReportData]


def context(data: ReportData) -> ReportContext:
    return ReportContext(data, 20, 5)


def drawn(panel: Any, data: ReportData) -> PanelBody:
    values = panel.collect(context(data))
    assert not isinstance(values, Lack)
    return panel.draw(values)


def fft(data: ReportData, **changes: Any) -> ReportData:
    """The report with other values of the topic."""
    return replace(data, stored={"fft": {**data.stored["fft"], **changes}})


def words(panel: Any, data: ReportData) -> tuple[str, str]:
    verdict = drawn(panel, data).verdict
    assert verdict is not None
    return verdict.level, verdict.text


def told(data: ReportData, **changes: Any) -> Values:
    """The topic's planets, the first one's FGS1 changed."""
    planets = {name: dict(one) for name, one in data.stored["fft"]["planets"].items()}
    first = next(iter(planets))
    planets[first]["fgs1"] = {**planets[first]["fgs1"], **changes}
    planets[first]["class"] = verdict_of({k: planets[first][k] for k in ("fgs1", "airs")}, 0.01)
    return planets


def test_white_noise_is_called_so(make_report: Make) -> None:
    data = make_report()
    for panel in (residual_spectra, noise_memory, spectral_residuals, pointing_flux):
        assert words(panel, data)[0] == "good", panel
    rows = drawn(residual_spectra, data).tables["residuals"]
    assert {row["class"] for row in rows} == {"white"}
    assert "1 planets" in drawn(residual_spectra, data).note  # left out


def test_one_planets_peak_is_worth_a_look_and_all_planets_is_bad(make_report: Make) -> None:
    data = make_report()
    one = fft(data, planets=told(data, peak_alarm=1e-5, peak_mhz=6.123))
    assert next(iter(one.stored["fft"]["planets"].values()))["class"] == "peak at 6.1 mHz"
    level, text = words(residual_spectra, one)
    assert (level, data.planet_ids[0] in text) == ("look", True)
    light = {key: dict(found) for key, found in data.stored["fft"]["light"].items()}
    light["fgs1"]["peaks"] = [{"mhz": 4.2, "times": 3.0, "alarm": 1e-9}]
    level, text = words(residual_spectra, fft(data, light=light))
    assert (level, "FGS1 at 4.2 mHz" in text) == ("bad", True)
    figure = drawn(residual_spectra, fft(data, light=light)).figures["residual-power-fgs1"]
    assert figure["data"][-1]["name"] == "peak shared by all"


def test_red_noise_is_counted(make_report: Make) -> None:
    data = make_report()
    planets = told(data, excess=3.1, excess_alarm=1e-8)
    assert next(iter(planets.values()))["class"] == "red"
    level, text = words(noise_memory, fft(data, planets=planets))
    assert level == "bad"
    assert text.startswith("In 1 of 4 planets noise has a memory")
    assert drawn(noise_memory, fft(data, planets=planets)).brief[0]["FGS1, white = 1"] == 3.1


def test_a_bend_over_the_pointing_is_worth_a_look(make_report: Make) -> None:
    data = make_report()
    pointing = {
        key: [dict(row) for row in of] for key, of in data.stored["fft"]["pointing"].items()
    }
    pointing["airs"][1] |= {"bent_chance": 1e-6, "bent_ppm": 41.0}
    level, text = words(pointing_flux, fft(data, pointing=pointing))
    assert (level, "AIRS-CH0 against FGS1 column, 41 ppm" in text) == ("look", True)


def test_rough_bins_are_named(make_report: Make) -> None:
    data = make_report()
    found = words(smoothness_map, data)
    spiked = data.mu.copy()
    spiked[2, 100] += 20 * data.sigma[2, 100]
    settings = ResidualsConfig(false_alarm=0.01, neighbours=10, smooth_bins=31, rough_sigma=3.0)
    spectra = spectra_of(data.planet_ids, spiked, data.sigma, None, bin_wavelengths(), settings)
    level, text = words(smoothness_map, fft(data, spectra=spectra))
    assert found != (level, text)
    assert level == "look"
    assert "No truth is known" in drawn(spectral_residuals, fft(data, spectra=spectra)).note
    worst = drawn(smoothness_map, fft(data, spectra=spectra)).tables["rough_bins"][0]
    assert (worst["planet"], worst["bin"]) == (data.planet_ids[2], 100)


def test_doubts_are_told_with_what_they_cost(make_report: Make) -> None:
    data = make_report()
    assert words(doubted_planets, replace(data, doubted=[])) == (
        "good",
        "No planet was doubted: all 40 transit fits are trusted.",
    )
    wide = replace(data, sigma=np.where(np.arange(40)[:, None] == 7, 4 * data.sigma, data.sigma))
    visits = [DoubtedVisit(data.planet_ids[7], "v7", "<grazing>", alone=True)]
    body = drawn(doubted_planets, replace(wide, doubted=visits))
    row = body.tables["doubted"][0]
    usual = np.sqrt((np.delete(data.sigma, 7, axis=0) ** 2).mean(axis=1))
    own = 4 * np.sqrt((data.sigma[7] ** 2).mean())
    assert row["wider"] == pytest.approx(own / np.median(usual))
    assert row["cost_nat"] < 0
    assert body.verdict is not None
    assert "1 of 40" in body.verdict.text
    assert "&lt;grazing&gt;" in body.html
    many = [DoubtedVisit(name, name, "incomplete", alone=True) for name in data.planet_ids[:15]]
    assert words(doubted_planets, replace(data, doubted=many))[0] == "bad"


def test_a_planets_curves_have_transit_drift_and_shaded_contacts(make_report: Make) -> None:
    data = make_report()
    body = white_light.planet(context(data), 0)
    assert body is not None
    series = body.series["light-curves-airs"]
    figure = white_light.figure()
    assert {trace["meta"] for trace in figure["data"]} == set(series)
    light, drift, transit = (np.array(series[k]["y"]) for k in ("model", "drift", "transit"))
    np.testing.assert_allclose(light, transit * (1 + 1e-6 * drift), atol=3e-6)
    shaded = series["contacts"]
    assert shaded["x"][:2] == [-1.95, -1.55]
    assert shaded["x"][6:8] == [1.55, 1.95]
    assert max(y for y in shaded["y"] if y is not None) > max(series["light"]["y"])
    assert white_light.planet(context(data), 39) is None


def test_a_fit_of_an_earlier_version_has_no_drift_and_says_so(make_report: Make) -> None:
    data = make_report()
    old = {
        name: replace(curve, drift_fgs1=None, drift_airs=None, contacts=None)
        for name, curve in data.light_curves.items()
    }
    data = replace(data, light_curves=old)
    body = white_light.planet(context(data), 0)
    assert body is not None
    assert set(body.series["light-curves-fgs1"]) == {"light", "transit", "residual"}
    assert "spectramind features makes them anew" in drawn(white_light, data).note


def test_mean_images_are_logarithmic_and_masked_pixels_stand_out() -> None:
    mean = np.array([[1e7, 1e4, 10.0, -5.0, np.nan, 1e4]], np.float32)
    mask = np.array([[0, 1, 0, 0, 0, 2]], np.uint8)
    codes = visit_record.codes(PixelImages(mean, mask))
    np.testing.assert_array_equal(codes, [[254, 127, 0, 0, 0, 255]])
    held = visit_record.typed(codes)
    assert held["shape"] == "1, 6"
    assert list(b64decode(held["bdata"])) == codes.ravel().tolist()


def test_a_planets_kill_chain_is_a_table_and_four_images(make_report: Make) -> None:
    data = make_report()
    body = visit_record.planet(context(data), 1)
    assert body is not None
    assert set(body.series) == {"mean-fgs1", "mask-fgs1", "mean-airs", "mask-airs"}
    html = body.html["visit-record-table"]
    assert "non-linearity" in html
    assert "FGS1: 1 of 1,024 pixels masked (1 dead), 1 noisy ones used" in html
    assert visit_record.planet(context(data), 30) is None


def test_without_images_the_command_is_said(make_report: Make) -> None:
    data = make_report()
    log = replace(data.calibration[0], images=None, no_images="an <old> version")
    frameless = CalibrationLog("v2", problem="no frames", planet_id=log.planet_id)
    data = replace(data, calibration=[log, frameless])
    body = visit_record.planet(context(data), 0)
    assert body is not None
    assert not body.series
    html = body.html["visit-record-table"]
    assert "an &lt;old&gt; version. <code>spectramind calibrate</code>" in html
    assert "no frames" in html
    assert "1 of 1 visits have no images" in drawn(visit_record, data).note


def test_odd_records_are_rows_without_words() -> None:
    rows = step_rows(
        [
            {},
            {"step": "dark", "delta_stats": {"median_e_per_s": "much"}},
            {"step": "new", "t_ms": 2},
        ]
    )
    assert [row["found"] for row in rows] == [None, None, None]
    assert [row["step"] for row in rows] == ["", "dark current", "new"]
    assert rows[2]["time"] == 2.0


def test_images_keep_their_place_on_the_detector() -> None:
    airs, fgs1 = (visit_record.figure(d, "mean")["data"][0] for d in DETECTORS[::-1])
    assert (airs["x0"], fgs1["x0"]) == (39, 0)
    assert visit_record.figure(FGS1, "mask")["data"][0]["showscale"] is False
