"""HTTP/1.1 for one peer, without a socket."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lambda_bootstrap.errors import RuntimeApiError
from lambda_bootstrap.http1 import Reader, Response, encode, whole

from tests.support.edits import edited
from tests.support.http1 import messages

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def seen(response: Response | None) -> Any:
    """A response as a value."""
    if response is None:
        return None
    return response.status, response.headers, response.body, response.closes


def read(data: bytes, cuts: tuple[int, ...] = (), *, close: bool = False) -> Any:
    """What a reader makes of *data*, cut at *cuts* and followed by the end of the connection if *close*."""
    reader = Reader()
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    response = None
    for start, end in pairwise(places):
        if start < end:
            assert response is None, "the response was complete before its last byte"
            response = reader.feed(data[start:end])
    if close and response is None:
        response = reader.end()
    return seen(response)


def cut_short(data: bytes) -> str:
    """Why *data* and then the end of the connection is no response."""
    reader = Reader()
    assert reader.feed(data) is None
    with pytest.raises(RuntimeApiError) as refusal:
        reader.end()
    return str(refusal.value)


def refusal(data: bytes) -> str:
    """Why *data* is no response."""
    with pytest.raises(RuntimeApiError) as refused:
        Reader().feed(data)
    return str(refused.value)


CUTS = st.lists(st.integers(0, 1 << 16), max_size=6).map(tuple)
BITS = st.sampled_from(
    [b"\r\n", b"\r", b"\n", b":", b" ", b"0", b"99999", b"\xff", b"\0", b";", b"-", b"\r\n\r\n", b"1xx"]
)
EDITS = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 3), BITS), min_size=1, max_size=5)


def outcome(data: bytes, cuts: tuple[int, ...]) -> Any:
    """A response, None, or RuntimeApiError: whatever *data* comes to."""
    reader = Reader()
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    try:
        for start, end in pairwise(places):
            response = reader.feed(data[start:end])
            if response is not None:
                return seen(response)
        return seen(reader.end())
    except RuntimeApiError as error:
        return type(error)


class TestEncode:
    """The head of a request."""

    @pytest.mark.parametrize(
        ("request_", "head"),
        [
            pytest.param(("GET", "/next", (), None), b"GET /next HTTP/1.1\r\n\r\n", id="bare"),
            pytest.param(
                ("GET", "/next", (("Host", "h:1"), ("A", "")), None),
                b"GET /next HTTP/1.1\r\nHost: h:1\r\nA: \r\n\r\n",
                id="headers",
            ),
            pytest.param(
                ("POST", "/r", (("Host", "h"),), b"{}"),
                b"POST /r HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n",
                id="body",
            ),
            pytest.param(("POST", "/r", (), b""), b"POST /r HTTP/1.1\r\nContent-Length: 0\r\n\r\n", id="empty body"),
            pytest.param(("GET", "/", (("A", "\xe9"),), None), b"GET / HTTP/1.1\r\nA: \xe9\r\n\r\n", id="latin-1"),
        ],
    )
    def test_bytes(self, request_: tuple[str, str, tuple[tuple[str, str], ...], bytes | None], head: bytes) -> None:
        """A head is these bytes."""
        assert encode(*request_) == head

    @pytest.mark.parametrize("value", ["\u20ac", "\ud800"], ids=["euro", "lone surrogate"])
    def test_refused(self, value: str) -> None:
        """A header that latin-1 cannot hold is refused."""
        with pytest.raises(ValueError, match="latin-1"):
            encode("GET", "/", (("A", value),), None)


class TestValid:
    """Responses that every HTTP/1.1 client understands."""

    @given(messages(), CUTS)
    def test_any_cut(self, message: tuple[bytes, Any, bool], cuts: tuple[int, ...]) -> None:
        """However a response is cut, it is the same response, and complete with its last byte."""
        data, expected, close = message

        assert read(data, cuts, close=close) == expected

    @given(messages())
    def test_byte_by_byte(self, message: tuple[bytes, Any, bool]) -> None:
        """A response may arrive one byte at a time."""
        data, expected, close = message

        assert read(data, tuple(range(len(data))), close=close) == expected

    @given(messages())
    def test_prefix(self, message: tuple[bytes, Any, bool]) -> None:
        """A response that lacks its last byte is none, unless the peer's closing ends it."""
        data, _, close = message
        reader = Reader()

        assert reader.feed(data[:-1]) is None
        if not close:
            with pytest.raises(RuntimeApiError, match=r"closed the connection after \d+ bytes of a response$"):
                reader.end()

    @pytest.mark.parametrize(
        ("data", "expected"),
        [
            pytest.param(OK + b"\r\n", (200, {}, b"", True), id="nothing"),
            pytest.param(OK + b"\r\nabc", (200, {}, b"abc", True), id="until close"),
            pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", (204, {}, b"", False), id="204 has no body"),
            pytest.param(
                b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
                (304, {"content-length": "5"}, b"", False),
                id="304 has no body",
            ),
            pytest.param(
                OK + b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
                (200, {"content-length": "9", "transfer-encoding": "chunked"}, b"a", False),
                id="chunked beats length",
            ),
            pytest.param(
                OK + b"Transfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\nabc",
                (200, {"transfer-encoding": "gzip", "content-length": "1"}, b"abc", True),
                id="another coding runs until close",
            ),
            pytest.param(
                OK + b"A: 1\r\na: 2\r\nB:\r\nA:\t3 \r\nContent-Length: 0\r\n\r\n",
                (200, {"a": "1, 2, 3", "b": "", "content-length": "0"}, b"", False),
                id="repeated and empty headers",
            ),
            pytest.param(
                OK + b"A: \xc3\xa9:\xff\r\nContent-Length: 0\r\n\r\n",
                (200, {"a": "\xc3\xa9:\xff", "content-length": "0"}, b"", False),
                id="latin-1 and colons",
            ),
            pytest.param(
                OK + b"A: \xa0b\x85\t\r\nContent-Length: 0\r\n\r\n",
                (200, {"a": "\xa0b\x85", "content-length": "0"}, b"", False),
                id="space that is none in HTTP",
            ),
            pytest.param(
                OK + b"Connection: Upgrade, Close\r\nContent-Length: 0\r\n\r\n",
                (200, {"connection": "Upgrade, Close", "content-length": "0"}, b"", True),
                id="close among others",
            ),
            pytest.param(
                b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\na",
                (200, {"content-length": "1"}, b"a", False),
                id="interim responses",
            ),
        ],
    )
    def test_named(self, data: bytes, expected: Any) -> None:
        """A response says exactly this."""
        assert read(data, close=True) == expected

    def test_rest_is_not_the_body(self) -> None:
        """Bytes behind a complete response are not part of it."""
        assert read(OK + b"Content-Length: 1\r\n\r\nabc") == (200, {"content-length": "1"}, b"a", False)

    def test_nothing_fed(self) -> None:
        """No bytes are no response."""
        assert Reader().feed(b"") is None

    def test_large(self) -> None:
        """A body of six megabytes in packets arrives unchanged."""
        body = bytes(range(256)) * 25_000
        data = OK + b"Content-Length: %d\r\n\r\n" % len(body) + body

        assert read(data, tuple(range(0, len(data), 65_536)))[2] == body

    @pytest.mark.parametrize("cuts", [(), (60,)], ids=["whole", "in pieces"])
    @pytest.mark.parametrize(
        "data",
        [OK + b"Content-Length: 40\r\n\r\n" + b"a" * 40, CHUNKED + b"3\r\nabc\r\n0\r\n\r\n"],
        ids=["length", "chunks"],
    )
    def test_kind(self, data: bytes, cuts: tuple[int, ...]) -> None:
        """A body is bytes, which a dict may have as a key, however it came."""
        assert type(read(data, cuts)[2]) is bytes


