"""Spectra in the formats that astronomers exchange: ECSV, CSV, HDF5, FITS; written and read."""
