"""``python -m spectramind.calibration`` is ``spectramind calibrate``, with the same arguments."""

from spectramind.run.module_call import run_as_command

if __name__ == "__main__":
    run_as_command("calibrate", {})
