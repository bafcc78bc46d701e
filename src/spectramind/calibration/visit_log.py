"""What the kill chain did to a visit: records for machines, a page for people."""

from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectramind.calibration.calibrated_curves import LightCurves
from spectramind.calibration.chain import Extracted
from spectramind.calibration.kernel.stream import Stream
from spectramind.calibration.step_records import Record, audit, step_record
from spectramind.calibration.steps.bad_pixels import Flag
from spectramind.calibration.steps.lost_exposures import BLANK_SHARE, STUCK_SHARE, WITNESSES
from spectramind.calibration.trace import describe_trace
from spectramind.config.calib import KillChainConfig
from spectramind.instrument.detectors import AIRS, AIRS_SCIENCE, FGS1

_DARKEST = 0.1  # quantile of the pixels taken for background


def visit_records(
    found: Extracted,
    wavelength_um: NDArray[np.float64],
    config: KillChainConfig,
) -> list[Record]:
    """Records of both detectors, in the order of the steps.

    Flags are set inside the kernel: ``bad_pixels`` has no time of its own, ``fused`` holds it.
    """
    records: list[Record] = []
    for detector, curves in found.curves.items():
        stream = found.streams[detector]
        log = audit(
            stream.sample[:, stream.ran],
            stream.pixels.take(stream.ran),
            stream.adc,
            stream.timing,
            config,
            (detector.height, -1),
        )
        log.insert(1, _bad_pixels(stream, config))
        log.insert(1, _lost(stream))
        if detector == AIRS:
            log.append(_trace(stream, wavelength_um, config))
        log += [_extraction(stream, curves, config), _pointing(curves, config)]
        unpaired = {"unpaired_reads": stream.signal.n_reads % 2}
        log += [
            step_record(step, stream.spent_ms[step], {"n_reads": stream.signal.n_reads}, unpaired)
            for step in ("decode", "fused")
        ]
        records += [{"detector": detector.kaggle, **record} for record in log]
    return records


def _bad_pixels(stream: Stream, config: KillChainConfig) -> Record:
    params = config.model_dump(
        mode="json",
        include={
            "saturation_counts",
            "hot_sigma",
            "hot_noise",
            "noisy_sigma",
            "cosmic_sigma",
            "persistence_sigma",
            "interpolation",
        },
    )
    size = stream.ran.sum() * stream.n_exposures
    samples = stream.counts[stream.ran].sum(axis=0)
    stats = {
        "by_cause": {
            str(flag.name).lower(): float(count / size)
            for flag, count in zip(Flag, samples, strict=True)
        },
        "mask_frac": float(stream.bad[stream.ran].mean()),
    }
    return step_record("bad_pixels", 0.0, params, stats)


def _lost(stream: Stream) -> Record:
    """Exposures that were dropped: how many of the file's, by kind, first and last by index."""
    params = {"witnesses": WITNESSES, "blank_share": BLANK_SHARE, "stuck_share": STUCK_SHARE}
    stats = {"exposures": len(stream.lost.lost), "lost": stream.lost.describe()}
    return step_record("lost_exposures", 0.0, params, stats)


def _extraction(stream: Stream, curves: LightCurves, config: KillChainConfig) -> Record:
    """Light caught, and the level of the darkest pixels: foreground and wings of the star."""
    good = stream.ran & ~stream.bad
    image = stream.mean[good]
    dark = image[image <= np.quantile(image, _DARKEST)] if image.size else np.zeros(1)
    whole = stream.mean[stream.ran].sum()
    flux = curves.native.flux
    star = flux[:, 0] if stream.detector == FGS1 else flux.sum(axis=1)
    stats = {
        "flux_e_per_s": float(star.mean() / stream.timing.integration_s),
        "throughput": float(image.sum() / whole) if whole > 0 else 0.0,
        "background_e_per_s": float(np.median(dark) / stream.timing.integration_s),
    }
    params = config.photometry.model_dump(mode="json") if stream.detector == FGS1 else {}
    return step_record("extraction", stream.spent_ms["extraction"], params, stats)