class TestWanted:
    """How much is known to be missing."""

    @pytest.mark.parametrize(
        ("data", "wanted"),
        [
            pytest.param(b"", 0, id="nothing yet"),
            pytest.param(OK, 0, id="within the head"),
            pytest.param(OK + b"Content-Length: 10\r\n\r\n", 10, id="all of the body"),
            pytest.param(OK + b"Content-Length: 10\r\n\r\nabc", 7, id="some of the body"),
            pytest.param(CHUNKED + b"a\r\nab", 0, id="chunked"),
            pytest.param(OK + b"\r\nabc", 0, id="until close"),
        ],
    )
    def test_wanted(self, data: bytes, wanted: int) -> None:
        """The bytes missing are counted where a length was given."""
        reader = Reader()
        assert reader.feed(data) is None

        assert reader.wanted == wanted


class TestIsBlank:
    """Whether anything has come back at all."""

    def test_before(self) -> None:
        """A new reader is blank."""
        assert Reader().is_blank

    @pytest.mark.parametrize("data", [b"H", OK + b"\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"])
    def test_after(self, data: bytes) -> None:
        """A reader is not blank after one byte."""
        reader = Reader()
        reader.feed(data)

        assert not reader.is_blank


def at_once(data: bytes) -> Any:
    """What `whole` makes of *data*."""
    try:
        return seen(whole(data))
    except RuntimeApiError as error:
        return type(error)


