"""ASGI applications: the protocol, the loop, and what goes on after a response."""

from __future__ import annotations

import asyncio
import contextvars
import time
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap import current
from lambda_bootstrap.errors import InitError
from lambda_bootstrap.lifecycle import event_loop
from lambda_bootstrap.web.application import RefusedError

from tests.support.applications import Echo, Served
from tests.support.front_ends import ALL, REST, URL, FrontEnd, Sent
from tests.support.loop import an_invocation

if TYPE_CHECKING:
    from pathlib import Path

every = pytest.mark.parametrize("front_end", ALL, ids=str)
START = {"type": "http.response.start", "status": 200}
END = {"type": "http.response.body", "body": b"done"}


class TestScope:
    """What an application is told."""

    def test_all(self) -> None:
        """The scope of a request has what the specification asks for."""
        echo = Echo()
        event = URL.event(Sent("POST", "/a", "b=c", [("Host", "example.org")], b"body"))
        Served(echo).call(event, None)

        assert echo.scope == {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "https",
            "path": "/a",
            "raw_path": b"/a",
            "query_string": b"b=c",
            "root_path": "",
            "headers": [(b"host", b"example.org"), (b"content-length", b"4")],
            "client": ("192.0.2.7", 0),
            "server": ("example.org", 443),
            "state": {},
            "extensions": {"http.response.pathsend": {}},
            "aws.event": event,
            "aws.context": None,
        }

    def test_own(self) -> None:
        """A scope belongs to its request: what an application changes in it, the next request doesn't see."""
        echo = Echo()
        served = Served(echo)
        served.ask(URL, Sent())
        echo.scope["asgi"]["version"] = "4"
        echo.scope["state"]["a"] = 1
        echo.scope["extensions"]["b"] = {}
        served.ask(URL, Sent())

        assert echo.scope["asgi"]["version"] == "3.0"
        assert (echo.scope["state"], list(echo.scope["extensions"])) == ({}, ["http.response.pathsend"])


class TestReceive:
    """Row "receive()"."""

    @every
    def test_once(self, front_end: FrontEnd) -> None:
        """The body comes in one message; the next call waits until the response is complete, then it is over."""
        story: list[Any] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                return
            story.append(await receive())
            waiting = [asyncio.ensure_future(receive()) for _ in range(2)]
            waiting.append(asyncio.ensure_future(receive()))
            await asyncio.sleep(0)
            waiting.pop().cancel()
            await send(START)
            await asyncio.sleep(0.001)
            story.append([each.done() for each in waiting])
            await send(END)
            story.extend(await asyncio.gather(*waiting))
            story.append(await receive())

        Served(app).ask(front_end, Sent("POST", body=b"body"))

        gone = {"type": "http.disconnect"}
        request = {"type": "http.request", "body": b"body", "more_body": False}
        assert story == [request, [False, False], gone, gone, gone]


