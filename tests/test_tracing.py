"""Which trace an invocation belongs to."""

from __future__ import annotations

import asyncio
import contextvars
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lambda_bootstrap.tracing import Tracer, trace_id, traceparent, xray

from tests.support.loop import OverError, Script, a_loop, an_invocation

if TYPE_CHECKING:
    from collections.abc import Iterator

TRACE = "Root=1-6b038200-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=1;Lineage=1:abcdef01:0"
PARENT = "00-6b0382000123456789abcdef01234567-0123456789abcdef-01"


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    """The contextvar is as it was after a test."""
    token = trace_id.set("")
    yield
    trace_id.reset(token)


class TestBegin:
    """The environment variable where tools look for the trace, and the contextvar."""

    @pytest.mark.parametrize(
        ("before", "header", "after"),
        [
            pytest.param({}, TRACE, {"_X_AMZN_TRACE_ID": TRACE}, id="the first"),
            pytest.param({"_X_AMZN_TRACE_ID": "Root=old"}, TRACE, {"_X_AMZN_TRACE_ID": TRACE}, id="another"),
            pytest.param({"_X_AMZN_TRACE_ID": "Root=old"}, "", {}, id="none after one"),
            pytest.param({}, "", {}, id="none at all"),
            pytest.param({}, "0", {"_X_AMZN_TRACE_ID": "0"}, id="zero"),
        ],
    )
    def test_both(self, before: dict[str, str], header: str, after: dict[str, str]) -> None:
        """Variable and contextvar hold the invocation's header as it came; without one the variable is gone."""
        environ = {"PATH": "/bin", **before}
        Tracer(environ).begin(header)

        assert environ == {"PATH": "/bin", **after}
        assert trace_id.get() == header

    def test_outside(self) -> None:
        """Outside of an invocation the contextvar is empty, not missing."""
        assert contextvars.Context().run(trace_id.get) == ""

    def test_through_the_loop(self) -> None:
        """Each invocation sees its own trace, in tasks as well, and none is left behind."""
        seen: list[str] = []

        async def task() -> None:
            await asyncio.sleep(0)
            seen.append(trace_id.get())

        def handler() -> None:
            seen.append(trace_id.get())
            asyncio.run(task())

        script = Script(an_invocation("1", lambda_runtime_trace_id="Root=1"), an_invocation("2"))
        with pytest.raises(OverError):
            a_loop(script, handler).run()

        assert seen == ["Root=1", "Root=1", "", ""]
        assert trace_id.get() == ""


def digits(count: int) -> st.SearchStrategy[str]:
    """Hexadecimal digits, not all of them 0."""
    return st.text("0123456789abcdef", min_size=count, max_size=count).filter(lambda text: bool(text.strip("0")))


class TestBothWays:
    """X-Ray's header as W3C's, and back."""

    @given(digits(32), digits(16), st.integers(0, 255))
    def test_from_w3c(self, trace: str, parent: str, flags: int) -> None:
        """A `traceparent` survives the way to X-Ray and back, but for flags that X-Ray does not know."""
        header = xray(f"00-{trace}-{parent}-{flags:02x}")

        assert header == f"Root=1-{trace[:8]}-{trace[8:]};Parent={parent};Sampled={flags % 2}"
        assert traceparent(header) == f"00-{trace}-{parent}-0{flags % 2}"

    @given(digits(32), digits(16), st.sampled_from("01"), st.permutations(["Root", "Parent", "Sampled", "Self"]))
    def test_from_xray(self, trace: str, parent: str, sampled: str, order: list[str]) -> None:
        """X-Ray's header survives the way to W3C and back, in whatever order its parts are."""
        values = {"Root": f"1-{trace[:8]}-{trace[8:]}", "Parent": parent, "Sampled": sampled, "Self": "1-a-b"}
        found = traceparent(";".join(f"{name}={values[name]}" for name in order))

        assert found == f"00-{trace}-{parent}-0{sampled}"
        assert xray(found) == f"Root=1-{trace[:8]}-{trace[8:]};Parent={parent};Sampled={sampled}"

    @given(st.text() | st.text(st.sampled_from("Root=1-;Parent=Sampled0f\x00é")))
    @example(f"{TRACE}\n")
    @example(f"{PARENT}\n")
    def test_garbage(self, text: str) -> None:
        """Any text is X-Ray's header, W3C's, or neither, without an exception."""
        found, back = traceparent(text), xray(text)

        assert found is None or re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", found)
        assert back is None or re.fullmatch("Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=[01]", back)


