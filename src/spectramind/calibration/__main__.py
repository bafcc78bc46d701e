"""``python -m spectramind.calibration`` is ``spectramind calibrate``, with the same arguments."""

import subprocess
import sys

if __name__ == "__main__":
    # A process of its own: this room does not import the command line above it.
    command = [sys.executable, "-m", "spectramind", "calibrate", *sys.argv[1:]]
    sys.exit(subprocess.run(command, check=False).returncode)
