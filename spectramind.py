"""Run the package from a checkout: ``python spectramind.py train experiment=demo``.

A file named like the package shadows it for every Python started beside it. So this one steps
aside: it puts ``src`` first on the path and becomes the package, whether run or imported.
"""

import importlib
import runpy
import sys
from pathlib import Path

_SRC = str(Path(__file__).resolve().parent / "src")
if sys.path[:1] != [_SRC]:
    sys.path.insert(0, _SRC)

if __name__ == "__main__":
    # Not a plain call: `__main__` becomes the package's own, which spawned workers never re-run.
    runpy.run_module("spectramind", run_name="__main__", alter_sys=True)
elif __name__ == "spectramind":
    del sys.modules[__name__]
    importlib.import_module(__name__)
