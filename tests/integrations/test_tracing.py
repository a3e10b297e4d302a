"""Which trace an invocation belongs to."""

from __future__ import annotations

import asyncio
import re
import threading

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lambda_bootstrap.current import trace_keeper
from lambda_bootstrap.integrations.tracing import traceparent

from tests.support.loop import OverError, Script, a_loop, an_invocation

TRACE = "Root=1-6b038200-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=1;Lineage=1:abcdef01:0"
PARENT = "00-6b0382000123456789abcdef01234567-0123456789abcdef-01"


class TestBegin:
    """The environment variable where tools look for the trace."""

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
    def test_variable(self, before: dict[str, str], header: str, after: dict[str, str]) -> None:
        """The variable holds the invocation's header as it came; without one the variable is gone."""
        environ = {"PATH": "/bin", **before}
        trace_keeper(environ)(an_invocation(lambda_runtime_trace_id=header))

        assert environ == {"PATH": "/bin", **after}

    def test_through_the_loop(self) -> None:
        """Each invocation sees its own trace, in threads and tasks as well, and none is left behind."""
        environ: dict[str, str] = {}
        seen: list[str | None] = []

        def look() -> None:
            seen.append(environ.get("_X_AMZN_TRACE_ID"))

        async def task() -> None:
            await asyncio.sleep(0)
            look()

        def handler() -> None:
            look()
            thread = threading.Thread(target=look)
            thread.start()
            thread.join()
            asyncio.run(task())

        script = Script(an_invocation("1", lambda_runtime_trace_id="Root=1"), an_invocation("2"))
        with pytest.raises(OverError):
            a_loop(script, handler, environ).run()

        assert seen == ["Root=1"] * 3 + [None] * 3
        assert environ == {}


def digits(count: int) -> st.SearchStrategy[str]:
    """Hexadecimal digits, not all of them 0."""
    return st.text("0123456789abcdef", min_size=count, max_size=count).filter(lambda text: bool(text.strip("0")))


class TestAnyHeader:
    """X-Ray's header as W3C's."""

    @given(digits(32), digits(16), st.sampled_from("01"), st.permutations(["Root", "Parent", "Sampled", "Self"]))
    def test_from_xray(self, trace: str, parent: str, sampled: str, order: list[str]) -> None:
        """X-Ray's header is W3C's in another form, in whatever order its parts are."""
        values = {"Root": f"1-{trace[:8]}-{trace[8:]}", "Parent": parent, "Sampled": sampled, "Self": "1-a-b"}
        found = traceparent(";".join(f"{name}={values[name]}" for name in order))

        assert found == f"00-{trace}-{parent}-0{sampled}"

    @given(st.text() | st.text(st.sampled_from("Root=1-;Parent=Sampled0f\x00é")))
    @example(f"{TRACE}\n")
    @example(f"{PARENT}\n")
    def test_garbage(self, text: str) -> None:
        """Any text is X-Ray's header or not, without an exception."""
        found = traceparent(text)

        assert found is None or re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", found)


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
