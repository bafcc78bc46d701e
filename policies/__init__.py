"""Rego policies of what is handed in; they travel inside the package."""
