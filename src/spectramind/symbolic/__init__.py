"""Differentiable physics rules, one file a rule."""
