"""``python -m spectramind.features.run --in DIR --out DIR`` is ``spectramind features``."""

from spectramind.run.module_call import run_as_command

if __name__ == "__main__":
    run_as_command("features", {"--in": "paths.calibrated", "--out": "paths.features"})
