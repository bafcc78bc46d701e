"""Who may ask the server, how, and for which addresses: each way around is tried."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spectramind.server.guard import POLICY

TOKEN = "a-token-for-tests"


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built front end, with links that lead out of it."""
    home = tmp_path_factory.mktemp("front") / "static"
    (home / "assets").mkdir(parents=True)
    (home / "index.html").write_text("<!doctype html><title>page</title>")
    (home / "assets" / "app-1a2b.js").write_text("console.log(1)")
    (home / "secret.key").write_text("not of a kind that is served")
    outside = home.parent / "outside.txt"
    outside.write_text("secret")
    (home / "assets" / "link.txt").symlink_to(outside)
    (home / "linked").symlink_to(home.parent, target_is_directory=True)
    return home


@pytest.fixture(scope="module")
def guarded(serving: Callable[..., object], predicted: Path, static: Path) -> object:
    return serving([predicted], static)


def stranger(client: Any) -> Any:
    return type(client)(client.port, "")


@pytest.mark.parametrize("path", ["/", "/api/runs", "/api/folders", "/assets/app-1a2b.js", "/x"])
def test_nobody_without_the_token_sees_anything(guarded: Any, path: str) -> None:
    for cookie in ("", f"spectramind-{guarded.port}=wrong", f"spectramind-{guarded.port}="):
        answer = type(guarded)(guarded.port, cookie).ask(path)
        assert answer.status == 401
        assert "spectramind serve" in answer.detail


def test_the_token_of_the_address_becomes_a_cookie_and_leaves_the_address(guarded: Any) -> None:
    answer = stranger(guarded).ask(f"/folder/predicted?a=1&token={TOKEN}&b=x%20y")
    assert answer.status == 303
    assert answer.headers["location"] == "/folder/predicted?a=1&b=x+y"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"spectramind-{guarded.port}={TOKEN};")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {p.strip() for p in cookie.split(";")}
    assert type(guarded)(guarded.port, cookie.partition(";")[0]).ask("/api/runs").status == 200


@pytest.mark.parametrize(
    "token", ["", "wrong", "a-token-for-test", "a-token-for-tests2", "é", "%00"]
)
def test_a_wrong_token_is_none(guarded: Any, token: str) -> None:
    assert (
        stranger(guarded).ask(f"/?token={token.encode().hex() if token == 'é' else token}").status
        == 401
    )
    assert "set-cookie" not in stranger(guarded).ask("/?token=%C3%A9").headers


def test_an_old_token_beside_the_cookie_is_only_dropped(
    guarded: Any,
) -> None:
    answer = guarded.ask("/runs?token=old")
    assert (answer.status, answer.headers["location"]) == (303, "/runs")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:80", "", "[::1]"]
)
def test_other_names_are_refused(guarded: Any, host: str) -> None:
    assert guarded.ask("/api/runs", host=host).status == 400


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]", "LOCALHOST"])
def test_its_own_names_are_answered(guarded: Any, name: str) -> None:
    assert guarded.ask("/api/runs", host=f"{name}:{guarded.port}").status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get"])
def test_it_only_shows(guarded: Any, method: str) -> None:
    for path in ("/api/runs", "/", "/api/changes"):
        answer = guarded.ask(path, method)
        assert answer.status == 405
        assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/", "/api/runs", "/assets/app-1a2b.js", "/api/changes"])
def test_head_is_get_without_its_body(guarded: Any, path: str) -> None:
    head = guarded.ask(path, "HEAD")
    assert (head.status, head.body) == (200, b"")
    if path != "/api/changes":
        whole = guarded.ask(path)
        assert head.headers["content-type"] == whole.headers["content-type"]
        assert int(head.headers["content-length"]) == len(whole.body)


@pytest.mark.parametrize(
    "path", ["/", "/assets/app-1a2b.js", "/api/runs", "/api/nothing", "/api/runs?page=0", "/%00"]
)
def test_every_answer_holds_the_browser(guarded: Any, path: str) -> None:
    for answer in (guarded.ask(path), stranger(guarded).ask(path), guarded.ask(path, "POST")):
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in answer.headers
        assert "cache-control" in answer.headers
    assert "unsafe" not in POLICY
    assert "script-src 'self'" in POLICY


