"""Typer commands: compose, freeze, call."""
