"""The topics of ``spectramind diagnose``: each a chapter of the report, each to be had alone."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """A chapter of the report.

    Attributes:
        name: as in ``spectramind diagnose NAME``.
        title: its heading.
        says: what it shows, as ``--help`` puts it.
    """

    name: str
    title: str
    says: str


TOPICS = (
    Topic("overview", "How good is it", "Score beside references, worst planets."),
    Topic("gll", "What the score is made of", "What each bin, detector and planet costs."),
    Topic("coverage", "Can σ be believed", "Coverage, z and PIT, by bin, region and planet."),
    Topic("lightcurves", "Light curves", "Every planet's light curves, transit and drift."),
    Topic("fft", "What the fit leaves", "Spectra and memory of residuals, with a verdict."),
    Topic("symbolic", "Symbolic rules", "Rules broken, by planet and by bin."),
    Topic("drift", "Are these planets like the labels", "New planets beside the labelled ones."),
    Topic("pca", "Latents: PCA", "Latents and features on their principal axes."),
    Topic("umap", "Latents: UMAP", "The same by UMAP."),
    Topic("tsne", "Latents: t-SNE", "The same by t-SNE."),
    Topic("shap", "What moves μ and σ", "Shapley values of μ and σ by bands and inputs."),
    Topic("explain", "Why this μ", "What made each bin's μ: data, prior, network."),
    Topic("retrieval", "What the atmosphere is", "Posteriors over atmospheres, planet by planet."),
    Topic("runs", "How it was made", "Training, timings, kill chain, run record."),
)
TOPIC = {topic.name: topic for topic in TOPICS}