class TestWhole:
    """Responses in one piece, which need no reader."""

    @pytest.mark.parametrize(
        ("data", "expected"),
        [
            pytest.param(
                OK + b"A: b\r\nContent-Length: 2\r\n\r\nhi",
                (200, {"a": "b", "content-length": "2"}, b"hi", False),
                id="length",
            ),
            pytest.param(
                b"HTTP/1.1 202 Accepted\r\nContent-Length:\t0 \r\n\r\n",
                (202, {"content-length": "0"}, b"", False),
                id="empty",
            ),
            pytest.param(OK + b"Content-Length: 3\r\n\r\nhi", None, id="too little"),
            pytest.param(OK + b"Content-Length: 1\r\n\r\nhi", None, id="too much"),
            pytest.param(OK + b"Content-Length: 02\r\n\r\nhi", None, id="leading zero"),
            pytest.param(OK + b"\r\nhi", None, id="no length"),
            pytest.param(OK + b"Content-Length: 2\r\n", None, id="no end"),
            pytest.param(OK + b"Content-Length: 2\r\nConnection: close\r\n\r\nhi", None, id="close"),
            pytest.param(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", None, id="HTTP/1.0"),
            pytest.param(OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", None, id="chunked"),
            pytest.param(b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nhi", None, id="204"),
            pytest.param(b"HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nhi", None, id="500"),
            pytest.param(OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi", None, id="twice"),
        ],
    )
    def test_named(self, data: bytes, expected: Any) -> None:
        """An ordinary response is taken at once; anything else is left to a reader."""
        assert at_once(data) == expected

    @given(messages())
    def test_valid(self, message: tuple[bytes, Any, bool]) -> None:
        """What is taken at once says what it would say to a reader."""
        assert at_once(message[0]) in (None, message[1])

    @given(messages(), EDITS)
    def test_mutations(self, message: tuple[bytes, Any, bool], edits: list[tuple[int, int, bytes]]) -> None:
        """A damaged response that is taken at once is what a reader would make of it, and so is a refused one."""
        data = edited(message[0], edits)

        assert at_once(data) in (None, outcome(data, ()))


class TestCutShort:
    """The peer closed too early."""

    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(b"HTTP/1.1 200", id="status line"),
            pytest.param(OK + b"A: b\r\n", id="head"),
            pytest.param(OK + b"Content-Length: 5\r\n\r\nabcd", id="body"),
            pytest.param(CHUNKED, id="before a chunk"),
            pytest.param(CHUNKED + b"5\r\nab", id="chunk"),
            pytest.param(CHUNKED + b"2\r\nab\r\n", id="between chunks"),
            pytest.param(CHUNKED + b"0\r\n", id="last chunk"),
            pytest.param(CHUNKED + b"0\r\nA: b\r\n", id="trailers"),
            pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n", id="after an interim response"),
        ],
    )
    def test_message(self, data: bytes) -> None:
        """A response cut short is an error that counts its bytes."""
        assert cut_short(data) == f"the Runtime API closed the connection after {len(data)} bytes of a response"


class TestMalformed:
    """What is no HTTP/1.1."""

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            pytest.param(
                b"SSH-2.0-x\r\n\r\n", "the Runtime API sent no status line: b'SSH-2.0-x'", id="another protocol"
            ),
            pytest.param(b"HTTP/2 200\r\n\r\n", "the Runtime API sent no status line: b'HTTP/2 200'", id="HTTP/2"),
            pytest.param(b"HTTP/1.1 20\r\n\r\n", "the Runtime API sent no status line: b'HTTP/1.1 20'", id="short"),
            pytest.param(
                b"HTTP/1.1 2x0 OK\r\n\r\n", "the Runtime API sent no status line: b'HTTP/1.1 2x0 OK'", id="letters"
            ),
            pytest.param(
                b"HTTP/1.1 \xb2\xb2\xb2\r\n\r\n",
                "the Runtime API sent no status line: b'HTTP/1.1 \\xb2\\xb2\\xb2'",
                id="digits that are none",
            ),
            pytest.param(b"\r\n\r\n", "the Runtime API sent no status line: b''", id="blank"),
            pytest.param(
                OK + b"no colon\r\n\r\n", "the Runtime API sent a header without a colon: b'no colon'", id="colon"
            ),
            pytest.param(
                OK + b"Content-Length: five\r\n\r\n",
                "the Runtime API sent a Content-Length that is no number: b'five'",
                id="length in words",
            ),
            pytest.param(
                OK + b"Content-Length: -1\r\n\r\n",
                "the Runtime API sent a Content-Length that is no number: b'-1'",
                id="negative length",
            ),
            pytest.param(
                OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
                "the Runtime API sent a Content-Length that is no number: b'1, 2'",
                id="two lengths",
            ),
            pytest.param(CHUNKED + b"\r\n", "the Runtime API sent a chunk without a size: b''", id="no size"),
            pytest.param(CHUNKED + b"g\r\n", "the Runtime API sent a chunk without a size: b'g'", id="no hex"),
            pytest.param(CHUNKED + b"-1\r\n", "the Runtime API sent a chunk without a size: b'-1'", id="negative"),
            pytest.param(CHUNKED + b"0x1\r\n", "the Runtime API sent a chunk without a size: b'0x1'", id="prefix"),
            pytest.param(CHUNKED + b"1_0\r\n", "the Runtime API sent a chunk without a size: b'1_0'", id="underscore"),
            pytest.param(CHUNKED + b"1\x0b\r\n", "the Runtime API sent a chunk without a size: b'1\\x0b'", id="space"),
            pytest.param(
                b"x" * 90 + b"\r\n\r\n", f"the Runtime API sent no status line: b'{'x' * 80}'", id="long ones are cut"
            ),
        ],
    )
    def test_message(self, data: bytes, message: str) -> None:
        """What is wrong is told with the bytes that are."""
        assert refusal(data) == message

    def test_endless_head(self) -> None:
        """A head is given up on after two megabytes."""
        reader = Reader()
        assert reader.feed(OK + b"A: " + b"x" * (2_097_152 - 20)) is None

        with pytest.raises(RuntimeApiError, match="a head without an end"):
            reader.feed(b"x")

    def test_length_of_many_digits(self) -> None:
        """A length that no integer is read from is no length."""
        assert "Content-Length" in refusal(OK + b"Content-Length: " + b"9" * 4301 + b"\r\n\r\n")

    def test_size_of_many_digits(self) -> None:
        """A chunk of astronomical size is refused."""
        assert "a chunk without a size" in refusal(CHUNKED + b"f" * 5000 + b"\r\nabc")

    def test_chunk_without_end(self) -> None:
        """A chunk that is longer than its size is no chunk."""
        assert "chunk" in refusal(CHUNKED + b"2\r\nabcd0\r\n\r\n")

    @pytest.mark.parametrize(
        "status",
        [
            pytest.param(b"2000", id="four digits"),
            pytest.param(b"099", id="below 100"),
            pytest.param(
                b"00200",
                id="zeros before it",
            ),
            pytest.param(
                b"9" * 4301,
                id="many digits",
            ),
        ],
    )
    def test_status(self, status: bytes) -> None:
        """A status has three digits."""
        assert "no status line" in refusal(b"HTTP/1.1 " + status + b" OK\r\n\r\n")

    @pytest.mark.parametrize("code", [*range(0x09), *range(0x0A, 0x20), 0x7F], ids=hex)
    def test_control_characters(self, code: int) -> None:
        """A value with a control character is refused (RFC 9110, 5.5)."""
        sent = OK + b"A: b" + bytes([code]) + b"c\r\nContent-Length: 0\r\n\r\n"

        assert "the Runtime API sent a control character in a header" in refusal(sent)

    @pytest.mark.parametrize("code", [0x09, *range(0x80, 0x100)], ids=hex)
    def test_other_characters(self, code: int) -> None:
        """A value with a tab or a byte beyond ASCII is taken as it is."""
        response = Reader().feed(OK + b"A: b" + bytes([code]) + b"c\r\nContent-Length: 0\r\n\r\n")

        assert response is not None
        assert response.headers["a"] == f"b{chr(code)}c"


class TestHostile:
    """Whatever arrives, it is a response, the want of more, or RuntimeApiError."""

    @given(messages(), EDITS, CUTS)
    def test_mutations(
        self, message: tuple[bytes, Any, bool], edits: list[tuple[int, int, bytes]], cuts: tuple[int, ...]
    ) -> None:
        """A damaged response comes to the same however it is cut."""
        data = edited(message[0], edits)

        assert outcome(data, cuts) == outcome(data, ())

    @given(st.binary(max_size=200), CUTS)
    def test_garbage(self, data: bytes, cuts: tuple[int, ...]) -> None:
        """Garbage comes to the same however it is cut."""
        assert outcome(data, cuts) == outcome(data, ())

    @given(st.binary(max_size=60), CUTS)
    def test_garbage_in_chunks(self, data: bytes, cuts: tuple[int, ...]) -> None:
        """Garbage in the place of chunks comes to the same however it is cut."""
        assert outcome(CHUNKED + data, cuts) == outcome(CHUNKED + data, ())
