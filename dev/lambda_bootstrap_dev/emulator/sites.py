"""
Which web pages may call a function: none but those of the emulator's own address.

Owns: what `Origin` and `Host` must be. A browser sends both truthfully: `Origin` names the page's site, and `Host` the
name that the page used, be it a name of another site that points to this machine ("DNS rebinding").
Refuses to know: what a caller wants.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

from .invoke_api import BadInvocationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .values import Request

AUTHORITY = re.compile(r"(\[[^\[\]]*\]|[^\[\]:]*)(:\d*)?")


@lru_cache(maxsize=8)  # each may be as long as a head
def host_of(authority: str) -> str:
    """The host in `host:port` or `[host]:port`, in lower case; all of what is neither."""
    found = AUTHORITY.fullmatch(authority.strip())
    return (found[1].strip("[]") if found else authority).lower()


@lru_cache(maxsize=8)
def is_address(host: str) -> bool:
    """Whether a host is an IP address, which no other site can make its own."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class Sites:
    """The *own* host, which is listened on, and the *allowed* ones, whose pages may call too."""

    own: str
    allowed: frozenset[str] = frozenset()

    @classmethod
    def of(cls, own: str, allowed: Iterable[str] = ()) -> Self:
        """The sites with these hosts, however they are written."""
        return cls(host_of(own), frozenset(map(host_of, allowed)) - {""})

    def check(self, request: Request) -> None:
        """
        Check who sends a request to invoke.

        Raises:
            BadInvocationError: a page of another site sends it, or it is for a name that isn't ours.
        """
        authorities = list(headers(request, "host"))
        for host in filter(None, map(host_of, authorities)):
            if not is_address(host) and host not in {"localhost", self.own, *self.allowed}:
                raise BadInvocationError(HTTPStatus.FORBIDDEN, f"The host {host!r} is not allowed. {advice(host)}")
        same = {f"http://{authority}" for authority in authorities}
        for origin in headers(request, "origin"):
            host = host_of(origin.partition("://")[2])
            if origin not in same and host not in self.allowed:
                message = f"Pages of the site {origin!r} are not allowed. {advice(host or 'NAME')}"
                raise BadInvocationError(HTTPStatus.FORBIDDEN, message)


def headers(request: Request, name: str) -> Iterator[str]:
    """The values of all headers with a name, in lower case."""
    return (value.strip().lower() for key, value in request.headers if key.lower() == name)


def advice(host: str) -> str:
    """What to do about a host that isn't allowed."""
    return f"If it is yours, allow it: lambda-bootstrap serve --allow-host {host}, or Emulator(allow_hosts=[{host!r}])"
