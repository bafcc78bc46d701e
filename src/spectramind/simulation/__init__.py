"""Synthetic planets to telemetry in the competition's layout."""
