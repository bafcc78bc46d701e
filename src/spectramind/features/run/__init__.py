"""``python -m spectramind.features.run``: another name of ``spectramind features``."""
