"""Settings of the report page."""

from pathlib import Path

from pydantic import Field

from spectramind.config.base import Section
from spectramind.config.diag_fft import ResidualsConfig
from spectramind.config.diag_latents import PcaConfig, TsneConfig, UmapConfig


class HtmlConfig(Section):
    """Where the page is written.

    Attributes:
        open: whether the browser opens it at the end.
        out: the file; ``{N}`` in its name becomes the number after the last that is there.
    """

    open: bool
    out: Path


class ExplainConfig(Section):
    """What made every mu.

    Attributes:
        sample_planets: planets whose light curves are fitted again, about half a second each, to
            tell which samples made their depths; they are spread evenly over those predicted.
    """

    sample_planets: int = Field(ge=0, le=2000)


class ShapConfig(Section):
    """What moves mu and sigma (``diagnose shap``).

    Attributes:
        planets: how many are explained; of more a sample is drawn.
        background: planets that each of them exchanges inputs with.
        evaluations: sets of exchanged inputs that are tried a planet, each with all background
            planets; a permutation of the inputs takes 25 of them, 31 where a network was kept.
        seed: of planets, background and permutations.
        network_planets: of these, how many the network's own part is explained for.
        path_steps: points on the path of integrated gradients.
        edge_epochs: of the explainer that learns which edges the network needs.
    """

    planets: int = Field(ge=1, le=2000)
    background: int = Field(ge=1, le=100)
    evaluations: int = Field(ge=31, le=100_000)
    seed: int = Field(ge=0, lt=2**32)
    network_planets: int = Field(ge=1, le=500)
    path_steps: int = Field(ge=4, le=1000)
    edge_epochs: int = Field(ge=5, le=2000)


class DashboardConfig(Section):
    """The report page.

    Attributes:
        html: the file.
        max_planets: planets that get a page of their own (the statistics always use all of them).
        worst_planets: rows of the table of worst planets; these are always among the former.
        light_curve_points: samples a light curve is binned to before it is embedded.
        line_list: HITRAN's ``.par`` file whose lines stand as sticks below spectra; null: none.
        fft: spectra of residuals.
        explain: what made every mu.
        pca, umap, tsne: the maps of planets.
        shap: what moves mu and sigma.
    """

    html: HtmlConfig
    max_planets: int = Field(ge=1, le=2000)
    worst_planets: int = Field(ge=1, le=200)
    light_curve_points: int = Field(ge=20, le=5000)
    line_list: Path | None
    fft: ResidualsConfig
    explain: ExplainConfig
    pca: PcaConfig
    umap: UmapConfig
    tsne: TsneConfig
    shap: ShapConfig