class TestSend:
    """What an application may send, and when."""

    @every
    def test_pieces(self, front_end: FrontEnd) -> None:
        """A body may come in pieces, of any type that holds bytes."""

        async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the interface's
            await send(START)
            for piece in (b"a", bytearray(b"b"), memoryview(b"c"), b""):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"d"})

        assert Served(app).ask(front_end, Sent()).body == b"abcd"

    @every
    def test_pathsend(self, front_end: FrontEnd, tmp_path: Path) -> None:
        """A file is sent by its path, which is an extension that the scope offers."""
        (tmp_path / "file").write_bytes(bytes(range(256)) * 1000)

        async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the interface's
            await send(START)
            await send({"type": "http.response.pathsend", "path": str(tmp_path / "file")})

        assert Served(app).ask(front_end, Sent()).body == bytes(range(256)) * 1000

    @pytest.mark.parametrize("environ", [{}, {"BOOTSTRAP_HTTP_ERROR_STATUS": "400-599"}])
    @pytest.mark.parametrize("status", [1, 99, -1, 1000, True])
    def test_no_status(self, status: int, environ: dict[str, str]) -> None:
        """A number that is no status is the application's error, and never handed to the front end."""

        async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the interface's
            if scope["type"] == "http":
                await send({"type": "http.response.start", "status": status})
                await send(END)

        served = Served(app, environ)
        if environ:
            with pytest.raises(ValueError, match="an HTTP status is an integer from 100 to 999, not "):
                served.ask(URL, Sent())
            return

        assert served.ask(URL, Sent()).status == 500
        assert served.log.errors[0].message == f"an HTTP status is an integer from 100 to 999, not {int(status)}"

    def test_buffer(self) -> None:
        """A piece is as it was when it was sent: an application may fill its buffer anew."""

        async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the interface's
            if scope["type"] != "http":
                return
            buffer = bytearray(b"abc")
            await send(START)
            await send({"type": "http.response.body", "body": memoryview(buffer)[::2], "more_body": True})
            buffer[:] = b"xyz"
            await send({"type": "http.response.body", "body": buffer})

        assert Served(app).ask(URL, Sent()).body == b"acxyz"

    @pytest.mark.parametrize("body", ["text", None, 1])
    def test_no_bytes(self, body: Any) -> None:
        """A body that is not bytes is the application's error, which is answered with status 500."""

        async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the interface's
            if scope["type"] == "http":
                await send(START)
                await send({"type": "http.response.body", "body": body})

        served = Served(app)

        assert (served.ask(URL, Sent()).status, len(served.log.errors)) == (500, 1)

    @pytest.mark.parametrize(
        ("messages", "error"),
        [
            ([END], "the application sent 'http.response.body' before the response"),
            ([START, START], "the application sent 'http.response.start' during the response"),
            ([START, END, END], "the application sent 'http.response.body' after the response was complete"),
            ([{"type": "websocket.accept"}], "the application sent 'websocket.accept' before the response"),
        ],
    )
    def test_turn(self, messages: list[Any], error: str) -> None:
        """A message whose turn it isn't is an error in the application, which says so."""

        async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the interface's
            if scope["type"] == "http":
                for message in messages:
                    await send(message)

        served = Served(app)
        got = served.ask(URL, Sent())

        assert [failure.message for failure in served.log.errors] == [error]
        assert got.status == (200 if END in messages[1:] and len(messages) == 3 else 500)


class TestErrors:
    """Rows of errors."""

    @every
    def test_before_start(self, front_end: FrontEnd) -> None:
        """An error before the response is an ERROR record with its trace, and a 500 in plain text."""

        async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the interface's
            raise LookupError("no such thing")

        served = Served(app)
        got = served.ask(front_end, Sent())
        (failure,) = served.log.errors

        assert (got.status, got.header("content-type"), got.body) == (
            *(500, "text/plain; charset=utf-8", b"Internal Server Error"),
        )
        assert (failure.error_type, failure.message) == ("LookupError", "no such thing")
        assert "in app" in failure.stack[0]
        assert "lambda_bootstrap" not in "".join(failure.stack)

    @every
    def test_after_start(self, front_end: FrontEnd) -> None:
        """An error half-way is a 500: half a body is never sent as a whole one."""

        async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the interface's
            await send(START)
            await send({"type": "http.response.body", "body": b"half", "more_body": True})
            raise LookupError

        served = Served(app)
        got = served.ask(front_end, Sent())

        assert (got.status, got.body) == (500, b"Internal Server Error")
        assert [failure.error_type for failure in served.log.errors] == ["LookupError"]

    @every
    @pytest.mark.parametrize(
        ("messages", "error"),
        [
            ([], "the application sent no response"),
            ([START], "the application ended before its response did: the last piece says more_body"),
        ],
    )
    def test_no_response(self, front_end: FrontEnd, messages: list[Any], error: str) -> None:
        """An application that ends without a whole response is named as the one that does."""

        async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the interface's
            if scope["type"] == "http":
                for message in messages:
                    await send(message)

        served = Served(app)

        assert served.ask(front_end, Sent()).status == 500
        assert [failure.message for failure in served.log.errors] == [error]

    @pytest.mark.parametrize(
        "error", [asyncio.CancelledError("why"), GeneratorExit("why"), BaseExceptionGroup("why", [KeyboardInterrupt()])]
    )
    @pytest.mark.parametrize("is_late", [False, True])
    def test_base(self, error: BaseException, *, is_late: bool) -> None:
        """What is no Exception and doesn't end the process is an error like any other, as behind a server."""

        async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the interface's
            if scope["type"] == "http":
                if is_late:
                    await send(START)
                    await send(END)
                raise error

        served = Served(app)

        assert served.ask(URL, Sent()).status == (200 if is_late else 500)
        assert [failure.message.partition(" ")[0] for failure in served.log.errors] == ["why"]

    def test_exit(self) -> None:
        """An application that exits ends the environment, as a handler does."""

        async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the interface's
            if scope["type"] == "http":
                raise SystemExit(3)

        with pytest.raises(SystemExit) as ended:
            Served(app).ask(URL, Sent())
        assert ended.value.code == 3

    def test_head(self) -> None:
        """The 500 to a HEAD has no body."""

        async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the interface's
            raise LookupError

        assert Served(app).ask(URL, Sent("HEAD")).body == b""


