"""The kill chain's records in words: one row a step."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Stats = Mapping[str, Any]


def step_rows(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Detector, step, what it found and its time [ms]; a step without words of its own has none.

    Records of an odd form are rows without words.
    """
    rows = []
    for record in records:
        name, stats = str(record.get("step", "")), record.get("delta_stats")
        title, words = _STEPS.get(name, (name, _nothing))
        try:
            found = words(stats) if isinstance(stats, Mapping) else None
        except (LookupError, TypeError, ValueError, AttributeError):
            found = None
        time = record.get("t_ms")
        rows.append(
            {
                "detector": str(record.get("detector", "")),
                "step": title,
                "found": found,
                "time": float(time) if isinstance(time, (int, float)) else None,
            }
        )
    return rows


def _nothing(stats: Stats) -> str | None:
    return None


def _lost(stats: Stats) -> str:
    lost = ", ".join(
        f"{one['count']} {kind} lost (number {one['first']} to {one['last']})"
        for kind, one in stats["lost"].items()
    )
    return f"{stats['exposures']} exposures, {lost or 'none lost'}"


def _bad_pixels(stats: Stats) -> str:
    causes = ", ".join(
        f"{kind.replace('_', ' ')} {share:.3%}"
        for kind, share in stats["by_cause"].items()
        if share > 0
    )
    return (
        f"{stats['mask_frac']:.3%} of pixels masked for good; samples flagged: {causes or 'none'}"
    )


def _dark(stats: Stats) -> str:
    return f"median {stats['median_e_per_s']:.4f} e/s, largest {stats['largest_e_per_s']:.3g} e/s"


def _cds(stats: Stats) -> str:
    terms = ", ".join(f"{name} {value:,.0f}" for name, value in stats["median_variance"].items())
    return f"variance of a pixel (median) [e²]: {terms}"


def _flat(stats: Stats) -> str:
    hatch = stats["cross_hatch"]
    seen = (
        f"cross-hatch of {hatch['amplitude']:.2%} every {hatch['period_px']:.1f} px"
        if hatch["found"]
        else "no cross-hatch seen"
    )
    return f"pixels differ by {stats['flat']['std']:.2%}, {seen}"


def _trace(stats: Stats) -> str:
    return f"straight to {stats['slit']['rms_px']:.3f} px"


def _extraction(stats: Stats) -> str:
    return (
        f"{stats['flux_e_per_s']:.4g} e/s of star, {stats['throughput']:.2%} of the light on good "
        f"pixels, background {stats['background_e_per_s']:.3g} e/s a pixel"
    )


def _pointing(stats: Stats) -> str:
    rows, columns = stats["jitter_rms"][:2]
    return (
        f"jitter {rows:.4f} × {columns:.4f} px from exposure to exposure, "
        f"{stats['removed_ppm']:.0f} ppm taken out"
    )


_STEPS: dict[str, tuple[str, Callable[[Stats], str | None]]] = {
    "visit": ("whole visit", _nothing),
    "adc": ("counts to electrons", lambda s: f"mean read {s['after']['mean']:,.0f} e"),
    "lost_exposures": ("lost exposures", _lost),
    "bad_pixels": ("bad pixels", _bad_pixels),
    "linearity": (
        "non-linearity",
        lambda s: f"bright pixels {s['median_correction_ppm']:+,.0f} ppm",
    ),
    "dark": ("dark current", _dark),
    "cds": ("end read less start read", _cds),
    "flat": ("flat field", _flat),
    "trace": ("trace", _trace),
    "extraction": ("extraction", _extraction),
    "pointing": ("pointing", _pointing),
    "decode": ("decoding the files", _nothing),
    "fused": ("all steps of a pixel", _nothing),
}
