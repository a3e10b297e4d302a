"""WSGI applications: PEP 3333, from the server's side."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any
from wsgiref.validate import validator

import pytest
from lambda_bootstrap.web.wsgi import latin_1

from tests.support.applications import Served, WsgiEcho
from tests.support.front_ends import ALL, URL, FrontEnd, Got, Sent

if TYPE_CHECKING:
    from collections.abc import Iterator

every = pytest.mark.parametrize("front_end", ALL, ids=str)


def ask(application: Any, front_end: FrontEnd = URL, sent: Sent | None = None) -> tuple[Got, list[str]]:
    """What the client gets, and the messages of ERROR records."""
    served = Served(application)
    return served.ask(front_end, sent or Sent()), [failure.message for failure in served.log.errors]


@every
@pytest.mark.filterwarnings("ignore")
def test_validator(front_end: FrontEnd) -> None:
    """The validator of the standard library has nothing to say of environ, start_response and the iterable's use."""

    def application(environ: Any, start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [body]

    got, errors = ask(
        validated(application),
        front_end,
        Sent("POST", "/a%20b", "c=d", [("Host", "h"), ("Content-Type", "text/plain"), ("Accept", "*/*")], b"body"),
    )

    assert (got.status, got.body, errors) == (200, b"body", [])


def validated(application: Any) -> Any:
    """The application behind the validator, which hides its parameters."""
    checked: Any = validator(application)

    def call(environ: Any, start_response: Any) -> Any:
        return checked(environ, start_response)

    return call


def test_environ() -> None:
    """`environ` has what PEP 3333 asks for."""
    echo = WsgiEcho()
    ask(echo, sent=Sent("POST", "/a", "b=c", [("Host", "example.org"), ("Accept", "*/*")], b"body"))
    found = dict(echo.environ)
    names = ("wsgi.input", "wsgi.errors", "wsgi.file_wrapper", "aws.event", "aws.context")
    objects = {name: found.pop(name) for name in names}

    assert found == {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/a",
        "QUERY_STRING": "b=c",
        "SERVER_NAME": "example.org",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.7",
        "CONTENT_LENGTH": "4",
        "HTTP_HOST": "example.org",
        "HTTP_ACCEPT": "*/*",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    assert objects["wsgi.errors"] is sys.stderr


def test_input() -> None:
    """`wsgi.input` has read, readline, readlines and iteration."""
    story: list[Any] = []

    def application(environ: Any, start_response: Any) -> list[bytes]:
        stream = environ["wsgi.input"]
        story.extend([stream.read(1), stream.readline(), stream.readline(2), next(iter(stream)), stream.readlines()])
        start_response("200 OK", [])
        return []

    ask(application, sent=Sent("POST", body=b"abc\ndefg\nh\ni"))

    assert story == [b"a", b"bc\n", b"de", b"fg\n", [b"h\n", b"i"]]


@every
def test_write(front_end: FrontEnd) -> None:
    """What is written comes before what is returned."""

    def application(_environ: Any, start_response: Any) -> list[bytes]:
        write = start_response("200 OK", [])
        write(b"a")
        write(b"b")
        return [b"c"]

    assert ask(renamed(application), front_end)[0].body == b"abc"


def renamed(application: Any) -> Any:
    """The application with its parameters' usual names."""

    def call(environ: Any, start_response: Any) -> Any:
        return application(environ, start_response)

    return call


@every
def test_late_start(front_end: FrontEnd) -> None:
    """start_response may be called as late as with the first piece, as in a generator."""

    def application(environ: Any, start_response: Any) -> Iterator[bytes]:  # noqa: ARG001 - the interface's
        start_response("201 Created", [])
        yield b"a"
        yield b"b"

    got, errors = ask(application, front_end)

    assert (got.status, got.body, errors) == (201, b"ab", [])


class Parts:
    """An iterable with `close`."""

    def __init__(self, *parts: bytes, error: Exception | None = None, late: Exception | None = None) -> None:
        self.parts = parts
        self.error = error
        self.late = late
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        yield from self.parts
        if self.error:
            raise self.error

    def close(self) -> None:
        """Count, and fail if so told."""
        self.closed += 1
        if self.late:
            raise self.late


@every
@pytest.mark.parametrize(
    ("parts", "body", "errors"),
    [
        (Parts(b"a", b"b"), b"ab", []),
        (Parts(b"a", error=LookupError("half-way")), b"Internal Server Error", ["half-way"]),
        (Parts(b"a", late=LookupError("late")), b"a", ["late"]),
    ],
    ids=["well", "error", "error of close"],
)
def test_close(front_end: FrontEnd, parts: Parts, body: bytes, errors: list[str]) -> None:
    """The iterable is closed once, whatever happens; an error of `close` is logged, and the response stands."""
    parts.closed = 0

    def application(environ: Any, start_response: Any) -> Parts:  # noqa: ARG001 - the interface's
        start_response("200 OK", [])
        return parts

    got, found = ask(application, front_end)

    assert (got.body, found, parts.closed) == (body, errors, 1)


@every
def test_exc_info(front_end: FrontEnd) -> None:
    """start_response with exc_info replaces whatever has not been sent: head and pieces."""

    def application(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("x", "1")])
        yield b"half a page"
        try:
            environ["missing"]
        except KeyError:
            start_response("503 Sorry", [("x", "2")], sys.exc_info())
        yield b"sorry"

    got, errors = ask(application, front_end)

    assert (got.status, got.header("x"), got.body, errors) == (503, "2", b"sorry", [])


@every
@pytest.mark.parametrize("status", ["OK", "20 OK", "2000 OK", " -1 OK", "\uff12\uff10\uff10 OK", "200 OK\r\nx: 1"])
def test_no_status(front_end: FrontEnd, status: str) -> None:
    """A status is three digits and a phrase; a load balancer would be handed a phrase with a line break in it."""

    def application(environ: Any, start_response: Any) -> list[bytes]:  # noqa: ARG001 - the interface's
        start_response(status, [])
        return [b"x"]

    assert ask(application, front_end)[0].status == 500


def test_kept() -> None:
    """Headers and pieces are as they were when they were given: the application may use its list and buffer again."""

    def application(environ: Any, start_response: Any) -> Iterator[Any]:  # noqa: ARG001 - the interface's
        headers, buffer = [("a", "1")], bytearray(b"abc")
        start_response("200 OK", headers)
        headers.append(("b", "2"))
        yield buffer
        buffer[:] = b"xyz"
        yield buffer

    got, errors = ask(application)

    assert (got.headers, got.body, errors) == ({"a": ["1"]}, b"abcxyz", [])


@pytest.mark.parametrize("front_end", [URL], ids=str)
def test_twice(front_end: FrontEnd) -> None:
    """A second start_response without exc_info is an error in the application."""

    def application(environ: Any, start_response: Any) -> list[bytes]:  # noqa: ARG001 - the interface's
        start_response("200 OK", [])
        start_response("200 OK", [])
        return []

    got, errors = ask(application, front_end)

    assert (got.status, errors) == (500, ["start_response was called a second time without exc_info"])


@every
def test_never(front_end: FrontEnd) -> None:
    """An application that never calls start_response has sent no response."""

    def application(environ: Any, start_response: Any) -> list[bytes]:  # noqa: ARG001 - the interface's
        return [b"body"]

    got, errors = ask(application, front_end)

    assert (got.status, errors) == (500, ["the application sent no response: it never called start_response"])


@every
def test_file_wrapper(front_end: FrontEnd) -> None:
    """`wsgi.file_wrapper` makes an iterable of a file, and closes it."""
    files = []

    def application(environ: Any, start_response: Any) -> Any:
        files.append(io.BytesIO(b"0123456789"))
        start_response("200 OK", [])
        return environ["wsgi.file_wrapper"](files[0], 4)

    assert ask(application, front_end)[0].body == b"0123456789"
    assert files[0].closed


def test_any_iterable() -> None:
    """A tuple, a set, an iterator, an object with `__getitem__` alone: whatever can be iterated is a body."""

    class Old:
        def __getitem__(self, index: int) -> bytes:
            return [b"a", b"b"][index]

    for parts in ((b"a", b"b"), iter([b"ab"]), {b"ab"}, (b"ab" for _ in range(1)), Old()):

        def application(environ: Any, start_response: Any) -> Any:  # noqa: ARG001 - the interface's
            start_response("200 OK", [])
            return parts  # noqa: B023 - called before the next one

        assert ask(application)[0].body == b"ab"


def test_text() -> None:
    """A piece that is text is an error in the application, with its reason in the log."""

    def application(environ: Any, start_response: Any) -> list[Any]:  # noqa: ARG001 - the interface's
        start_response("200 OK", [])
        return ["text"]

    got, errors = ask(application)

    assert got.status == 500
    assert "bytes-like object" in errors[0]
    assert "str found" in errors[0]


@pytest.mark.parametrize(
    ("text", "native"), [("a", "a"), ("\u00e9", "\u00e9"), ("\u65e5", "\u00e6\u0097\u00a5"), ("\ud800", "?")], ids=ascii
)
def test_latin_1(text: str, native: str) -> None:
    """A character that latin-1 lacks goes to the application as the bytes of its UTF-8, and a lone surrogate as `?`."""
    assert latin_1(text) == native
