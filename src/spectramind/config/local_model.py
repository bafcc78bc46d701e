"""Settings of ``explain``."""

import ipaddress
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from spectramind.config.base import Section


class LocalModelConfig(Section):
    """The language model of ``spectramind explain``, an Ollama server.

    Attributes:
        url: where it may answer: on this machine (localhost, 127.x.x.x, ::1) unless ``remote``.
        remote: another machine is meant; what is known of a planet goes there.
        model: its name there. timeout_s: how long its answer may take [s].
    """

    url: str = Field(pattern=r"^https?://[^\s/]+/?$")
    remote: bool
    model: str = Field(min_length=1)
    timeout_s: float = Field(gt=0, le=3600)

    @model_validator(mode="after")
    def _stays_here(self) -> Self:
        if not (self.remote or _is_here(self.url)):
            raise ValueError(
                f"url={self.url} is another machine: say explain.remote=true if it is meant, or "
                "http://127.0.0.1:PORT"
            )
        return self


def _is_here(url: str) -> bool:
    """Whether a URL's host is this machine, by its name alone: nothing is looked up."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
