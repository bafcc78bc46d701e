"""``python -m spectramind``, and the console script."""

import sys
from typing import NoReturn

from spectramind.errors import ExitCode, memory_complaint, out_of_memory


def main() -> NoReturn:
    """Run; where the memory does not even hold the packages, say so in one line, too."""
    try:
        from spectramind.cli.main import main as run
    except (MemoryError, ImportError, OSError, RuntimeError, SystemError) as error:
        if not out_of_memory(error):
            raise
        print(f"spectramind: {memory_complaint(error)}", file=sys.stderr)
        sys.exit(int(ExitCode.RUNTIME_RISK))
    run()


if __name__ == "__main__":
    main()
