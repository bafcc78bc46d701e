"""The panels of the report, one file each; a new file is found by itself and comes last.

A place of its own in the page is one line more, in ``ORDER``.
"""

from importlib import import_module
from pkgutil import iter_modules

from spectramind.diagnostics.panel import Panel
from spectramind.diagnostics.topics import TOPIC, TOPICS

ORDER = (
    "estimator_scores",
    "score_waterfall",
    "score_by_bin",
    "score_by_planet",
    "planet_table",
    "planet_spectra",
    "white_light",
    "doubted_planets",
    "residual_spectra",
    "noise_memory",
    "pointing_flux",
    "spectral_residuals",
    "smoothness_map",
    "errors_and_coverage",
    "reliability_curve",
    "z_parts",
    "pit_histogram",
    "sigma_by_group",
    "coverage_regions",
    "visit_repeats",
    "sharpness_beside_coverage",
    "worst_planets",
    "rules_broken",
    "violation_map",
    "influence_maps",
    "strangers",
    "planet_rules",
    "mu_sources",
    "planet_mu_parts",
    "sample_slopes",
    "drift_alarm_traits",
    "pca_map",
    "planet_neighbours",
    "umap_map",
    "tsne_map",
    "shap_summary",
    "shap_planets",
    "shap_rules",
    "network_gradients",
    "network_edges",
    "shap_of_planet",
    "atmosphere_table",
    "atmosphere_recovery",
    "planet_atmosphere",
    "loss_curves",
    "stage_timings",
    "report_versions",
    "config_scores",
    "ablation_forest",
    "conformal_bins",
    "kill_chain",
    "visit_record",
    "run_record",
)


def report_panels(topic: str = "") -> list[Panel]:
    """All panels, or those of a topic, in the page's order: by topic, then by ``ORDER``.

    Raises:
        TypeError: a file there holds no ``PANEL``, or one of no known topic.
    """
    there = sorted(module.name for module in iter_modules(__path__))
    names = [name for name in ORDER if name in there]
    names += [name for name in there if name not in ORDER]
    panels = [_panel(name) for name in names]
    return [
        panel
        for one in TOPICS
        for panel in panels
        if panel.topic == one.name == (topic or one.name)
    ]


def _panel(name: str) -> Panel:
    found = getattr(import_module(f"{__name__}.{name}"), "PANEL", None)
    if not isinstance(found, Panel):
        raise TypeError(f"{__name__}.{name} defines no PANEL, a diagnostics.panel.Panel")
    if found.topic not in TOPIC:
        raise TypeError(
            f"{__name__}.{name}: no topic {found.topic!r}: there are {', '.join(TOPIC)}"
        )
    return found
