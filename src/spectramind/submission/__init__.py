"""Submission tables, their validation, manifest and zip."""
