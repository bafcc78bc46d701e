"""What visits have in common: how far orbits and limb darkening stray from what is expected.

The star table and the grey atmosphere are wrong in ways that all planets share and by amounts that
differ from planet to planet. Both are learnt from light curves alone, no label needed: offsets g
of a visit are drawn from N(mean, covariance), its light curves say g only within errors, and
expectation-maximisation finds mean and covariance (empirical Bayes; Dempster, Laird & Rubin 1977).
How often light curves show noise with memory and drifts of which kind is learnt alike.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectramind.config.base import digest
from spectramind.config.fit import FitConfig
from spectramind.errors import SchemaError
from spectramind.features.drift import even_shares_of_drifts
from spectramind.features.memory_noise import even_shares
from spectramind.run.atomic import write_json

Array = NDArray[np.float64]
# Offsets from the star table and the grey atmosphere.
OFFSETS = (
    *("log_a", "b", "u1_fgs1", "u2_fgs1", "u1_airs", "u2_airs"),
    *("u1_slope", "u2_slope", "u1_bend", "u2_bend"),
)
# Those that white light knows of, how limb darkening strays from the expected, and how over AIRS.
WHITE = slice(0, OFFSETS.index("u1_slope"))
LIMB = slice(OFFSETS.index("u1_fgs1"), OFFSETS.index("u1_slope"))
COLOUR = slice(OFFSETS.index("u1_slope"), len(OFFSETS))
_ROUNDS = 1000
_CLIP = 26.7  # squared distance beyond which a visit counts less: ten offsets, 0.3 % chance


@dataclass(frozen=True)
class Seen:
    """What one visit says, fitted with some population as prior.

    Attributes:
        mean: (10,) posterior mean of the offsets; covariance: (10, 10).
        shares: posterior ones of what was tried, as in ``Population``.
    """

    mean: Array
    covariance: Array
    shares: tuple[Array, ...]

    def told(self) -> dict[str, Any]:
        """As plain lists."""
        return _lists(self)

    @classmethod
    def read(cls, told: dict[str, Any]) -> "Seen":
        """From plain lists."""
        shares = tuple(np.array(tried) for tried in told["shares"])
        return cls(np.array(told["mean"]), np.array(told["covariance"]), shares)


@dataclass(frozen=True)
class Population:
    """Distribution over visits of the offsets, of noise with memory and of drifts.

    Attributes:
        mean: (10,) in the order of ``OFFSETS``; covariance: (10, 10).
        shares: of what is tried for each source of noise with memory (FGS1, level, slope, ... and
            motion of AIRS), none at all first, then of the drifts and of the ramps.
        visits: how many light curves it was learnt from.
        taught_by: the split they are of, empty when there were none.
    """

    mean: Array
    covariance: Array
    shares: tuple[Array, ...]
    visits: int
    taught_by: str = ""

    @property
    def digest(self) -> str:
        """Tells populations apart."""
        return digest(_lists(self))

    def save(self, path: Path, made_with: str) -> None:
        """Write as JSON, with the digest of what it was learnt from."""
        write_json(
            path,
            {
                "offsets": OFFSETS,
                **_lists(self),
                "visits": self.visits,
                "taught_by": self.taught_by,
                "digest": made_with,
            },
        )

    @classmethod
    def load(cls, path: Path, made_with: str) -> "Population | None":
        """Read it back; None where there is none, or it was learnt from something else.

        Args:
            made_with: digest of what it should have been learnt from.

        Raises:
            SchemaError: not such a file.
        """
        raw = _raw(path)
        return None if raw is None or raw.get("digest") != made_with else cls._read(raw, path)

    @classmethod
    def known(cls, path: Path, config: FitConfig) -> "Population | None":
        """What was learnt last, from whatever it was; None where nothing was.

        Raises:
            SchemaError: not such a file, or other noise with memory was tried for it.
        """
        raw = _raw(path)
        if raw is None:
            return None
        found = cls._read(raw, path)
        if [len(tried) for tried in found.shares] != [
            len(tried) for tried in expected(config).shares
        ]:
            raise SchemaError(
                f"{path} was learnt with other fit.red_ppm, fit.motion_px, fit.memory_h, "
                "fit.drift_shares or fit.drift_wavelength_order: give those, or repeat "
                "`spectramind features`"
            )
        return found

    @classmethod
    def _read(cls, raw: dict[str, Any], path: Path) -> "Population":
        try:
            return cls(
                np.array(raw["mean"]),
                np.array(raw["covariance"]),
                tuple(np.array(tried) for tried in raw["shares"]),
                int(raw["visits"]),
                str(raw["taught_by"]),
            )
        except (ValueError, LookupError, TypeError) as error:
            raise _not_ours(path) from error

    def describe(self) -> str:
        """One line for people."""
        spread = np.sqrt(np.diag(self.covariance))
        told = zip(OFFSETS, self.mean, spread, strict=True)
        offsets = ", ".join(f"{name} {mean:+.3f} ± {width:.3f}" for name, mean, width in told)
        if not self.visits:
            return "orbits and limb darkening: as expected, no visit to learn from"
        split = f" {self.taught_by}" if self.taught_by else ""
        still = ", ".join(f"{shares[0]:.0%}" for shares in self.shares[:-2])
        return (
            f"orbits and limb darkening, offsets learnt from {self.visits}{split} visits: "
            f"{offsets}; visits without noise with memory (FGS1, AIRS, last its motion): {still}"
        )


def _lists(one: Seen | Population) -> dict[str, Any]:
    return {
        "mean": one.mean.tolist(),
        "covariance": one.covariance.tolist(),
        "shares": [tried.tolist() for tried in one.shares],
    }


def _raw(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _not_ours(path) from error
    if not isinstance(raw, dict):
        raise _not_ours(path)
    return raw


def _not_ours(path: Path) -> SchemaError:
    return SchemaError(
        f"{path} is not what `spectramind features` writes: delete it and repeat that"
    )


def expected(config: FitConfig) -> Population:
    """What is expected before any light curve is seen."""
    orbit = [config.log_a_sigma, config.impact_sigma]
    width = np.array([*orbit, *[config.limb_sigma] * 4, *[config.limb_colour_sigma] * 4])
    count = config.drift_wavelength_order + 2
    tried = [config.red_ppm] * count + [config.motion_px]
    memory = [even_shares(deviations, config.memory_h) for deviations in tried]
    shares = (*memory, *even_shares_of_drifts(config))
    return Population(np.zeros(len(OFFSETS)), np.diag(width**2), shares, 0)


def learn(found: Sequence[Seen], before: Population, strength: float) -> Population:
    """Learn the population from visits that were fitted with another one as prior.

    Args:
        found: what each visit says.
        before: the prior of these fits; what is learnt is drawn towards it.
        strength: how many visits it counts as.
    """
    if not found:
        return before
    own = np.linalg.inv(before.covariance)
    precision = np.array([np.linalg.inv(visit.covariance) - own for visit in found])
    right = np.array(
        [np.linalg.solve(visit.covariance, visit.mean) - own @ before.mean for visit in found]
    )
    mean, covariance = before.mean, before.covariance
    for _ in range(_ROUNDS):
        inner = np.linalg.inv(covariance)
        spread = np.linalg.inv(precision + inner)
        centre = np.einsum("nab,nb->na", spread, right + inner @ mean)
        distance = np.einsum("na,ab,nb->n", centre - mean, inner, centre - mean)
        weight = np.minimum(1.0, _CLIP / np.maximum(distance, _CLIP))
        total = weight.sum() + strength
        mean = (weight @ centre + strength * before.mean) / total
        off = centre - mean
        scatter = np.einsum("n,nab->ab", weight, spread + off[:, :, None] * off[:, None, :])
        pull = before.covariance + np.outer(before.mean - mean, before.mean - mean)
        covariance = (scatter + strength * pull) / total
    shares = tuple(
        _shares(np.array([visit.shares[which] for visit in found]), tried, strength)
        for which, tried in enumerate(before.shares)
    )
    return Population(mean, covariance, shares, len(found))


def _shares(posterior: Array, before: Array, strength: float) -> Array:
    """Shares (N,) over visits, from each one's posterior (V, N) with the shares ``before``."""
    likelihood, shares = posterior / before, before
    for _ in range(_ROUNDS):
        weight = shares * likelihood
        weight /= weight.sum(axis=1, keepdims=True)
        shares = (weight.sum(axis=0) + strength * before) / (len(posterior) + strength)
    return shares
