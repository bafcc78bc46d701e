"""Temperatures of an irradiated grey atmosphere: three parameters and the heat from within.

Guillot (2010, A&A 520, A27), equation 29 averaged over the planet (f = 1/4), with tau = kappa P / g
the infrared optical depth and gamma the visible over the infrared opacity:

    T^4 = 3/4 T_int^4 (2/3 + tau)
        + 3/4 T_eq^4 (2/3 + 1/(sqrt 3 gamma) + (gamma - 1/gamma)/sqrt 3 e^(-sqrt 3 gamma tau))

gamma below 1: warmer below; above 1: an inversion.
"""

from typing import Any

INTERNAL_K = 100.0  # gas giants of some Gyr; at the pressures that transits see it is lost in T_eq
_ROOT3 = 3**0.5
_LARGEST_EXPONENT = 80.0
_CM2_A_GRAM = 0.1  # in m2 per kg


def grey_temperature(
    xp: Any,
    log_pressure: Any,
    gravity_m_s2: Any,
    equilibrium_K: Any,
    log10_kappa: Any,
    log10_gamma: Any,
) -> Any:
    """Temperature [K] at each pressure.

    Args:
        xp: array library.
        log_pressure: (B, L) ln of pressures [Pa].
        gravity_m_s2: (B, 1). equilibrium_K: (B, 1) of a planet that spreads its heat.
        log10_kappa: (B, 1) infrared opacity [cm2 per gram]. log10_gamma: (B, 1).

    Returns:
        (B, L).
    """
    kappa = _CM2_A_GRAM * 10**log10_kappa
    gamma = 10**log10_gamma
    tau = kappa * xp.exp(log_pressure) / gravity_m_s2
    faded = xp.exp(-xp.clip(gamma * tau * _ROOT3, 0.0, _LARGEST_EXPONENT))
    bracket = 2 / 3 + 1 / (gamma * _ROOT3) + (gamma - 1 / gamma) / _ROOT3 * faded
    # In units of 1000 K: the fourth power of kelvins is large for single precision's sums.
    within = 0.75 * (INTERNAL_K / 1000) ** 4 * (2 / 3 + tau)
    outer = 0.75 * (equilibrium_K / 1000) ** 4 * bracket
    return 1000 * (within + outer) ** 0.25
