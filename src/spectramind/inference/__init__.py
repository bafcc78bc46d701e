"""Checkpoint to raw predictions."""