class TestBackground:
    """Row "background work"."""

    @every
    def test_after(self, front_end: FrontEnd) -> None:
        """What an application does after its response keeps nobody waiting, and comes to its end before the next."""
        story = []

        async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the interface's
            if scope["type"] != "http":
                return
            await send(START)
            await send(END)
            story.append("sent")
            await asyncio.sleep(0.01)
            story.append("done")

        served = Served(app)
        result = served.handler.call(front_end.event(Sent()), None)
        story.append("answered")
        served.handler.application.finish()

        assert front_end.receive(result).body == b"done"
        assert story == ["sent", "answered", "done"]

    @pytest.mark.parametrize("turns", [0, 1])
    def test_deadline(self, turns: int) -> None:
        """What goes on after the response is cancelled shortly before the deadline, whenever the response was sent."""

        async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the interface's
            if scope["type"] == "http":
                for _ in range(turns):
                    await asyncio.sleep(0)
                await send(START)
                await send(END)
                await asyncio.sleep(60)

        served = Served(app)
        deadline = int(time.time() * 1000) + 200
        current.begin(an_invocation(lambda_runtime_deadline_ms=str(deadline)))
        try:
            assert served.ask(URL, Sent()).body == b"done"
        finally:
            current.begin(an_invocation())

        [failure] = served.log.errors
        assert failure.error_type == "Runtime.DeadlineExceeded"
        assert time.time() * 1000 < deadline + 1000

    def test_deadline_in_first_turn(self) -> None:
        """An application whose first turn takes all of its time is cancelled as soon as it waits for anything."""

        async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the interface's
            if scope["type"] == "http":
                time.sleep(0.2)  # noqa: ASYNC251 - as a call that blocks
                await asyncio.sleep(5)
                await send(START)
                await send(END)

        served = Served(app)
        start = time.time()
        current.begin(an_invocation(lambda_runtime_deadline_ms=str(int(start * 1000) + 200)))
        try:
            with pytest.raises(RefusedError, match=r"before the deadline: it had 0\.1\d seconds") as caught:
                served.ask(URL, Sent())
        finally:
            current.begin(an_invocation())

        assert caught.value.error_type == "Runtime.DeadlineExceeded"
        assert time.time() - start < 3

    def test_error(self) -> None:
        """An error after the response is an ERROR record; the client has its answer."""

        async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the interface's
            if scope["type"] == "http":
                await send(START)
                await send(END)
                await asyncio.sleep(0)
                raise LookupError("late")

        served = Served(app)

        assert served.ask(URL, Sent()).body == b"done"
        assert [failure.message for failure in served.log.errors] == ["late"]
        assert served.ask(URL, Sent()).body == b"done"

    def test_several(self) -> None:
        """What several requests have left behind comes to its end, the oldest first; each error is logged once."""

        async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the interface's
            if scope["type"] == "http":
                await send(START)
                await send(END)
                await asyncio.sleep(0.01)
                raise LookupError(scope["path"])

        served = Served(app)
        for path in ("/one", "/two"):
            served.handler.call(URL.event(Sent(path=path)), None)
        served.handler.application.finish()

        assert [failure.message for failure in served.log.errors] == ["/one", "/two"]


