"""Encoders, fusion, decoders and the spectral prior."""
