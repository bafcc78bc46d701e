"""What stands before every request: who may ask, how, and for which addresses.

The server is one person's, on this machine. Other web pages in the same browser can send requests
to it (so: token and SameSite cookie), names can be made to point at it (so: known hosts only), and
paths can be written in ways that mean another file to someone who decodes them twice.
"""

import logging
import re
from collections.abc import Iterable
from secrets import compare_digest
from urllib.parse import parse_qsl, urlencode

from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("spectramind")

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "font-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
_USUAL_PORT = 80
_NOT_KEPT = ("cache-control", "no-store")
# What is left of an escape after one decoding: someone hopes for a second one.
_TWICE = re.compile(r"%(?:25|2e|2f|5c|3b|00)", re.IGNORECASE)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\\]")


class Guard:
    """Refuses what must not reach the application, and adds the headers that hold the browser.

    Args:
        app: what it stands before. token: who knows it may look. port: where the server listens.
    """

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self.app, self._token = app, token.encode()
        names = ("127.0.0.1", "localhost", "[::1]")
        self._hosts = {f"{name}:{port}" for name in names}
        if port == _USUAL_PORT:  # a browser does not name it
            self._hosts |= set(names)
        # Cookies know no ports: two servers on one machine must not take each other's.
        self._cookie = f"spectramind-{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # there are no web sockets here
            await send({"type": "websocket.close", "code": 1008})
            return
        answer = _Answer(send, scope["method"] == "HEAD")
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, answer)
            return
        try:
            await self.app({**scope, "method": "GET"}, receive, answer)
        except Exception:
            log.exception("%s failed", scope["path"])
            if not answer.begun:
                await _told(503, "this view failed; the server's terminal says where")(
                    scope, receive, answer
                )

    def _refusal(self, scope: Scope) -> Response | None:
        """The answer in place of the application's; None where it may go on."""
        headers = [(name, value.decode("latin-1")) for name, value in scope["headers"]]
        hosts = [value.strip().lower() for name, value in headers if name == b"host"]
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return _told(400, f"this server answers to {', '.join(sorted(self._hosts))} only")
        if scope["method"] not in ("GET", "HEAD"):
            refused = _told(405, "this server only shows: GET and HEAD")
            refused.headers["allow"] = "GET, HEAD"
            return refused
        if _is_twisted(scope["path"]):
            return _told(404, "no such address: open / for the list of runs")
        asked = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = [value for name, value in asked if name == "token"]
        known = any(self._fits(value) for value in self._cookies(headers))
        fits = any(self._fits(value) for value in given)
        if given and (fits or known):
            rest = urlencode([(name, value) for name, value in asked if name != "token"])
            path = scope.get("raw_path", b"/").decode("latin-1") + (f"?{rest}" if rest else "")
            answer = RedirectResponse(path, 303)
            if fits:
                value = self._token.decode()
                answer.set_cookie(self._cookie, value, path="/", httponly=True, samesite="strict")
            return answer
        if known:
            return None
        return _told(401, "open the address that `spectramind serve` printed, with its token")

    def _fits(self, value: str) -> bool:
        return compare_digest(value.encode("utf-8", "surrogatepass"), self._token)

    def _cookies(self, headers: Iterable[tuple[bytes, str]]) -> list[str]:
        pairs = [
            part.strip().partition("=")
            for name, value in headers
            if name == b"cookie"
            for part in value.split(";")
        ]
        return [value for name, _, value in pairs if name == self._cookie]


class _Answer:
    """Sends an answer with the guard's headers; to HEAD, without its body."""

    def __init__(self, send: Send, head: bool) -> None:
        self._send, self._head = send, head
        self.begun = self._ended = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            there = {name for name, _ in message["headers"]}
            more = [(k.encode(), v.encode()) for k, v in (*_HEADERS.items(), _NOT_KEPT)]
            own = [pair for pair in more if pair[0] not in there]
            message = {**message, "headers": [*message["headers"], *own]}
        elif self._head and message["type"] == "http.response.body":
            if self._ended:
                return
            self._ended = True
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await self._send(message)


def _is_twisted(path: str) -> bool:
    """Whether a path, decoded once, could mean another place to somebody."""
    if not path.startswith("/") or _UNSEEN.search(path) or _TWICE.search(path):
        return True
    segments = path.split("/")[1:]
    inner = segments[:-1] if segments[-1] == "" else segments  # one slash may end it
    # "..;x": some servers cut parameters off a segment before they climb.
    return any(part.partition(";")[0] in ("", ".", "..") for part in inner)


def _told(status: int, sentence: str) -> Response:
    return JSONResponse({"detail": sentence}, status)
