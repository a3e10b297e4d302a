"""
An HTTP request as every front end's event is read, and as every kind of application can be given it.

Owns: `Request`, and the parts that front ends have in common: paths and mount points, headers, addresses, bodies.
Refuses to know: any one front end, ASGI, WSGI.
"""

from __future__ import annotations

from binascii import a2b_base64
from urllib.parse import quote, unquote, unquote_to_bytes

from ...errors import FunctionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

SAFE = "/!$&'()*+,;=:@~"  # what stands in a path as it is (RFC 3986, 3.3)
PORTS = {"http": "80", "https": "443"}
MAX_PORT_DIGITS = 5
MOST_NAMES = 512  # of headers that are remembered


class Request:
    """
    One request, as `make` makes it.

    Attributes:
        method: its method.
        rest: what the front end calls its path, without the stage, or "/".
        is_encoded: whether `rest` is percent-encoded, as the client sent it; else the front end has decoded it.
        root_path: where the application is mounted, or "".
        query: the query string, as the client sent it or would have.
        fields: headers by name; the values of one that came several times are joined by commas.
        headers: pairs of names and values.
        client: the address of the client, or "".
        host: the host name, for a request without one.
        body: its content.
        answer: makes the event's result of status, phrase, headers and body; see `results`.
        is_http: whether a front end sent it; else it is another event, made a request.
        is_ascii: whether all of its text is, names of headers left out.
    """

    __slots__ = (
        *("answer", "body", "client", "fields", "headers", "host", "is_ascii", "is_encoded", "is_http", "method"),
        *("query", "rest", "root_path"),
    )

    answer: Callable[[int, str, Iterable[tuple[str, str]], bytes], Any]
    body: bytes
    client: str
    fields: dict[str, str]
    headers: Iterable[tuple[str, str]]
    host: str
    is_ascii: bool
    is_encoded: bool
    is_http: bool
    method: str
    query: str
    rest: str
    root_path: str

    @property
    def path(self) -> str:
        """The whole path, mount point included, decoded once."""
        rest = self.rest
        return self.root_path + (unquote(rest) if self.is_encoded and "%" in rest else rest)

    @property
    def raw_path(self) -> bytes:
        """The whole path, as the client sent it or would have."""
        rest = self.rest if self.is_encoded else quote(self.rest, SAFE, errors="replace")
        return (quote(self.root_path, SAFE) + rest).encode("utf-8", "replace")

    @property
    def path_info(self) -> str:
        """The path below the mount point: bytes of UTF-8 as characters of latin-1 (PEP 3333)."""
        rest = self.rest
        if self.is_encoded and "%" in rest:
            return unquote_to_bytes(rest).decode("latin-1")
        return rest if rest.isascii() else rest.encode("utf-8", "replace").decode("latin-1")

    @property
    def scheme(self) -> str:
        """What the client spoke: "https", or "http"."""
        return self.fields.get("x-forwarded-proto", "https").partition(",")[0]

    @property
    def server(self) -> tuple[str, str]:
        """Host name and port as the client knows them; an IPv6 address in its brackets."""
        place = self.fields.get("host") or self.host
        host, port = split_port(place) if ":" in place else (place, "")
        if not port:
            forwarded = self.fields.get("x-forwarded-port", "")
            port = forwarded if is_port(forwarded) else PORTS.get(self.scheme, "443")
        return host or "localhost", port


def make(  # noqa: PLR0913 - a value's fields
    method: str,
    path: str,
    query: str,
    headers: dict[str, str] | list[tuple[str, str]],
    *,
    is_encoded: bool,
    root_path: str,
    client: str,
    host: str,
    body: bytes,
    answer: Callable[[int, str, Iterable[tuple[str, str]], bytes], Any],
) -> Request:
    """
    Return the `Request` with these attributes; *path* may be "", *headers* are by name in lower case, or pairs.

    A function takes half as long as a constructor with so many keywords.

    Raises:
        TypeError: something that is text in a request is not.
    """
    self = Request()
    self.method = method
    self.rest = path or "/"
    self.is_encoded = is_encoded
    self.root_path = root_path
    self.query = query
    self.fields = fields = headers if isinstance(headers, dict) else by_name(headers)
    try:
        self.is_ascii = "".join((method, path, query, client, host, *fields.values())).isascii()
    except TypeError:
        texts = {"method": method, "path": path, "query": query, "client's address": client, "host": host}
        refuse({**texts, **{f"header {name}": value for name, value in fields.items()}})
        raise
    self.client = client
    self.host = host
    self.body = body
    self.answer = answer
    self.is_http = True
    if body or "content-length" in fields:  # which may count the body as it was on its way
        fields["content-length"] = length = str(len(body))
    self.headers = fields.items()
    if not isinstance(headers, dict):
        self.headers = [pair for pair in headers if pair[0] != "content-length"]
        if "content-length" in fields:
            self.headers.append(("content-length", length))
    return self


