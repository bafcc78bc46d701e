"""Limb darkening, transit light curves, atmospheres and their spectra."""
