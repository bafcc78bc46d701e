"""What the network does on this card: right, how fast, how much memory.

    python benchmarks/gpu.py [--out FILE] [--device cuda|cpu] [--seconds 300] [--small]

From a plain checkout: torch, NumPy and pydantic are all it needs; mamba_ssm is compared with, and
retrieval's spectra and networks are tried, where their packages are installed. Scan and graph
attention against their references, a training step of ``experiment=exp_baseline``, exact resume,
inference of 1,100 planets, batches of spectra. Prints a Markdown table and writes it to FILE. A
check that fails is a row with its error, and the others go on; the exit code is then 1. The checks
themselves are in ``gpu_checks.py`` and ``gpu_retrieval.py``.
"""

import argparse
import importlib
import importlib.util
import os
import sys
import time
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parent
NEEDED = ("torch", "numpy", "pydantic")
COLUMNS = ("check", "case", "error", "ms", "peak MB", "result")
# cuBLAS repeats a product to the bit only with a workspace of fixed size, set before it loads.
WORKSPACE = ("CUBLAS_WORKSPACE_CONFIG", ":4096:8")


def load_checks() -> ModuleType:
    """The checks, with the checkout's package importable; exits with one line if it cannot be."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        sys.exit(f"benchmarks/gpu.py needs {' and '.join(missing)}: pip install them first")
    os.environ.setdefault(*WORKSPACE)
    for folder in (HERE, HERE.parent / "src"):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    importlib.import_module("spectramind.run.threads").calm_threads()
    return importlib.import_module("gpu_checks")


def run(checks: ModuleType, device: str, small: bool, seconds: float) -> list[tuple[str, ...]]:
    """Rows of every check, those that failed and those there was no time for included."""
    end = time.monotonic() + seconds
    bench = checks.Bench(device, small)
    rows: list[tuple[str, ...]] = []
    for name, check in checks.CHECKS.items():
        if time.monotonic() > end:
            rows.append((name, "-", "-", "-", "-", f"left out: {seconds:.0f} s are over"))
            continue
        try:
            for row in check(bench):  # rows measured before an error stay
                rows.append((name, *row))
        except Exception as error:
            said = " ".join(f"{type(error).__name__}: {error}".split()).replace("|", "/")
            rows.append((name, "-", "-", "-", "-", f"FAILED: {said[:300]}"))
        bench.free()
        print(f"{name}: {seconds - (end - time.monotonic()):.0f} s", file=sys.stderr, flush=True)
    return rows


def table(title: str, rows: list[tuple[str, ...]]) -> str:
    """A Markdown table below its title."""
    lines = [title, "", f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows]) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Run, print, write; 1 if anything failed or lies outside its tolerance."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, help="where the table goes as well")
    parser.add_argument("--device", choices=("cuda", "cpu"), help="default: cuda if there is one")
    parser.add_argument("--seconds", type=float, default=300.0, help="start no check after so many")
    parser.add_argument("--small", action="store_true", help="tiny sizes; always so on a CPU")
    given = parser.parse_args(arguments)
    checks = load_checks()
    if given.device == "cuda" and not checks.cuda_works():
        sys.exit("--device cuda, but torch sees no GPU here: use --device cpu")
    device = given.device or ("cuda" if checks.cuda_works() else "cpu")
    small = given.small or device == "cpu"
    rows = run(checks, device, small, given.seconds)
    text = table(checks.title(device, small), rows)
    print(text)
    if given.out:
        given.out.write_text(text, encoding="utf-8")
    return int(any(row[-1].startswith(("FAILED", "OFF")) for row in rows))


if __name__ == "__main__":
    sys.exit(main())
