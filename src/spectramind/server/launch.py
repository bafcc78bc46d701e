"""``spectramind serve``: the address printed, the server started, the browser opened."""

import errno
import secrets
import socket
import webbrowser
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread

import uvicorn

from spectramind.errors import ConfigError
from spectramind.run.stopping import Stopped
from spectramind.server.application import build_app

HOST = "127.0.0.1"
_CLOSING_S = 2  # that streams have to end


def serve(folders: Sequence[Path], port: int, say: Callable[[str], None], browse: bool) -> None:
    """Serve until Ctrl-C.

    Args:
        folders: work folders. port: 0 for any that is free. say: takes the line with the address.
        browse: open it in the browser.

    Raises:
        ConfigError: the port is taken or may not be used.
    """
    listening = _listen(port)
    port = listening.getsockname()[1]
    token = secrets.token_urlsafe(24)
    address = f"http://{HOST}:{port}/?token={token}"
    config = uvicorn.Config(
        build_app(folders, token, port),
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        limit_concurrency=200,
        timeout_graceful_shutdown=_CLOSING_S,
    )
    server = uvicorn.Server(config)
    say(f"mission control of {_told(folders)}: {address} (Ctrl-C ends it)")
    if browse:
        # A browser of the terminal would hold the server up.
        Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    with suppress(KeyboardInterrupt):  # Ctrl-C is how it ends
        try:
            server.run(sockets=[listening])
        except Stopped as stop:
            raise SystemExit(stop.exit_code) from stop


def _told(folders: Sequence[Path]) -> str:
    return str(folders[0]) if len(folders) == 1 else f"{len(folders)} work folders"


def _listen(port: int) -> socket.socket:
    """A socket on this machine's own address that listens, so that a browser may come at once.

    Raises:
        ConfigError: the port is taken or may not be used.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        why = (
            "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        )
        raise ConfigError(
            f"port {port} of {HOST} {why}: name another with --port, or --port 0 for any free one"
        ) from error
    return listening