def test_another_origin_gets_no_leave(guarded: Any) -> None:
    answer = guarded.ask("/api/runs", Origin="http://evil.example")
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "path", ["/docs", "/redoc", "/openapi.json", "/api/docs", "/api/openapi.json"]
)
def test_there_is_no_documentation_at_run_time(guarded: Any, path: str) -> None:
    answer = guarded.ask(path)
    assert b"swagger" not in answer.body.lower()
    assert b"openapi" not in answer.body.replace(b"openapi.json", b"").lower()
    assert answer.status == (404 if path.startswith("/api") else 200)
    if answer.status == 200:
        assert b"<title>page</title>" in answer.body  # the front end's own router goes on


TWISTED = [
    "/../outside.txt",
    "/assets/../../outside.txt",
    "/assets/%2e%2e/%2e%2e/outside.txt",
    "/assets/..%2f..%2foutside.txt",
    "/assets/%2e%2e%2f%2e%2e%2foutside.txt",
    "/%252e%252e/outside.txt",
    "/assets/%252e%252e%252f%252e%252e%252foutside.txt",
    "/..;/outside.txt",
    "/assets/..;a=b/..;/outside.txt",
    "/%2e%2e;/outside.txt",
    "/assets/..%5c..%5coutside.txt",
    "/assets\\..\\..\\outside.txt",
    "//etc/passwd",
    "/%2fetc/passwd",
    "/%2f%2fetc/passwd",
    "/assets//etc/passwd",
    "/assets/%2fetc%2fpasswd",
    "/assets/app-1a2b.js%00.txt",
    "/%00",
    "/assets/app-1a2b.js%2500",
    "/./index.html",
    "/api/folders/predicted/planets/..%2f..%2f..%2fetc%2fpasswd",
    "/api/folders/..%2f..%2fetc/runs/x",
    "/api/folders/%2e%2e/planets",
    "/api/folders/predicted/runs/..%2fx/log",
    "/api/folders/predicted/topics/..%2f..%2fx",
    "/api/folders/predicted/tables/..%2f..%2fscore.csv",
    "/api/folders/predicted/tables/%252e%252e%252fscore.csv",
]


@pytest.mark.parametrize("path", TWISTED)
def test_no_path_climbs(guarded: Any, path: str) -> None:
    answer = guarded.ask(path)
    assert answer.status == 404
    assert b"secret" not in answer.body
    assert b"root:" not in answer.body


@pytest.mark.parametrize("path", ["/assets/link.txt", "/assets/gone.js", "/assets/app-1a2b.js;x"])
def test_links_out_of_the_folder_and_what_is_not_there_are_refused(guarded: Any, path: str) -> None:
    assert guarded.ask(path).status == 404


@pytest.mark.parametrize("path", ["/linked/outside.txt", "/secret.key", "/run/x/y", "/assets"])
def test_any_other_address_is_the_page(guarded: Any, path: str) -> None:
    answer = guarded.ask(path)
    if path == "/assets":
        assert answer.status == 404
        return
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b"<title>page</title>" in answer.body


def test_assets_are_kept_and_the_page_is_asked_for_again(guarded: Any) -> None:
    asset = guarded.ask("/assets/app-1a2b.js")
    assert asset.headers["content-type"].startswith("text/javascript")
    assert "immutable" in asset.headers["cache-control"]
    assert guarded.ask("/").headers["cache-control"] == "no-cache"
    assert guarded.ask("/api/runs").headers["cache-control"] == "no-store"


def test_without_a_built_front_end_it_says_how_to_build_it(
    serving: Callable[..., object], predicted: Path, tmp_path: Path
) -> None:
    answer = serving([predicted], tmp_path).ask("/")  # type: ignore[attr-defined]
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert b"make web" in answer.body
