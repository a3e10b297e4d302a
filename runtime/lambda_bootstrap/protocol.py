"""
The Runtime API as data.

Owns: where it is (`Address`), its paths and header names, what `next` delivers (`Invocation`), what is posted
(`Request`), and what each status means for the loop (`verdict`).
Refuses to know: sockets and bytes, the function, when anything is sent.

Theory of operation. A runtime polls `next`; the answer is one invocation, and the environment is frozen while the
poll is blocked, perhaps for hours. It posts exactly one `response` or `error` for it. Posting does not end the
invocation: polling `next` again does. Before the first poll it may post one `init/error` instead, and must exit then.

Source: AWS Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes".
"""

from __future__ import annotations

from sys import version_info

from . import __version__
from .errors import TransportError
from .settings import RUNTIME_API

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .http1 import Response


USER_AGENT = f"lambda-bootstrap-python/{version_info[0]}.{version_info[1]}.{version_info[2]}-{__version__}"
API = "/2018-06-01/runtime"

# 6 MiB and 100 bytes: what the platform takes as a buffered response.
MAX_RESPONSE = 6 * 1024 * 1024 + 100

JSON = "application/json"
_RARE = {  # headers of `next`
    "lambda-runtime-aws-tenant-id",
    "lambda-runtime-client-context",
    "lambda-runtime-cognito-identity",
    "lambda-runtime-invocation-id",
}
NO_PATH = b'/?#%<>[]{}|^`\\"'  # visible characters that cannot stand in one segment of a path

# What is to be done after an answer.
DONE = "done"  # it counts: go on
DROPPED = "dropped"  # this post is lost, the environment is not: go on
PLAINER = "plainer"  # the invocation is still open: post a plainer error
AGAIN = "again"  # try once more, after a while
GONE = "gone"  # nothing more will come of this environment: exit

# By status; then by its first digit. docs/reference/exit-statuses.md has the same table in words.
_VERDICTS: dict[str, dict[int, str]] = {
    "next": {200: DONE, 403: GONE, 500: GONE, 1: AGAIN, 2: AGAIN, 3: AGAIN, 4: AGAIN, 5: AGAIN},
    "response": {429: AGAIN, 431: PLAINER, 500: GONE, 1: DROPPED, 2: DONE, 3: DROPPED, 4: DROPPED, 5: AGAIN},
    "error": {413: PLAINER, 429: AGAIN, 431: PLAINER, 500: GONE, 1: DROPPED, 2: DONE, 3: DROPPED, 4: DROPPED, 5: AGAIN},
    "restore/next": {200: DONE, 403: GONE, 500: GONE, 1: AGAIN, 2: AGAIN, 3: AGAIN, 4: AGAIN, 5: AGAIN},
    "restore/error": {1: DROPPED, 2: DONE, 3: DROPPED, 4: DROPPED, 5: DROPPED},
    "init/error": {1: DROPPED, 2: DONE, 3: DROPPED, 4: DROPPED, 5: DROPPED},
}


class Address:
    """
    Where the Runtime API is: `host:port`, IPv6 in brackets, with an optional scheme and path prefix.

    Raises:
        ConfigError: it isn't; the message says what it has to be.
    """

    __slots__ = ("authority", "host", "port", "prefix")

    def __init__(self, text: str) -> None:
        rest = text.removeprefix("http://")
        self.authority, slash, prefix = rest.partition("/")
        self.prefix = (slash + prefix).rstrip("/")
        host, _, port = self.authority.rpartition(":")
        self.host = host[1:-1] if host[:1] == "[" and host[-1:] == "]" else host
        valid = port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16
        valid = valid and bool(self.host) and ((":" in self.host) == (host != self.host))
        if not (valid and text.isascii() and text.isprintable() and " " not in text):
            raise RUNTIME_API.wrong(text)
        self.port = int(port)

    def url(self, request: Request) -> str:
        """Return where *request* goes, for messages."""
        return f"http://{self.authority}{self.prefix}{request.path}"


class Request:
    """
    One call of the Runtime API, before any transport has seen it.

    Attributes:
        endpoint: its name: `next`, `response`, `error`, `init/error`, `restore/next` or `restore/error`.
        method, path, headers: as sent; the path is absolute, a prefix of the address comes before it.
        body: the content, or None for a request without, and for one that is sent in chunks.
    """

    __slots__ = ("body", "endpoint", "headers", "method", "path")

    def __init__(
        self, endpoint: str, path: str, headers: tuple[tuple[str, str], ...] = (), body: bytes | None = None
    ) -> None:
        self.endpoint = endpoint
        self.method = "GET" if body is None else "POST"
        self.path = path
        self.headers = headers
        self.body = body


