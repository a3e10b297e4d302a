"""Plain requests: what is taken without h11 is what h11 takes, to the byte; anything else is h11's."""

from __future__ import annotations

import h11
from hypothesis import given
from hypothesis import strategies as st
from lambda_bootstrap_dev.emulator import plain

REQUEST = b"POST /2018-06-01/runtime/invocation/1/response HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
# Parts of heads, right and wrong, of which any mixture is tried.
LINES = [
    *(
        b"Host: a",
        b"host:b",
        b"Content-Length: 2",
        b"content-length:  2 \t",
        b"Content-Length: +2",
        b"Content-Length: 2,2",
    ),
    *(
        b"Connection: close",
        b"Connection: keep-alive",
        b"Transfer-Encoding: chunked",
        b"Expect: 100-continue",
        b"TE: x",
    ),
    *(
        b"X: y",
        b"x:",
        b"X:\t y z\t",
        b"X: \xe9",
        b"X: a\x00b",
        b"X: a\x7f",
        b"X: a\rb",
        b" folded",
        b"X : y",
        b"=: y",
        b":",
    ),
    b"",
]
FIRST = [
    *(
        b"GET / HTTP/1.1",
        b"POST /a?b=%20 HTTP/1.1",
        b"PUT * HTTP/1.1",
        b"HEAD / HTTP/1.1",
        b"GET / HTTP/1.0",
        b"get / HTTP/1.1",
    ),
    *(b"GET /a b HTTP/1.1", b"GET  / HTTP/1.1", b"GET /\xe9 HTTP/1.1", b"GET / HTTP/1.1 ", b" GET / HTTP/1.1", b""),
]


def by_h11(data: bytes) -> tuple[object, ...]:
    """The request that *data* begins with, as h11 has it."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    connection.receive_data(data)
    head = connection.next_event()
    assert isinstance(head, h11.Request)
    body = b""
    while not isinstance(event := connection.next_event(), h11.EndOfMessage):
        assert isinstance(event, h11.Data)
        body += event.data
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers.raw_items())
    return head.method.decode(), head.target.decode(), headers, body, len(data) - len(connection.trailing_data[0])


def test_read() -> None:
    """A request with the next one behind it is taken with its names in their own case, and without the next."""
    assert plain.read(REQUEST + b"GET ") == (
        "POST",
        "/2018-06-01/runtime/invocation/1/response",
        (("Host", "a"), ("Content-Length", "2")),
        b"{}",
        len(REQUEST),
    )


@given(st.sampled_from(FIRST), st.lists(st.sampled_from(LINES), max_size=6), st.binary(max_size=4))
def test_as_h11(first: bytes, lines: list[bytes], rest: bytes) -> None:
    """Whatever is taken without h11 is taken by h11 too, with the same result."""
    data = b"\r\n".join([first, *lines, b"", b""]) + rest
    found = plain.read(data)

    assert found is None or tuple(found) == by_h11(data)


@given(st.integers(0, len(REQUEST) - 1), st.binary(min_size=1, max_size=3))
def test_changed(place: int, change: bytes) -> None:
    """A request of which any bytes have been changed is taken as h11 takes it, or left to h11."""
    data = REQUEST[:place] + change + REQUEST[place + len(change) :]
    found = plain.read(data)

    assert found is None or tuple(found) == by_h11(data)


def test_in_pieces() -> None:
    """A request that isn't whole is left to h11, wherever it is cut."""
    assert [end for end in range(len(REQUEST)) if plain.read(REQUEST[:end])] == []


def test_long_head() -> None:
    """A head of more than 16 KB is left to h11, so that no head is looked at again and again."""
    assert plain.read(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * plain.MAX_HEAD + b"\r\n\r\n") is None
