"""AIRS extraction: the star's amplitude in each column, by least squares along the slit.

Each column of an exposure is modelled as A x profile + constant, where the profile is the visit's
mean image. Rows far from the trace hold starlight too, so the foreground is fitted, not read off
them: a mean image F p + B and an exposure (1 - d) F p + B give exactly A = 1 - d with the constant
d B, whatever the foreground B is. The weights are one over the visit's mean variance, the same for
all exposures: weights that followed each exposure's own noise would bias it (Horne 1986, PASP 98).
A pixel that is masked for good has weight zero, in the sums as in the profile.

Beside the flux each column gives its variance and how far its image moved and widened along the
slit: the amplitudes of the profile's first and second difference, fitted with profile and constant.
All are weighted sums over one column of one exposure, so a block of whole columns is enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FLUX, SLOPE, SHIFT, WIDTH = range(4)  # the forms of a column
_ROUNDING = 1e-20  # share of a column's power that is rounding, not contrast
_SINGULAR = 1e-9  # least share of a template's power that the others must leave unexplained


@dataclass(frozen=True)
class AirsForms:
    """The weighted sums that k whole columns are read by.

    Attributes:
        weights: (4, 32, k) of flux [e], variance slope [e], shift [px] and width [px^2].
        offset: (k,) variance of the flux [e^2] where the slope's sum is zero.
        information: (2, k) inverse variances of shift [px^-2] and width [px^-4]; zero in a column
            that tells nothing.
        image: (32, k) mean exposure [e].
        good: (32, k) pixels that are not masked for good.
    """

    weights: Array
    offset: Array
    information: Array
    image: Array
    good: NDArray[np.bool_]


@dataclass(frozen=True)
class AirsSeries:
    """A visit of AIRS.

    Attributes:
        flux, variance: (T, 356) [e], [e^2]; variance is infinite in a column that no pixel reads.
        pointing: (T, 3) shift along the slit and along the dispersion [px], width [px^2], each
            relative to the visit's mean image.
    """

    flux: Array
    variance: Array
    pointing: Array


def amplitude_weights(profile: Array, variance: Array, good: NDArray[np.bool_]) -> Array:
    """Weights w such that sum over rows of w x column is the least-squares amplitude A.

    Weighted normal equations of A x profile + constant, solved for A: with <.> the weighted mean,
    w = (1/V) (p - <p>) / sum (1/V) (p - <p>)^2. A column without contrast gets zeros, and so does
    every pixel that is not good.

    Args:
        profile, variance, good: (rows, columns).
    """
    inverse = np.where(good, 1.0 / np.where(good, variance, 1.0), 0.0)
    total = inverse.sum(axis=0)
    profile = np.where(good, profile, 0.0)
    contrast = profile - (inverse * profile).sum(axis=0) / np.where(total > 0, total, 1.0)
    power = (inverse * contrast**2).sum(axis=0)
    seen = power > _ROUNDING * (inverse * profile**2).sum(axis=0)
    return np.where(seen, inverse * contrast / np.where(seen, power, 1.0), 0.0)


def joint_weights(
    templates: Array, variance: Array, good: NDArray[np.bool_]
) -> tuple[Array, Array]:
    """Weights of the least-squares amplitudes of several templates and a constant, fitted together.

    Args:
        templates: (F, rows, columns).
        variance, good: (rows, columns).

    Returns:
        Weights (F, rows, columns) and the amplitudes' inverse variances (F, columns); both are zero
        in a column whose good pixels do not tell the templates apart.
    """
    inverse = np.where(good, 1.0 / np.where(good, variance, 1.0), 0.0)
    design = np.where(good, np.concatenate([templates, np.ones_like(templates[:1])]), 0.0)
    normal = np.einsum("fpc,pc,gpc->cfg", design, inverse, design)
    power = np.sqrt(np.einsum("cff->cf", normal))
    scale = np.where(power > 0, power, 1.0)
    correlation = normal / (scale[:, :, None] * scale[:, None, :])
    sound = (power > 0).all(axis=1)
    sound[sound] = np.linalg.eigvalsh(correlation[sound])[:, 0] > _SINGULAR
    solved = np.zeros_like(normal)
    solved[sound] = np.linalg.inv(correlation[sound])
    solved /= scale[:, :, None] * scale[:, None, :]
    weights = np.einsum("cfg,gpc->fpc", solved, design) * inverse
    spread = np.einsum("cff->fc", solved)
    information = np.where(spread > 0, 1.0 / np.where(spread > 0, spread, 1.0), 0.0)
    return weights[:-1], information[:-1]


def airs_forms(image: Array, variance: Array, flat: Array, bad: NDArray[np.bool_]) -> AirsForms:
    """The sums of k whole spectral columns.

    Args:
        image, variance: (32, k) mean exposure [e] and mean of its stated variance [e^2].
        flat: (32, k) relative response: a sample of S electrons more has S / flat more variance.
        bad: (32, k) pixels masked for good; their image may be anything, NaN included.
    """
    good = ~bad & np.isfinite(image) & (variance > 0)
    image, variance = np.where(good, image, 0.0), np.where(good, variance, 1.0)
    flux = amplitude_weights(image, variance, good) * image.sum(axis=0)
    slope = np.where(good, flux**2 / np.where(good, flat, 1.0), 0.0)
    offset = (flux**2 * variance).sum(axis=0) - (slope * image).sum(axis=0)

    first, second, seen = _differences(image, good)
    shape, information = joint_weights(np.stack([-first, second, image]), variance, seen)
    return AirsForms(
        np.stack([flux, slope, shape[0], shape[1]]), offset, information[:2], image, good
    )


def _differences(image: Array, good: NDArray[np.bool_]) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Central first and second differences along the rows, and where all they need is good.

    A source moved by y adds -y times the first, one widened by a variance w adds w / 2 times the
    second: so the second comes halved.
    """
    up, down = image[2:], image[:-2]
    first, second, seen = np.zeros_like(image), np.zeros_like(image), np.zeros_like(good)
    first[1:-1] = (up - down) / 2
    second[1:-1] = (up - 2 * image[1:-1] + down) / 2
    seen[1:-1] = good[2:] & good[1:-1] & good[:-2]
    return first, second, seen


