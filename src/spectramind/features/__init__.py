"""Calibrated cubes to light curves, transit fit, depths and their covariance."""
