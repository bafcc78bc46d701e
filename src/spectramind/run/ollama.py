"""One question to an Ollama server, without proxies or redirections: it goes nowhere else."""

import http.client
import json
import urllib.error
import urllib.request
from typing import Any, NoReturn

_LONGEST = 1 << 20  # bytes of an answer


class NoAnswerError(Exception):
    """Nobody answers, or not as Ollama does; why, in one line."""


class _Stay(urllib.request.HTTPRedirectHandler):
    """What is asked of one machine is not asked of another."""

    def redirect_request(self, *_: Any) -> NoReturn:
        raise NoAnswerError("it wants to redirect")


def ask(url: str, model: str, prompt: str, timeout_s: float) -> str:
    """The model's answer, printable text.

    Args:
        url: of the server. model: its name there. prompt: the question. timeout_s: patience [s].

    Raises:
        NoAnswerError: nobody answers, in time, as Ollama does.
    """
    body = {"model": model, "prompt": prompt, "stream": False, "options": {"temperature": 0}}
    request = urllib.request.Request(
        f"{url.rstrip('/')}/api/generate",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay)
    try:
        with opener.open(request, timeout=timeout_s) as answer:
            told = answer.read(_LONGEST + 1)
    except urllib.error.HTTPError as error:
        raise NoAnswerError(_refusal(error)) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoAnswerError(str(getattr(error, "reason", error)) or "no reason given") from error
    if len(told) > _LONGEST:
        raise NoAnswerError(f"its answer is longer than {_LONGEST} bytes")
    try:
        response = json.loads(told)["response"]
    except (ValueError, LookupError, TypeError) as error:
        raise NoAnswerError("its answer is not Ollama's") from error
    if not isinstance(response, str) or not response.strip():
        raise NoAnswerError("its answer is empty")
    return _printable(response)


def _refusal(error: urllib.error.HTTPError) -> str:
    try:
        reason = json.loads(error.read(_LONGEST))["error"]
    except (OSError, ValueError, LookupError, TypeError, http.client.HTTPException):
        reason = error.reason
    return _printable(f"{error.code} {reason}".partition("\n")[0])


def _printable(text: str) -> str:
    """Without what would steer a terminal."""
    kept = (c for c in text.strip() if c.isprintable() or c in "\n\t")
    return "".join(kept)
