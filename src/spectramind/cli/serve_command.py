"""``spectramind serve``: mission control over the work folders of this machine."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

# Without --work: work folders that lie where the chain's own examples put theirs.
_USUAL = "runs"


def serve(
    work: Annotated[
        list[Path] | None,
        typer.Option(
            "--work",
            metavar="FOLDER",
            help="A work folder, may be given several times; without it those below runs/ and "
            "this folder, where commands ran.",
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Of 127.0.0.1; 0 for any free one.")
    ] = 8765,
    browse: Annotated[
        bool, typer.Option("--open", help="Open the address in the browser.")
    ] = False,
) -> None:
    """Show work folders in the browser, live; nothing is written (extra server)."""
    from spectramind.errors import ConfigError
    from spectramind.run.progress import say

    missing = [name for name in ("fastapi", "uvicorn") if find_spec(name) is None]
    if missing:
        raise ConfigError(f"serve needs {' and '.join(missing)}: pip install 'spectramind[server]'")
    from spectramind.server.launch import serve as serve_folders

    serve_folders(_folders(work or []), port, say, browse)


def _folders(named: list[Path]) -> list[Path]:
    from spectramind.contracts.work_folder import RecordFolder
    from spectramind.errors import ConfigError
    from spectramind.run.progress import say

    for folder in named:
        if folder.exists() and not folder.is_dir():
            raise ConfigError(f"--work {folder} is a file: name the work folder of a run")
        if not folder.exists():
            say(f"{folder} is not there yet: it is shown as soon as a command works in it")
    if named:
        return named
    usual = sorted(path for path in Path(_USUAL).glob("*") if path.is_dir())
    found = [folder for folder in (*usual, Path()) if RecordFolder(folder).events.is_file()]
    if not found:
        raise ConfigError(
            f"no command ran below {_USUAL}/ or in this folder: name a work folder with --work"
        )
    return found
