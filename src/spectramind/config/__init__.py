"""Typed configuration: composition, overrides, hash."""
