"""From parameters to spectra: the function that retrieval fits.

The physics is ``physics.batch_model``, which equals the simulator's model where both can say the
same. Here parameters get their meaning: the radius at 10 bar from the star's, gravity from mass and
radius, the mean molecular weight from the composition, and the star's spots multiply the depth
(``physics.spots``).
"""

from collections.abc import Mapping
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectramind.config.retrieving import RetrievalConfig
from spectramind.errors import ConfigError
from spectramind.instrument.grid import bin_wavelengths
from spectramind.physics.astronomical import (
    JUPITER_GRAVITY_M_S2,
    JUPITER_RADIUS_M,
    SUN_RADIUS_M,
)
from spectramind.physics.atmosphere import HYDROGEN_SHARE
from spectramind.physics.bands import GASES
from spectramind.physics.batch_model import AtmosphereBatch, BatchModel
from spectramind.physics.layers import REFERENCE_PRESSURE_PA
from spectramind.physics.namespace import Namespace, numpy_namespace
from spectramind.physics.spots import brightness
from spectramind.physics.tabulated import TabulatedOpacity
from spectramind.retrieval.parameter_space import ParameterSpace, parameter_space
from spectramind.retrieval.spectrum_emulator import EmulatedModel, SpectrumEmulator

# Masses of molecules [u] (main isotopes' standard weights).
MOLECULE_WEIGHT_U = {"h2o": 18.015, "co2": 44.009, "co": 28.010, "ch4": 16.043, "nh3": 17.031}
REST_WEIGHT_U = HYDROGEN_SHARE * 2.016 + (1 - HYDROGEN_SHARE) * 4.0026


class ForwardModel:
    """Spectra of batches of parameters.

    Args:
        config: which atmosphere.
        opacity: files on the bins' channels (``opacity_of``); None: the project's band table.
        arrays: library and precision; None is NumPy in single precision (0.02 ppm from double),
            the fastest on a CPU. ``torch_arrays.torch_namespace``: for GPUs.

    Attributes:
        space: the parameters; ``space.free`` names the columns.

    Raises:
        ConfigError: a gas that may be there has no opacity file, or nothing is free.
    """

    def __init__(
        self,
        config: RetrievalConfig,
        opacity: TabulatedOpacity | None = None,
        arrays: Namespace | None = None,
    ) -> None:
        self.space: ParameterSpace = parameter_space(config)
        self._arrays = arrays or numpy_namespace(np.float32)
        self._exact = BatchModel(self._arrays, opacity)
        self._model: BatchModel | EmulatedModel = self._exact
        self._config = config
        self._wavelength = self._arrays.array(bin_wavelengths())
        missing = [gas for gas in config.gases if gas not in self._exact.gases]
        if missing:
            raise ConfigError(
                f"physics.opacity.path holds no {', '.join(missing)}: add a file, or leave them "
                "out of retrieval.gases"
            )

    def spectrum(self, parameters: Any, known: Mapping[str, ArrayLike] | None = None) -> Any:
        """Transit depths as they look, stars' limb darkening taken out.

        Args:
            parameters: (B, P), columns in the order of ``space.free``, in the units of
                ``config.retrieving.QUANTITIES``; an array of the chosen library, or NumPy's.
            known: values of ``space.from_table`` that are not free, numbers or (B,).

        Returns:
            (B, 283) depths (Rp/Rs)^2 on the project's bins, in the chosen library and precision;
            NaN in a row whose atmosphere cannot be (not bound within three radii, temperatures
            beyond the opacities', mole fractions that sum to more than 1): likelihood zero.
        """
        batch, spots = self.atmospheres(parameters, known)
        depth = self._model.depths(batch)
        return depth if spots is None else depth * spots

    def depths(self, parameters: Any, known: Mapping[str, ArrayLike] | None = None) -> NDArray[Any]:
        """``spectrum`` as NumPy's array, whatever computes it."""
        return self._arrays.plain(self.spectrum(parameters, known))

    def atmospheres(
        self, parameters: Any, known: Mapping[str, ArrayLike] | None = None
    ) -> tuple[AtmosphereBatch, Any]:
        """What ``spectrum`` computes spectra of, and the (B, 283) factor of spots, None if off."""
        value = self._values(parameters, known)
        return self._batch(value), self._spots(value)

    def emulated(self, emulator: SpectrumEmulator) -> "ForwardModel":
        """The same with a network in place of the exact depths."""
        other = copy(self)
        other._model = EmulatedModel(self._exact, emulator)
        return other

    def _values(self, parameters: Any, known: Mapping[str, ArrayLike] | None) -> dict[str, Any]:
        """Of every parameter in use, (B,)."""
        array = self._arrays.array
        columns = array(parameters)
        rows = len(columns)
        value: dict[str, Any] = {
            name: array(np.broadcast_to(np.asarray(given, dtype=np.float64), (rows,)))
            for name, given in (dict(self.space.fixed) | dict(known or {})).items()
        }
        value |= {name: columns[:, n] for n, name in enumerate(self.space.free)}
        absent = [name for name in self.space.from_table if name not in value]
        if absent:
            raise ValueError(f"known lacks {', '.join(absent)}")
        return value

    def _spots(self, value: Mapping[str, Any]) -> Any:
        if not self._config.spots:
            return None
        star, fraction = value["star_temperature_k"][:, None], value["spot_fraction"][:, None]
        cool = star - value["spot_contrast_k"][:, None]
        dark = 1 - brightness(self._arrays.xp, cool, star, self._wavelength)
        return 1 / (1 - fraction * dark)

    def _batch(self, value: Mapping[str, Any]) -> AtmosphereBatch:
        xp, config = self._arrays.xp, self._config
        ratio = value["radius_ratio"]
        nothing = 0 * ratio
        star_m = value["star_radius_rsun"] * SUN_RADIUS_M
        radius_m = ratio * star_m
        gravity = value["planet_mass_mjup"] / (radius_m / JUPITER_RADIUS_M) ** 2
        fractions = [
            10 ** value[f"log10_{gas}"] if gas in config.gases else nothing for gas in GASES
        ]
        if config.weight == "free":
            weight = value["mean_weight_u"]
        else:
            weight = REST_WEIGHT_U + sum(
                fraction * (MOLECULE_WEIGHT_U[gas] - REST_WEIGHT_U)
                for gas, fraction in zip(GASES, fractions, strict=True)
            )
        grey = None
        if config.temperature == "grey":
            grey = xp.stack([value["log10_kappa_cm2_g"], value["log10_gamma"]], -1)
        return AtmosphereBatch(
            temperature_K=value["temperature_k"],
            gravity_m_s2=JUPITER_GRAVITY_M_S2 * gravity,
            mean_molecular_weight=weight,
            planet_radius_m=radius_m,
            star_radius_m=star_m,
            fractions=xp.stack(fractions, -1),
            cloud_pressure_pa=10 ** value["cloud_log10_pa"]
            if config.clouds
            else nothing + REFERENCE_PRESSURE_PA,
            haze_factor=10 ** value["haze_log10"] if config.haze else nothing,
            haze_slope=value["haze_slope"] if config.haze else nothing,
            grey=grey,
        )
