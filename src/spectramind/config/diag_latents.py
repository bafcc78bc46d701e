"""Settings of the maps of planets."""

from pydantic import Field

from spectramind.config.base import Section


class LatentsConfig(Section):
    """What every map of planets says beside its points.

    Attributes:
        nearest: labelled planets whose mean distance tells whether a planet lies outside, and
            neighbours that a planet's page names.
        quantile: share of the labelled planets that lies within the limit.
    """

    nearest: int = Field(ge=1, le=50)
    quantile: float = Field(ge=0.5, lt=1)


class PcaConfig(LatentsConfig):
    """Principal axes.

    Attributes:
        axes: how many are described.
        loadings: quantities named of each.
    """

    axes: int = Field(ge=2, le=20)
    loadings: int = Field(ge=1, le=20)


class UmapConfig(LatentsConfig):
    """UMAP.

    Attributes:
        n_neighbors: whose distances are kept; few show small groups, many the whole.
        min_dist: how near points may lie to one another.
        seed: of its random numbers.
    """

    n_neighbors: int = Field(ge=2, le=200)
    min_dist: float = Field(ge=0, le=0.99)
    seed: int = Field(ge=0, lt=2**32)


class TsneConfig(LatentsConfig):
    """t-SNE, which begins at the principal axes and draws no random number.

    Attributes:
        perplexity: about how many neighbours a planet has.
    """

    perplexity: float = Field(ge=2, le=200)
