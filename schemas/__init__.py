"""JSON Schemas; a Python package only so that the wheel holds them, as spectramind/schemas."""
