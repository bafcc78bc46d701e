"""The built front end: files below ``static``, and its page for every other address."""

from pathlib import Path

from starlette.responses import FileResponse, PlainTextResponse, Response

from spectramind.server.refusals import NotThereError

STATIC = Path(__file__).parent / "static"
_ASSETS = "assets"  # their names hold a digest of their content
_TYPES = {  # of the machine's own table nothing must depend
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".woff2": "font/woff2",
}
_NOT_BUILT = (
    "The front end was not built: run `make web` in the checkout, then load this page again.\n"
)


def built_page(address: str, root: Path) -> Response:
    """The file of an address without its first slash, or the page, whose own router goes on.

    Raises:
        NotThereError: an asset that is not there.
    """
    path = file_at(address, root)
    if path is not None:
        kept = "private, max-age=31536000, immutable" if _is_asset(address) else "no-cache"
        return FileResponse(path, media_type=_TYPES[path.suffix], headers={"cache-control": kept})
    if _is_asset(address):
        raise NotThereError("no such file of the front end: load the page again")
    page = file_at("index.html", root)
    if page is None:
        return PlainTextResponse(_NOT_BUILT, 503 if address else 200)
    return FileResponse(page, media_type="text/html", headers={"cache-control": "no-cache"})


def _is_asset(address: str) -> bool:
    return address.partition("/")[0] == _ASSETS


def file_at(address: str, root: Path) -> Path | None:
    """A regular file below the folder, of a kind that a front end is built of; else None."""
    try:
        home = root.resolve(strict=True)
        path = (home / address).resolve(strict=True)
    except (OSError, ValueError):
        return None
    inside = path.is_relative_to(home) and path.is_file() and path.suffix in _TYPES
    return path if inside else None
