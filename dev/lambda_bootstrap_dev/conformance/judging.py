"""
Whether a runtime has done as a case says.

Owns: every comparison, and the words for what is wrong.
Refuses to know: how the runtime was run.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from .cases import REQUEST_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..emulator.values import Request
    from .cases import Case

PATH = "/2018-06-01/runtime/invocation"
MOST_CAUSE = 65_536
CAUSE = "Lambda-Runtime-Function-XRay-Error-Cause"
POSTS = {"response", "error", "init/error"}
MOST_SHOWN = 120


@dataclass(frozen=True)
class Seen:
    """What a runtime did: its requests in order, what it wrote, and its exit status, or None if it waits."""

    requests: Sequence[Request]
    output: bytes
    status: int | None
    is_late: bool = False  # it neither waited nor ended in time

    @property
    def posts(self) -> list[Request]:
        """The posts."""
        return [request for request in self.requests if request.endpoint in POSTS]

    def to(self, endpoint: str) -> list[Request]:
        """The requests to an endpoint."""
        return [request for request in self.requests if request.endpoint == endpoint]


def complaints(case: Case, seen: Seen) -> Iterator[str]:
    """What is wrong, the worst first; nothing if all is as the case says."""
    yield from of_end(case, seen)
    if case.posts is not None:
        for expected, post in zip_longest(case.posts, seen.posts):
            yield from of_post(expected, post)
    if case.polls is not None:
        for expected, poll in zip_longest(case.polls, seen.to("next")):
            yield from of_request(expected, poll) if expected and poll else [missing("poll", expected, poll)]
    if len(seen.to("restore/next")) < len(case.restore):
        yield "never asks for the restore"
    if len(seen.to("next")) < case.at_once:
        yield f"has {len(seen.to('next'))} of {case.at_once} polls at once"
    yield from (f"doesn't write {text!r}" for text in case.log if text.encode() not in seen.output)


def of_end(case: Case, seen: Seen) -> Iterator[str]:
    """What is wrong with the end."""
    if seen.is_late and not case.at_once:
        yield "hangs"
    elif case.ends == "waits" and seen.status is not None:
        yield f"dies (exit status {seen.status})"
    elif case.ends in {"exits", "fails"} and seen.status is None:
        yield "goes on polling"
    elif case.ends == "fails" and seen.status == 0:
        yield "exits with 0, as if all were well"


def missing(what: str, expected: dict[str, Any] | None, found: Request | None) -> str:
    """The complaint about a request that is missing, or one too many."""
    if found is None and expected is not None:
        return f"doesn't post {expected.get('to', 'anything')}" if what == "post" else "doesn't poll"
    assert found is not None  # noqa: S101 - one of the two is there
    return f"posts {found.endpoint} too: {shown(found.body)}" if what == "post" else "polls too often"


def of_post(expected: dict[str, Any] | None, post: Request | None) -> Iterator[str]:
    """What is wrong with a post."""
    if expected is None or post is None:
        yield missing("post", expected, post)
        return
    if post.endpoint != expected.get("to", post.endpoint):
        yield f"posts {post.endpoint} in place of {expected['to']}: {shown(post.body)}"
        return
    request_id = expected.get("id", REQUEST_ID)
    path = f"{PATH}/{request_id}/{post.endpoint}" if post.endpoint != "init/error" else "/2018-06-01/runtime/init/error"
    if (post.method, post.target) != ("POST", path):
        yield f"sends {post.method} {post.target}"
    yield from of_request(expected, post)
    yield from of_body(expected, post)


def of_request(expected: dict[str, Any], request: Request) -> Iterator[str]:
    """What is wrong with the head of a request."""
    for name in ("method", "target"):
        if name in expected and getattr(request, name) != expected[name]:
            yield f"sends {request.method} {request.target}"
    for name, pattern in expected.get("match", {}).items():
        if not re.fullmatch(pattern, request.header(name)):
            yield f"sends {name}: {request.header(name)}" if request.header(name) else f"sends no {name}"
    names = {name.lower() for name, _ in request.headers}
    yield from (f"sends {name}" for name in expected.get("absent", ()) if name.lower() in names)
    if "connection" in expected and request.connection != expected["connection"]:
        yield f"uses connection {request.connection}, not {expected['connection']}"
    if "body" in expected and request.body != expected["body"].encode():
        yield f"sends {shown(request.body)}"
    if expected.get("cause") and request.header(CAUSE):
        yield from of_cause(request.header(CAUSE))


def of_body(expected: dict[str, Any], post: Request) -> Iterator[str]:
    """What is wrong with the body of a post, and its trailers."""
    if "at_most" in expected and (post.is_oversized or len(post.body) > expected["at_most"]):
        yield f"sends more than {expected['at_most']} bytes"
    if "equals" in expected and decoded(post.body) != expected["equals"]:
        yield f"sends {shown(post.body)}"
    if "has" in expected and not is_within(expected["has"], decoded(post.body)):
        yield f"sends {shown(post.body)}"
    if "lacks" in expected and not is_within(dict.fromkeys(expected["lacks"]), decoded(post.body)):
        yield f"sends {shown(post.body)}"
    if "head" in expected:
        head, _, tail = post.body.partition(bytes(8))
        if not is_within(expected["head"], decoded(head)) or tail != expected["tail"].encode():
            yield f"sends {shown(post.body)}"
    if "trailer" in expected:
        error = decoded(base64.b64decode(post.trailer("Lambda-Runtime-Function-Error-Body") or b""))
        if not post.trailer("Lambda-Runtime-Function-Error-Type") or not is_within(expected["trailer"], error):
            yield "has no error in its trailers"


def of_cause(header: str) -> Iterator[str]:
    """What is wrong with a cause for X-Ray."""
    cause = decoded(header.encode("latin-1"))
    if not header.isascii() or len(header) > MOST_CAUSE or not isinstance(cause, dict):
        yield f"sends a cause that X-Ray doesn't take: {shown(header.encode('latin-1'))}"
    elif not any(cause.get(name) for name in ("working_directory", "exceptions", "paths", "message")):
        yield "sends an empty cause"


def is_within(part: Any, whole: Any) -> bool:
    """Whether *whole* has all that *part* has, in any depth."""
    if not isinstance(part, dict):
        return bool(part == whole)
    return isinstance(whole, dict) and all(is_within(value, whole.get(name)) for name, value in part.items())


def decoded(body: bytes) -> Any:
    """JSON as a value; None for anything else."""
    try:
        return json.loads(body)
    except ValueError:
        return None


def shown(body: bytes) -> str:
    """The beginning of a body."""
    text = body.decode("utf-8", "replace")
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