class Invocation:
    """
    What `next` delivered.

    Attributes:
        request_id: opaque; a retry has the same.
        deadline_ms: milliseconds since the Unix epoch, or None if missing or no number.
        function_arn: as invoked.
        trace_id: the X-Ray trace header, or "".
        client_context, cognito_identity: JSON, or "".
        tenant_id: or "".
        invocation_id: the nonce of this attempt, to be echoed, or "".
        content_type: of the payload, or "".
        payload: the event's bytes.
    """

    __slots__ = (
        "client_context",
        "cognito_identity",
        "content_type",
        "deadline_ms",
        "function_arn",
        "invocation_id",
        "payload",
        "request_id",
        "tenant_id",
        "trace_id",
    )

    def __init__(self, headers: dict[str, str], payload: bytes) -> None:
        get = headers.get
        self.request_id = get("lambda-runtime-aws-request-id", "")
        # A bad deadline is no reason to refuse the event. It has 64 bits; latin-1 has no decimal digits but ASCII's.
        deadline = get("lambda-runtime-deadline-ms", "")
        self.deadline_ms = int(deadline) if deadline.isdecimal() and len(deadline) < 20 else None  # noqa: PLR2004 - digits
        self.function_arn = get("lambda-runtime-invoked-function-arn", "")
        self.trace_id = get("lambda-runtime-trace-id", "")
        self.content_type = get("content-type", "")
        self.invocation_id = self.client_context = self.cognito_identity = self.tenant_id = ""
        if not _RARE.isdisjoint(headers):
            self.invocation_id = get("lambda-runtime-invocation-id", "")
            self.client_context = _utf8(get("lambda-runtime-client-context", ""))
            self.cognito_identity = _utf8(get("lambda-runtime-cognito-identity", ""))
            self.tenant_id = _utf8(get("lambda-runtime-aws-tenant-id", ""))
        self.payload = payload
        if not self.request_id:
            raise TransportError("the Runtime API sent an invocation without Lambda-Runtime-Aws-Request-Id")

    @property
    def is_json(self) -> bool:
        """Whether the payload is JSON: by its base content type, and for want of one."""
        kind = self.content_type
        return kind == JSON or not kind or kind.partition(";")[0].strip().lower() == JSON


NEXT = Request("next", f"{API}/invocation/next")
RESTORE = Request("restore/next", f"{API}/restore/next")  # the environment's snapshot is taken while it waits


def response(invocation: Invocation, body: bytes, content_type: str) -> Request:
    """Return the post that answers *invocation* with a result."""
    headers: tuple[tuple[str, str], ...] = (("Content-Type", content_type),)
    if invocation.invocation_id:
        headers += _echo(invocation)
    return Request("response", f"{API}/invocation/{_segment(invocation.request_id)}/response", headers, body)


def stream(invocation: Invocation, content_type: str) -> Request:
    """Return the post that answers *invocation* in chunks."""
    post = response(invocation, b"", content_type)
    post.body = None
    post.headers += (
        ("Lambda-Runtime-Function-Response-Mode", "streaming"),
        ("Transfer-Encoding", "chunked"),
        ("Trailer", "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body"),
    )
    return post


def error(invocation: Invocation, body: bytes, category: str, cause: str = "") -> Request:
    """Return the post that answers *invocation* with an error, and names its *cause* for X-Ray if there is one."""
    headers = (("Content-Type", JSON), *_echo(invocation), ("Lambda-Runtime-Function-Error-Type", category))
    if cause:
        headers += (("Lambda-Runtime-Function-XRay-Error-Cause", cause),)
    return Request("error", f"{API}/invocation/{_segment(invocation.request_id)}/error", headers, body)


def init_error(body: bytes, category: str) -> Request:
    """Return the post that ends an environment whose function could not be loaded."""
    headers = (("Content-Type", JSON), ("Lambda-Runtime-Function-Error-Type", category))
    return Request("init/error", f"{API}/init/error", headers, body)


def restore_error(body: bytes, category: str) -> Request:
    """Return the post that ends an environment whose hooks of `after_restore` have failed."""
    headers = (("Content-Type", JSON), ("Lambda-Runtime-Function-Error-Type", category))
    return Request("restore/error", f"{API}/restore/error", headers, body)


def verdict(request: Request, answer: Response) -> str:
    """Decide what to do after *answer* to *request*."""
    # A 400 that is no JSON is the HTTP server's own: no handler has seen the post, so the invocation is still open.
    if answer.status == 400 and request.endpoint in {"response", "error"} and answer.body[:1] != b"{":  # noqa: PLR2004 - statuses are best read as numbers
        return PLAINER
    table, status = _VERDICTS[request.endpoint], answer.status
    return table.get(status) or table.get(status // 100) or table[5]


def explain(answer: Response) -> str:
    """Return the answer in one line, for a log."""
    return " ".join(f"{answer.status} {str(answer.body[:512], 'utf-8', 'replace')}".split())


def refusal(request: Request, answer: Response) -> str:
    """Return in one line that the Runtime API did not take a post, and why."""
    return f"the Runtime API refused the {request.endpoint}: {explain(answer)}"


def verdict_of_second(verdict: str, *, is_lost: bool, first_is_lost: bool) -> str:
    """
    Decide what to do after a post that was sent twice, with the *verdict* on the second; lost is what got no answer.

    If the first has arrived after all, the platform refuses the second: it takes one answer.
    """
    if verdict == AGAIN:
        return DROPPED if is_lost else GONE
    return DONE if verdict == DROPPED and first_is_lost else verdict


def _echo(invocation: Invocation) -> tuple[tuple[str, str], ...]:
    """Return the nonce that ties an answer to this attempt, if there is one: a retry reuses the request id."""
    return (("Lambda-Runtime-Invocation-Id", invocation.invocation_id),) if invocation.invocation_id else ()


def _segment(request_id: str) -> str:
    """
    Escape what no path may contain (RFC 3986, 3.3), as Node's client does.

    The rest stays: the platform compares the request id raw.
    """
    octets = request_id.encode("latin-1")
    if octets.replace(b"-", b"").isalnum():
        return request_id
    return "".join(
        chr(byte) if 0x21 <= byte < 0x7F and byte not in NO_PATH else f"%{byte:02X}"  # noqa: PLR2004 - visible ASCII
        for byte in octets
    )


def _utf8(value: str) -> str:
    """Return a header as the UTF-8 that its sender meant, if its latin-1 is that."""
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return value