def join(forms: Sequence[AirsForms]) -> AirsForms:
    """Forms of neighbouring blocks of columns, in order, as one."""
    return AirsForms(
        np.concatenate([f.weights for f in forms], axis=-1),
        np.concatenate([f.offset for f in forms]),
        np.concatenate([f.information for f in forms], axis=-1),
        np.concatenate([f.image for f in forms], axis=-1),
        np.concatenate([f.good for f in forms], axis=-1),
    )


def airs_series(sums: NDArray[np.floating], forms: AirsForms) -> AirsSeries:
    """Light curves and pointing of all columns.

    Args:
        sums: (4, T, 356) what the forms read in every exposure.
        forms: those of all 356 columns, see ``join``.
    """
    seen = forms.weights[FLUX].any(axis=0)
    flux = sums[FLUX].astype(np.float64)
    variance = np.where(seen, np.maximum(sums[SLOPE] + forms.offset, 0.0), np.inf)
    white = flux.sum(axis=1)
    typical = white.mean()
    light = np.where(white > 0, white, typical) / typical if typical > 0 else np.ones(len(white))
    along_slit = [
        _weighted(sums[form], information) / light
        for form, information in zip((SHIFT, WIDTH), forms.information, strict=True)
    ]
    dispersion = _dispersion_shift(flux, variance, forms)
    pointing = np.stack([along_slit[0], dispersion, along_slit[1]], axis=1)
    return AirsSeries(flux, variance, pointing - pointing.mean(axis=0))


def _weighted(values: NDArray[np.floating], information: Array) -> Array:
    """Mean over the columns (T, 356) by their inverse variances; zeros where nothing is known."""
    total = information.sum()
    return np.einsum("tc,c->t", values, information / total if total > 0 else information)


def spectrum_slope(forms: AirsForms) -> Array:
    """d ln F / d column of the mean spectrum, (356,), zero where it is dark.

    A column's masked pixels take the mean of the same row in the columns beside it, scaled by what
    the other rows say: the slope must be the star's, not the mask's.
    """
    image, good = forms.image, forms.good
    padded = np.pad(np.where(good, image, 0.0), ((0, 0), (1, 1)))
    trusted = np.pad(good, ((0, 0), (1, 1))).astype(np.float64)
    count = trusted[:, 2:] + trusted[:, :-2]
    beside = (padded[:, 2:] + padded[:, :-2]) / np.where(count > 0, count, 1.0)
    known = np.where(good & (count == 2), beside, 0.0)  # rows that column and neighbours see
    share = known.sum(axis=0)
    scale = (known > 0) * image
    scale = np.where(share > 0, scale.sum(axis=0) / np.where(share > 0, share, 1.0), 0.0)
    total = np.where(good, image, scale * beside).sum(axis=0)
    slope = np.zeros(len(total))
    lit = (total[2:] > 0) & (total[1:-1] > 0) & (total[:-2] > 0)
    slope[1:-1][lit] = (total[2:] - total[:-2])[lit] / (2 * total[1:-1][lit])
    return slope


def _dispersion_shift(flux: Array, variance: Array, forms: AirsForms) -> Array:
    """Shift along the dispersion, (T,) [px]: least squares of an exposure's relative spectrum.

    The model of flux / mean flux is A (1 - x d ln F / d column), with one A for all columns. A
    transit whose depth varies with the wavelength changes it a little: over hours, not exposures.
    """
    slope = spectrum_slope(forms)
    mean = flux.mean(axis=0)
    spread = np.where(np.isfinite(variance), variance, 0.0).mean(axis=0)
    lit = (mean > 0) & (spread > 0) & np.isfinite(variance).all(axis=0)
    weight = np.where(lit, mean**2 / np.where(lit, spread, 1.0), 0.0)
    total = weight.sum()
    relative = flux / np.where(lit, mean, 1.0) * lit
    contrast = slope - (weight * slope).sum() / (total if total > 0 else 1.0)
    power = (weight * contrast**2).sum()
    if power <= 0:
        return np.zeros(len(flux))
    amplitude = np.einsum("tc,c->t", relative, weight) / total
    moved = -np.einsum("tc,c->t", relative, weight * contrast) / power
    return np.asarray(moved / np.where(amplitude > 0, amplitude, 1.0))