class TestTraceparent:
    """From X-Ray's header."""

    @pytest.mark.parametrize(
        "header",
        [
            pytest.param(TRACE, id="lineage"),
            pytest.param(TRACE.replace(";", "; "), id="spaces"),
            pytest.param(TRACE.replace("abcdef", "ABCDEF"), id="upper case"),
            pytest.param(f"Self=1-a-b;{TRACE};nonsense;=;a=b=c", id="unknown parts"),
        ],
    )
    def test_is(self, header: str) -> None:
        """What X-Ray and its clients send is understood."""
        assert traceparent(header) == PARENT

    @pytest.mark.parametrize("sampled", ["", ";Sampled=0", ";Sampled=?", ";Sampled=", ";Sampled=2", ";sampled=1"])
    def test_not_sampled(self, sampled: str) -> None:
        """A trace that is not said to be sampled is not sampled."""
        assert traceparent(f"Root=1-6b038200-0123456789abcdef01234567;Parent=0123456789abcdef{sampled}") == (
            f"{PARENT[:-2]}00"
        )

    @pytest.mark.parametrize(
        "header",
        [
            *("", "0", "Root", "Root=", "Root=1", "Root=0;Parent=0;Sampled=0", "a=b", ";;;", "=", "1-2-3"),
            pytest.param("Root=1-6b038200-0123456789abcdef01234567;Sampled=1", id="no parent"),
            pytest.param("Parent=0123456789abcdef;Sampled=1", id="no root"),
            pytest.param("Root=2-6b038200-0123456789abcdef01234567;Parent=0123456789abcdef", id="version"),
            pytest.param("Root=1-6b038200-0123456789abcdef0123456;Parent=0123456789abcdef", id="short root"),
            pytest.param("Root=1-6b038200-0123456789abcdef012345678;Parent=0123456789abcdef", id="long root"),
            pytest.param("Root=1-6b03820-00123456789abcdef01234567;Parent=0123456789abcdef", id="dash elsewhere"),
            pytest.param("Root=1-6b038200-0123456789abcdef0123456g;Parent=0123456789abcdef", id="no digit"),
            pytest.param("Root=1-6b038200-0123456789abcdef01234567;Parent=0123456789abcde", id="short parent"),
            pytest.param("Root=1-00000000-000000000000000000000000;Parent=0123456789abcdef", id="zero root"),
            pytest.param("Root=1-6b038200-0123456789abcdef01234567;Parent=0000000000000000", id="zero parent"),
        ],
    )
    def test_is_not(self, header: str) -> None:
        """A header that lacks a whole root or parent, or has a placeholder, is no trace."""
        assert traceparent(header) is None

    @pytest.mark.parametrize("root", ["1-6b038200-01234567-89abcdef01234567", "1-6b038200--0123456789abcdef01234567"])
    def test_more_dashes(self, root: str) -> None:
        """A root with more than three parts is none."""
        assert traceparent(f"Root={root};Parent=0123456789abcdef") is None


class TestXray:
    """From W3C's header."""

    @pytest.mark.parametrize(
        "header",
        [
            pytest.param(PARENT, id="plain"),
            pytest.param(f" {PARENT}\t", id="space around"),
            pytest.param(f"cc{PARENT[2:]}", id="later version"),
            pytest.param(f"cc{PARENT[2:]}-and-more", id="later version with more"),
            pytest.param(f"{PARENT[:-2]}ff", id="unknown flags"),
        ],
    )
    def test_is(self, header: str) -> None:
        """A `traceparent` of version 00 and of every later one is understood."""
        assert xray(header) == "Root=1-6b038200-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=1"

    @pytest.mark.parametrize(
        "header",
        [
            *("", "0", "00", "-", "---", "00-a-b-01"),
            pytest.param(f"{PARENT}-more", id="more"),
            pytest.param(f"{PARENT}0", id="long flags"),
            pytest.param(PARENT[:-1], id="short flags"),
            pytest.param(PARENT[:-3], id="no flags"),
            pytest.param(f"{PARENT[:-2]}0g", id="flags of no digits"),
            pytest.param(f"ff{PARENT[2:]}", id="version ff"),
            pytest.param(f"0{PARENT[2:]}", id="short version"),
            pytest.param(f"00-{'0' * 32}-0123456789abcdef-01", id="zero trace"),
            pytest.param(f"00-6b0382000123456789abcdef01234567-{'0' * 16}-01", id="zero parent"),
            pytest.param(PARENT.replace("-", "_"), id="no dashes"),
            pytest.param(TRACE, id="X-Ray's"),
        ],
    )
    def test_is_not(self, header: str) -> None:
        """A text that breaks a rule of W3C is no `traceparent`."""
        assert xray(header) is None

    def test_glued(self) -> None:
        """A `traceparent` of a later version has a dash before what that version adds."""
        assert xray(f"cc{PARENT[2:]}x") is None
