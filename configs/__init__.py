"""The Hydra tree; a Python package only so that the wheel holds it, as spectramind/configs."""
