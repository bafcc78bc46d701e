"""``python -m spectramind.calibration.run``: another name of ``spectramind calibrate``."""
