"""The HTTP parser under bytes that nobody would send; what has to hold of it stands in tests/support/fuzz.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lambda_bootstrap.errors import RuntimeApiError
from lambda_bootstrap.http1 import MAX_HEAD, Reader

from tests.support.edits import edited
from tests.support.fuzz import CORPUS, REFUSED, check, outcome
from tests.support.http1 import messages

if TYPE_CHECKING:
    from pathlib import Path

# What a parser trips over, rather than any byte.
PIECES = st.sampled_from(
    [
        b"\r\n",
        b"\n",
        b"\r",
        b"\r\n\r\n",
        b" ",
        b"\t",
        b":",
        b";",
        b"0",
        b"0\r\n\r\n",
        b"-1",
        b"+1",
        b"ffffffffffffffff",
        b"1_0",
        b"\x00",
        b"\x7f",
        b"\xff",
        "\u0660".encode(),
        b"HTTP/1.1 ",
        b"HTTP/1.1 100 \r\n\r\n",
        b"Content-Length: 3\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close\r\n",
    ]
)
EDITS = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 8), PIECES | st.binary(max_size=4)), max_size=4)


@settings(max_examples=500, deadline=None)
@given(messages(), EDITS)
def test_any_mutation(message: tuple[bytes, Any, bool], edits: list[tuple[int, int, bytes]]) -> None:
    """A response that was tampered with is a response or one kind of exception, the same in any split."""
    check(edited(message[0], edits))


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES | st.binary(max_size=8)).map(b"".join))
def test_any_bytes(data: bytes) -> None:
    """Bytes that were never a response are one kind of exception, or a response after all, the same in any split."""
    check(data)


@pytest.mark.parametrize("path", sorted(CORPUS.iterdir()), ids=lambda path: str(path.name))
def test_corpus(path: Path) -> None:
    """What fuzzing has reached stays reached: every kept input is a response or one kind of exception."""
    check(path.read_bytes())


def test_corpus_has_both() -> None:
    """The kept inputs are no monoculture: some are responses, some are refused."""
    kinds = {outcome(path.read_bytes(), 1) == REFUSED for path in CORPUS.iterdir()}

    assert kinds == {True, False}


def test_endless_head() -> None:
    """A head that never ends is refused before it fills the memory."""
    reader = Reader()
    reader.feed(b"HTTP/1.1 200 OK\r\n" + b"x" * (MAX_HEAD - 17))

    with pytest.raises(RuntimeApiError, match="a head without an end"):
        reader.feed(b"xx")