def refuse(texts: dict[str, Any]) -> None:
    """
    Refuse the first of *texts* that is none.

    Raises:
        TypeError: one is.
    """
    for name, text in texts.items():
        if not isinstance(text, str):
            raise TypeError(f"its {name} is {text!r}")


def by_name(headers: list[tuple[str, str]]) -> dict[str, str]:
    """Return headers by name, the values of each joined by commas (RFC 9110, 5.3)."""
    found: dict[str, str] = {}
    for name, value in headers:
        found[name] = ",".join((found[name], value)) if name in found else value
    return found


def split_port(place: str) -> tuple[str, str]:
    """Split a host name or address and its port; "" if it has none."""
    if ":" in place:
        host, _, port = place.rpartition(":")
        if is_port(port) and (":" not in host or host.endswith("]")):
            return host, port
    return place, ""


def is_port(text: str) -> bool:
    """Return whether *text* is digits, and no more than a port has: of thousands Python makes no number."""
    return text.isascii() and text.isdecimal() and len(text) <= MAX_PORT_DIGITS


def mounted(path: str, stage: str, root_path: str | None) -> tuple[str, str]:
    """
    Return where the application is mounted, and the path below that.

    Args:
        path: without the stage.
        stage: its path, "/prod" say, where clients have to name it; else "".
        root_path: what the user says, or None: the stage.
    """
    if root_path is None:
        return stage, path
    return root_path, path.removeprefix(root_path) if is_under(root_path, path) else path


def is_under(folder: str, path: str) -> bool:
    """Return whether *path* begins with the segments of *folder*."""
    return bool(folder) and path.startswith(folder) and path[len(folder) : len(folder) + 1] in {"", "/"}


def single(headers: Mapping[str, str] | None, cookies: Iterable[str] = ()) -> dict[str, str]:
    """
    Return headers that have one value each; *cookies*, if there are some, are what the Cookie header is made of.

    A name with an underscore is left out: as a WSGI variable, nothing would tell it from one with a dash.
    """
    found = {NAMES[name]: value for name, value in (headers or {}).items()}
    found.pop("", None)
    if cookies:
        found["cookie"] = "; ".join(cookies)
    return found


class Learned(dict[str, "Any"]):
    """
    What is made of names of headers, and of other text of which the same comes all the time.

    Args:
        make: makes it of one of them.
    """

    def __init__(self, make: Callable[[str], Any]) -> None:
        self.make = make

    def __missing__(self, name: str) -> Any:
        found = self.make(name)
        if len(self) < MOST_NAMES:
            self[name] = found
        return found


NAMES = Learned(lambda name: "" if "_" in name else name.lower())


def multiple(headers: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
    """Return headers that have lists of values, each value on its own; Cookie has one; otherwise as `single`."""
    found: list[tuple[str, str]] = []
    cookies: list[str] = []
    for name, values in headers.items():
        key = name.lower()
        if key == "cookie":
            cookies += values
        elif "_" not in key:
            found += [(key, value) for value in values]
    if cookies:
        found.append(("cookie", "; ".join(cookies)))
    return found


def content(body: str | None, is_base64: object) -> bytes:
    """
    Return a body's bytes.

    Raises:
        FunctionError: it is not what the event says.
    """
    if not body:
        return b""
    if not is_base64:
        return body.encode("utf-8", "replace")
    try:
        return a2b_base64("".join(body.split()), strict_mode=True)  # with line breaks, perhaps, in a sample event
    except ValueError as error:
        message = f"Unable to unmarshal input: the event says that its body is base64, and it isn't: {error}"
        raise FunctionError("Runtime.UnmarshalError", message) from None


def last_forwarded(headers: dict[str, str] | list[tuple[str, str]]) -> str:
    """Return the client's address as the last proxy saw it: the entries before may be the client's own invention."""
    last = dict(headers).get("x-forwarded-for", "").rpartition(",")[2].strip()
    host, port = split_port(last)
    return host.strip("[]") if port and ("." in host or host.endswith("]")) else last
