"""Readers of opacity files that users have; one module a layout, one type for what they give."""
