"""``python -m spectramind``."""

from spectramind.cli.main import main

if __name__ == "__main__":
    main()