def _pointing(curves: LightCurves, config: KillChainConfig) -> Record:
    """Motion from exposure to exposure, and what it had done to the light curves."""
    steps = np.diff(curves.native.pointing, axis=0)
    fast = np.sqrt((steps**2).mean(axis=0) / 2) if len(steps) else np.zeros(3)
    stats = {
        "rms": np.std(curves.native.pointing, axis=0).tolist(),
        "jitter_rms": fast.tolist(),
        "removed_ppm": float(np.median(curves.removed_ppm)),
    }
    return step_record("pointing", curves.spent_ms, config.pointing.model_dump(mode="json"), stats)


def _trace(stream: Stream, wavelength_um: NDArray[np.float64], config: KillChainConfig) -> Record:
    start = perf_counter()
    image = np.where(stream.bad, 0.0, stream.mean).reshape(AIRS.height, AIRS.width)
    trace = describe_trace(image, wavelength_um, config.seams)
    return step_record("trace", 1e3 * (perf_counter() - start), {"seam": config.seams}, trace)


def trace_of(records: list[Record]) -> dict[str, Any]:
    """The contract's ``trace_meta`` out of a visit's records."""
    return next(record["delta_stats"] for record in records if record["step"] == "trace")


def _hatch(pattern: dict[str, Any]) -> str:
    if not pattern["found"]:
        return "not seen"
    return f"SEEN: {pattern['amplitude']:.2%} every {pattern['period_px']:.1f} px"


def _exposures(record: dict[str, Any]) -> str:
    lost = ", ".join(
        f"{one['count']} {kind} LOST (index {one['first']} to {one['last']})"
        for kind, one in record["lost"].items()
    )
    return f"{record['exposures']}, {lost or 'none lost'}"


def describe_visit(visit: str, records: list[Record]) -> str:
    """One page for people, from a visit's whole log."""
    found = {(r["detector"], r["step"]): r["delta_stats"] for r in records}
    total = next(r["t_ms"] for r in records if r["step"] == "visit")
    lines = [f"visit {visit}: calibrated in {total / 1e3:.2f} s"]
    for detector in (FGS1, AIRS):

        def of(step: str, name: str = detector.kaggle) -> dict[str, Any]:
            return dict(found[name, step])

        bad, flat, light, moved = (of(s) for s in ("bad_pixels", "flat", "extraction", "pointing"))
        causes = ", ".join(f"{k} {v:.4%}" for k, v in bad["by_cause"].items() if v > 0) or "none"
        lines += [
            "",
            detector.kaggle,
            f"  exposures                 {_exposures(of('lost_exposures'))}",
            f"  pixels masked for good    {bad['mask_frac']:.3%}",
            f"  flagged samples           {causes}",
            f"  linearity, bright pixels  {of('linearity')['median_correction_ppm']:+.0f} ppm",
            f"  dark level (median)       {of('dark')['median_e_per_s']:.4f} e/s",
            f"  flat spread               {flat['flat']['std']:.3%}, "
            f"cross-hatch {_hatch(flat['cross_hatch'])}",
            f"  light                     {light['flux_e_per_s']:.4g} e/s, "
            f"{light['throughput']:.2%} of it on good pixels",
            f"  background with wings     {light['background_e_per_s']:.3g} e/s a pixel",
            f"  jitter, exposure to exp.  {moved['jitter_rms'][0]:.4f} x "
            f"{moved['jitter_rms'][1]:.4f} px, {moved['removed_ppm']:.0f} ppm taken out",
        ]
    trace = found[AIRS.kaggle, "trace"]
    middle = (AIRS_SCIENCE.start + AIRS_SCIENCE.stop) // 2
    row, wavelength = (
        float(np.polynomial.polynomial.polyval(middle, coefficients))
        for coefficients in (trace["slit"]["row_of_column"], trace["dispersion"]["um_of_column"])
    )
    lines += [
        f"  trace                     row {row:.2f} at column {middle}, "
        f"straight to {trace['slit']['rms_px']:.3f} px",
        f"  dispersion                {wavelength:.4f} um at column {middle}, "
        f"rms {trace['dispersion']['rms_um']:.2g} um",
        f"  seams                     {trace['seam'] or 'none'}",
    ]
    return "\n".join(lines) + "\n"