class TestLifespan:
    """Row "lifespan"."""

    def test_whole(self) -> None:
        """An application starts once, its state is copied for each request, and it ends when it is told to."""
        story: list[Any] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "lifespan":
                story.append((await receive())["type"])
                scope["state"].update(pool=[1], n=0)
                await send({"type": "lifespan.startup.complete"})
                story.append((await receive())["type"])
                await asyncio.sleep(0.001)
                await send({"type": "lifespan.shutdown.complete"})
                return
            story.append((scope["state"]["n"], scope["state"]["pool"]))
            scope["state"]["n"] += 1
            scope["state"]["pool"].append(2)
            await send(START)
            await send(END)

        served = Served(app)
        served.ask(URL, Sent())
        served.ask(REST, Sent())
        pool = [1, 2, 2]

        assert story == ["lifespan.startup", (0, pool), (0, pool)]
        assert served.handler.application.lifespan.end() == ""
        assert story[-1] == "lifespan.shutdown"
        assert served.handler.application.lifespan.end() == ""

    def test_failed(self) -> None:
        """A start that fails is an init error with the application's own message."""

        async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the interface's
            await receive()
            await send({"type": "lifespan.startup.failed", "message": "no database"})

        with pytest.raises(InitError, match=r"^the application could not start: no database$") as failed:
            Served(app)
        assert failed.value.error_type == "Runtime.LifespanFailed"

    def test_failed_shutdown(self) -> None:
        """An end that fails has the application's own message."""

        async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the interface's
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.failed", "message": "still busy"})

        assert Served(app).handler.application.lifespan.end() == "still busy"

    @pytest.mark.parametrize("kind", [LookupError, asyncio.CancelledError])
    @pytest.mark.parametrize("phase", ["request", "shutdown"])
    def test_crash(self, phase: str, kind: type[BaseException]) -> None:
        """An error that ends the lifespan later, at a request or at the end, is a record."""
        crash = asyncio.Event()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "lifespan":
                await receive()
                await send({"type": "lifespan.startup.complete"})
                await (crash.wait() if phase == "request" else receive())
                raise kind(phase)
            crash.set()
            await asyncio.sleep(0)
            await send(START)
            await send(END)

        served = Served(app)
        served.ask(URL, Sent())
        served.ask(URL, Sent())

        assert served.handler.application.lifespan.end() == ""
        assert [failure.message for failure in served.log.errors] == [phase]

    @pytest.mark.parametrize("error", [None, NotImplementedError(), AssertionError("http only")])
    def test_none(self, error: Exception | None) -> None:
        """An application that raises an error or returns without an answer has no lifespan, and serves."""

        async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the interface's
            if scope["type"] == "lifespan":
                if error:
                    raise error
                return
            await send(START)
            await send(END)

        served = Served(app)

        assert served.ask(URL, Sent()).body == b"done"
        assert served.handler.application.lifespan.end() == ""

    def test_one_loop(self) -> None:
        """Lifespan, requests and handlers share one event loop, on which tasks of the application's live on."""
        loops = []
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            loops.append(asyncio.get_running_loop())
            if scope["type"] == "lifespan":
                await receive()
                scope["state"]["task"] = asyncio.create_task(tick())
                await send({"type": "lifespan.startup.complete"})
                await receive()
                scope["state"]["task"].cancel()
                await send({"type": "lifespan.shutdown.complete"})
                return
            await asyncio.sleep(0.001)
            await send(START)
            await send(END)

        served = Served(app)
        served.ask(URL, Sent())
        before = ticks
        served.ask(URL, Sent())
        served.handler.application.lifespan.end()

        assert ticks > before > 0
        assert set(loops) == {event_loop.loop()}

    def test_loop_of_others(self) -> None:
        """Whoever runs the loop next, an `async` hook say, isn't stopped by what an application does meanwhile."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "lifespan":
                await receive()
                await send({"type": "lifespan.startup.complete"})
                await receive()
                await send({"type": "lifespan.shutdown.complete"})
                await asyncio.sleep(0.01)
                return
            await send(START)
            await send(END)
            await asyncio.sleep(0.01)

        async def another() -> str:
            await asyncio.sleep(0.03)
            return "whole"

        served = Served(app)
        served.handler.call(URL.event(Sent()), None)

        assert event_loop.run(another()) == "whole"
        served.handler.application.finish()
        served.handler.application.lifespan.end()
        assert event_loop.run(another()) == "whole"

    def test_context_variables(self) -> None:
        """A context variable that a request sets is gone in the next one."""
        variable = contextvars.ContextVar("variable", default="unset")
        seen = []

        async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the interface's
            if scope["type"] == "http":
                seen.append(variable.get())
                variable.set("set")
                await send(START)
                await send(END)

        served = Served(app)
        served.ask(URL, Sent())
        served.ask(URL, Sent())

        assert seen == ["unset", "unset"]


class Endpoint:
    """An application whose instances are calls, as Starlette's endpoints are."""

    def __init__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope, self.receive, self.send = scope, receive, send

    def __await__(self) -> Any:
        return self.run().__await__()

    async def run(self) -> None:
        """Serve."""
        if self.scope["type"] == "http":
            await self.send(START)
            await self.send(END)


def test_endpoint() -> None:
    """A class whose constructor takes the three is an application as it is: each request makes an instance."""
    assert Served(Endpoint).ask(URL, Sent()).body == b"done"
