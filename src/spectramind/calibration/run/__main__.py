"""``python -m spectramind.calibration.run --in DIR --out DIR`` is ``spectramind calibrate``."""

from spectramind.run.module_call import run_as_command

if __name__ == "__main__":
    run_as_command("calibrate", {"--in": "data.raw", "--out": "paths.calibrated"})
