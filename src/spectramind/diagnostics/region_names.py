"""What people call the regions of a spectrum."""

from spectramind.evaluation.spectral_regions import BETWEEN, FGS1_REGION

_NAMES = {
    FGS1_REGION: "FGS1",
    "h2o": "H₂O",
    "co2": "CO₂",
    "ch4": "CH₄",
    "co": "CO",
    "nh3": "NH₃",
    BETWEEN: "elsewhere",
}


def region_name(region: str) -> str:
    """Of one of ``spectral_regions``."""
    return _NAMES.get(region, region)
