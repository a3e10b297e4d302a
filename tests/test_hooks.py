"""What functions and tools attach to the phases of the runtime."""

from __future__ import annotations

import functools
import json
import sys
import time
from typing import TYPE_CHECKING, Any

import lambda_bootstrap
import pytest
from lambda_bootstrap import hooks
from lambda_bootstrap.context import Context
from lambda_bootstrap.errors import InitError
from lambda_bootstrap.main import init

from tests.support.emulated import posts
from tests.support.loop import OverError, Script, a_loop, an_invocation, raising
from tests.support.records import JSON, a_log, valid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lambda_bootstrap.signature import Handler

    from tests.support import Start

LISTS: list[list[Any]] = [
    *(hooks.init, hooks.init_error, hooks.request, hooks.response, hooks.error, hooks.next_, hooks.shutdown),
    *(hooks.before_snapshot_, hooks.after_restore_),
]
Warnings = list[tuple[str, BaseException | None]]


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    """No hook outlives its test."""
    yield
    for registered in LISTS:
        registered.clear()


def a_context(seconds: float = 60) -> Context:
    """Make a context of an invocation that has *seconds* left."""
    context = Context(time.time, lambda _text: None, {})
    context.deadline_ms = int((time.time() + seconds) * 1000)
    return context


def run(registered: list[Any], *arguments: Any) -> Warnings:
    """Run hooks; return the warnings."""
    told: Warnings = []
    hooks.run(registered, lambda message, error: told.append((message, error)), *arguments)
    return told


def run_before_next(context: Context) -> Warnings:
    """Run the hooks of `before_next`; return the warnings."""
    told: Warnings = []
    hooks.run_before_next(context, lambda message, error: told.append((message, error)))
    return told


class TestRegister:
    """The decorators."""

    @pytest.mark.parametrize(
        ("decorator", "registered"),
        [
            pytest.param(lambda_bootstrap.on_init, hooks.init, id="on_init"),
            pytest.param(lambda_bootstrap.on_init_error, hooks.init_error, id="on_init_error"),
            pytest.param(lambda_bootstrap.on_request, hooks.request, id="on_request"),
            pytest.param(lambda_bootstrap.on_response, hooks.response, id="on_response"),
            pytest.param(lambda_bootstrap.on_error, hooks.error, id="on_error"),
            pytest.param(lambda_bootstrap.before_next, hooks.next_, id="before_next"),
            pytest.param(lambda_bootstrap.before_snapshot, hooks.before_snapshot_, id="before_snapshot"),
            pytest.param(lambda_bootstrap.after_restore, hooks.after_restore_, id="after_restore"),
            pytest.param(lambda_bootstrap.on_shutdown, hooks.shutdown, id="on_shutdown"),
        ],
    )
    def test_decorator(self, decorator: Callable[[Any], Any], registered: list[Any]) -> None:
        """A decorator gives back what it registers, for its phase and no other."""

        def hook() -> None:
            pass

        assert decorator(hook) is hook
        assert registered == [hook]
        assert [others for others in LISTS if others is not registered and others] == []

    def test_twice(self) -> None:
        """What is registered twice is called once, methods of the same object too."""
        calls: list[Any] = []
        lambda_bootstrap.on_init(calls.clear)
        lambda_bootstrap.on_init(calls.clear)

        assert len(hooks.init) == 1

    def test_two_phases(self) -> None:
        """One hook may serve two phases."""

        @lambda_bootstrap.on_request
        @lambda_bootstrap.on_response
        def hook(value: Any, context: Context) -> None:
            pass

        assert (hooks.request, hooks.response) == ([hook], [hook])


class TestRun:
    """Running the hooks of a phase."""

    def test_order(self) -> None:
        """Hooks run in the order of their registration, with the arguments of the phase."""
        calls: list[Any] = []
        for number in range(3):
            lambda_bootstrap.on_request(lambda event, context, number=number: calls.append((number, event, context)))

        assert run(hooks.request, "event", "context") == []
        assert calls == [(0, "event", "context"), (1, "event", "context"), (2, "event", "context")]

    @pytest.mark.parametrize(
        "error", [ValueError("boom"), SystemExit(3), KeyboardInterrupt(), GeneratorExit(), MemoryError()], ids=repr
    )
    def test_isolated(self, error: BaseException) -> None:
        """What a hook raises is logged with its name, and the next one runs."""
        calls: list[Any] = []

        @lambda_bootstrap.on_init
        def broken() -> None:
            raise error

        lambda_bootstrap.on_init(lambda: calls.append("after"))

        assert run(hooks.init) == [
            (f"the hook {__name__}.TestRun.test_isolated.<locals>.broken failed", error),
        ]
        assert calls == ["after"]

    def test_wrong_signature(self) -> None:
        """A hook that takes something else is logged as failed, like any other."""
        lambda_bootstrap.on_init(len)  # type: ignore[type-var] # on purpose
        [(message, error)] = run(hooks.init)

        assert (message, type(error)) == ("the hook builtins.len failed", TypeError)

    def test_registers_another(self) -> None:
        """A hook that registers another does so for the next time."""
        calls: list[str] = []

        @lambda_bootstrap.on_init
        def hook() -> None:
            calls.append("first")
            lambda_bootstrap.on_init(second)

        def second() -> None:
            calls.append("second")

        run(hooks.init)
        assert calls == ["first"]
        run(hooks.init)

        assert calls == ["first", "first", "second"]

    def test_removes_itself(self) -> None:
        """A hook that goes does not take the next one's turn."""
        calls: list[str] = []

        @lambda_bootstrap.on_init
        def once() -> None:
            hooks.init.remove(once)

        lambda_bootstrap.on_init(lambda: calls.append("next"))
        run(hooks.init)

        assert calls == ["next"]


class Callables:
    """Hooks that are no functions."""

    def __call__(self) -> None:
        """Be called."""

    def method(self) -> None:
        """Be a method."""


class Anonymous:
    """A hook without any name."""

    def __getattribute__(self, name: str) -> Any:
        """Have no attributes."""
        raise AttributeError(name)

    def __call__(self) -> None:
        """Be called."""


class Grumpy:
    """A hook that fails when it is asked for any name."""

    def __getattr__(self, name: str) -> Any:
        """Fail, and not as one that has none."""
        raise RuntimeError(name)

    def __call__(self) -> None:
        """Be called."""


class TestName:
    """A hook as its author knows it."""

    @pytest.mark.parametrize(
        ("hook", "name"),
        [
            pytest.param(a_context, f"{__name__}.a_context", id="function"),
            pytest.param(Callables.method, f"{__name__}.Callables.method", id="method"),
            pytest.param(Callables().method, f"{__name__}.Callables.method", id="bound method"),
            pytest.param(Callables(), f"{__name__}.Callables", id="instance"),
            pytest.param(functools.partial(a_context), "functools.partial", id="partial"),
            pytest.param(print, "builtins.print", id="built in"),
            pytest.param(Anonymous(), "?.Anonymous", id="nameless"),
            pytest.param(Grumpy(), f"{__name__}.Grumpy", id="failing"),
        ],
    )
    def test_name(self, hook: Callable[..., Any], name: str) -> None:
        """A hook is named by its module and its name there, or by its class."""
        assert hooks.name(hook) == name


class TestBeforeNext:
    """The time that there is after the answer."""

    @pytest.fixture(autouse=True)
    def _short(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Two seconds are long for a test."""
        assert hooks.BEFORE_NEXT_SECONDS == 2.0
        monkeypatch.setattr(hooks, "BEFORE_NEXT_SECONDS", 0.2)

    def sleeper(self, seconds: float, calls: list[float]) -> Callable[[Context], None]:
        """Make a hook that takes *seconds*."""

        def sleeps(_context: Context) -> None:
            time.sleep(seconds)
            calls.append(seconds)

        return lambda_bootstrap.before_next(sleeps)

    def test_in_time(self) -> None:
        """Hooks that are quick all run, with the context."""
        seen: list[Context] = []
        context = a_context()
        lambda_bootstrap.before_next(seen.append)
        lambda_bootstrap.before_next(functools.partial(seen.append))

        assert run_before_next(context) == []
        assert seen == [context, context]

    def test_slow(self) -> None:
        """A slow hook runs to its end, and the hooks after it are skipped, and named."""
        calls: list[float] = []
        self.sleeper(0, calls)
        self.sleeper(0.25, calls)
        late = self.sleeper(0.01, calls)

        @lambda_bootstrap.before_next
        def later(_context: Context) -> None:
            calls.append(-1)

        assert run_before_next(a_context()) == [
            (f"there is no time left for the hook {hooks.name(late)}", None),
            (f"there is no time left for the hook {hooks.name(later)}", None),
        ]
        assert calls == [0, 0.25]

    @pytest.mark.parametrize("seconds", [0, -5])
    def test_after_the_deadline(self, seconds: float) -> None:
        """At the deadline no hook runs any more."""
        calls: list[float] = []
        self.sleeper(0, calls)

        assert len(run_before_next(a_context(seconds))) == 1
        assert calls == []

    def test_deadline_is_near(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Hooks get no more time than is left until the deadline."""
        monkeypatch.setattr(hooks, "BEFORE_NEXT_SECONDS", 60.0)
        calls: list[float] = []
        self.sleeper(0.06, calls)
        self.sleeper(0, calls)

        assert len(run_before_next(a_context(0.04))) == 1
        assert calls == [0.06]

    def test_broken_context(self) -> None:
        """A function that has spoilt its context's deadline does not end its environment by it."""
        calls: list[float] = []
        self.sleeper(0, calls)
        context = a_context()
        context.deadline_ms = "soon"  # type: ignore[assignment] # that is the fault

        assert run_before_next(context) == []
        assert calls == [0]

    def test_failure(self) -> None:
        """A hook that fails costs the others nothing."""
        calls: list[float] = []
        lambda_bootstrap.before_next(lambda _context: 1 / 0)
        self.sleeper(0, calls)
        [(message, error)] = run_before_next(a_context())

        assert message.endswith("<lambda> failed")
        assert isinstance(error, ZeroDivisionError)
        assert calls == [0]


def attach_all(story: list[Any]) -> None:
    """Attach a hook to each phase of an invocation that writes into *story*."""
    lambda_bootstrap.on_request(lambda event, context: story.append(("request", event, context.aws_request_id)))
    lambda_bootstrap.on_response(lambda result, context: story.append(("response", result, context.aws_request_id)))
    lambda_bootstrap.on_error(
        lambda error, context: story.append(("error", type(error).__name__, context.aws_request_id))
    )
    lambda_bootstrap.before_next(lambda context: story.append(("before next", context.aws_request_id)))


class TestThroughTheLoop:
    """Hooks in the invoke loop."""

    def told(self, function: Callable[..., Any], payload: bytes = b"{}", **options: Any) -> list[Any]:
        """The story of one invocation: what the hooks and the Runtime API saw, in order."""
        script = Script(an_invocation("1", payload), **options)
        attach_all(script.story)
        with pytest.raises(OverError):
            a_loop(script, function).run()
        return [step if step == "next" else step[:3] for step in script.story]

    def test_response(self) -> None:
        """B4.21: an invocation goes on after its answer, until the next poll: answer, then before next."""
        assert self.told(lambda event: [event], b"5") == [
            "next",
            ("request", 5, "1"),
            ("response", [5], "1"),
            ("1", b"[5]", "application/json"),
            ("before next", "1"),
            "next",
        ]

    def test_error(self) -> None:
        """An invocation that fails is told as request, error, answer, before next."""
        assert self.told(raising(ValueError("boom"))) == [
            "next",
            ("request", None, "1"),
            ("error", "ValueError", "1"),
            ("1", "ValueError", "boom"),
            ("before next", "1"),
            "next",
        ]

    @pytest.mark.parametrize(
        ("function", "payload", "phases"),
        [
            pytest.param(lambda: 1, b"", ["request", "response"], id="no event"),
            pytest.param(lambda event: event, b"{", ["error"], id="no JSON"),
            pytest.param(lambda: {1, object}, b"{}", ["request", "error"], id="no JSON form"),
            pytest.param(lambda: "x" * 6_291_555, b"{}", ["request", "error"], id="too large"),
            pytest.param(lambda: b"raw", b"{}", ["request", "response"], id="bytes"),
            pytest.param(raising(KeyError()), b"{}", ["request", "error"], id="exception"),
            pytest.param(raising(GeneratorExit()), b"{}", ["request", "error"], id="base exception"),
        ],
    )
    def test_exactly_one(self, function: Callable[..., Any], payload: bytes, phases: list[str]) -> None:
        """Of `on_response` and `on_error` exactly one is called for each invocation."""
        story = self.told(function, payload)
        hooked = [step[0] for step in story if step[0] in {"request", "response", "error"}]

        assert hooked == phases

    def test_exit(self) -> None:
        """A function that ends its process has its hooks run before."""
        script = Script(an_invocation("1"))
        attach_all(script.story)

        assert a_loop(script, raising(SystemExit(3))).run() == 3
        assert [step[0] for step in script.story if step != "next"] == ["request", "error", "1", "before next"]

    @pytest.mark.parametrize("phase", ["on_request", "on_response", "on_error", "before_next"])
    @pytest.mark.parametrize("error", [ValueError("boom"), SystemExit(3)], ids=["exception", "exit"])
    @pytest.mark.parametrize("fails", [False, True], ids=["response", "error"])
    def test_harmless(
        self,
        capfd: pytest.CaptureFixture[str],
        phase: str,
        error: BaseException,
        fails: bool,  # noqa: FBT001 - a column of the table
    ) -> None:
        """A hook that fails, in any phase, is a record with its name; the answer is the same, and the loop goes on."""

        def broken(*_arguments: Any) -> None:
            raise error

        getattr(lambda_bootstrap, phase)(broken)
        script = Script(an_invocation("1"), an_invocation("2"))
        with pytest.raises(OverError):
            a_loop(script, raising(KeyError("k")) if fails else lambda: 1, dict(JSON)).run()
        records = [valid(f"{line}\n") for line in capfd.readouterr().out.splitlines() if line != "<answer>"]
        called = phase != ("on_response" if fails else "on_error")
        records_of_hooks = [record for record in records if "the hook " in record["errorMessage"]]

        assert [answer[:2] for answer in script.answers] == [
            (request_id, "KeyError" if fails else b"1") for request_id in ("1", "2")
        ]
        assert [record["requestId"] for record in records_of_hooks] == (["1", "2"] if called else [])
        for record in records_of_hooks:
            assert record["errorType"] == type(error).__name__
            assert record["errorMessage"].endswith(f".broken failed: {error}")

    def test_skipped(self, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        """A hook that there was no time for is a warning with its name."""
        monkeypatch.setattr(hooks, "BEFORE_NEXT_SECONDS", 0.01)
        lambda_bootstrap.before_next(lambda _context: time.sleep(0.02))

        @lambda_bootstrap.before_next
        def late(_context: Context) -> None:
            pass

        with pytest.raises(OverError):
            a_loop(Script(an_invocation("1")), lambda: 1).run()

        assert capfd.readouterr().out.endswith(f"\t1\tthere is no time left for the hook {hooks.name(late)}\n")

    def test_open_lines(self, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        """A line that the handler or a hook leaves open is written before the answer, or before the next poll."""
        monkeypatch.setattr(sys, "stdout", sys.stdout)
        monkeypatch.setattr(sys, "stderr", sys.stderr)
        script = Script(an_invocation())
        loop = a_loop(script, lambda: sys.stdout.write("handler"), JSON)
        loop.log.open_streams()
        lambda_bootstrap.before_next(lambda _context: sys.stdout.write("hook"))
        with pytest.raises(OverError):
            loop.run()
        first, answer, last, rest = capfd.readouterr().out.split("\n")

        assert (valid(f"{first}\n")["message"], answer) == ("handler", "<answer>")
        assert (valid(f"{last}\n")["message"], rest) == ("hook", "")

    def test_changes(self) -> None:
        """A hook may change the event in place; what it returns is nobody's."""

        @lambda_bootstrap.on_request
        def mark(event: Any, _context: Context) -> Any:
            event["marked"] = True
            return "ignored"

        script = Script(an_invocation("1", b"{}"))
        with pytest.raises(OverError):
            a_loop(script, lambda event: event).run()

        assert script.answers[0][1] == b'{"marked":true}'


class TestForks:
    """A hook that forks, and returns in both processes."""

    @pytest.mark.parametrize("hook", ["on_init", "on_request", "on_response", "on_error", "before_next"])
    def test_invocations(self, start: Start, hook: str) -> None:
        """It is the parent that answers, once, and that polls."""
        emulator = start("hooked_forks.handler", environ={"HOOK": hook})
        for event in (b'"a"', b'"fail"', b'"stream"', b'"b"'):
            emulator.invoke(event)
        emulator.wait_for("next", 5)
        time.sleep(0.1)  # a child would answer or poll now

        assert posts(emulator) == ["response", "error", "response", "response"]
        assert len([request for request in emulator.requests if request.endpoint == "next"]) == 5

    def test_init_error(self, start: Start) -> None:
        """It is the parent that reports the init error, once."""
        emulator = start("hooked_forks.handler", environ={"HOOK": "on_init_error"})
        emulator.start()
        emulator.wait_for("init/error")
        time.sleep(0.1)  # a child would post it again now

        assert posts(emulator) == ["init/error"]


class TestInit:
    """Hooks before the first invocation."""

    def test_runs(self, capfd: pytest.CaptureFixture[str], a_handler: Handler) -> None:
        """Init hooks run when the function has been imported; one that fails does not fail the init."""
        calls: list[str] = []
        lambda_bootstrap.on_init(lambda: 1 / 0)
        lambda_bootstrap.on_init(lambda: calls.append("init"))
        init(a_handler, a_log())

        assert calls == ["init"]
        assert capfd.readouterr().out.startswith(f"[ERROR] ZeroDivisionError: the hook {__name__}.TestInit.test_runs.")

    def test_around(self, a_handler: Handler, monkeypatch: pytest.MonkeyPatch) -> None:
        """What goes around the handler's call goes around it in the order of its registration, innermost first."""
        calls: list[str] = []

        def wrapper(name: str) -> Callable[[Callable[[Any, Any], Any]], Callable[[Any, Any], Any]]:
            def wrap(call: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
                def wrapped(event: Any, context: Any) -> Any:
                    calls.append(name)
                    return call(event, context)

                return wrapped

            return wrap

        monkeypatch.setattr(hooks, "around", [wrapper("inner"), wrapper("outer")])
        init(a_handler, a_log())

        assert a_handler.call({}, None) == 1
        assert calls == ["outer", "inner"]


@pytest.fixture
def a_handler() -> Handler:
    """Be a handler."""
    from lambda_bootstrap.signature import adapt  # noqa: PLC0415 - for its type, above

    return adapt(lambda: 1, "app.handler")


class TestInitError:
    """What hears of a function that cannot be loaded."""

    def test_through_the_runtime(self, start: Start) -> None:
        """A hook hears of the exception before the init error is posted, once; another that fails harms nothing."""
        emulator = start("hooked_init.handler")
        emulator.start()
        (post,) = emulator.wait_for("init/error")
        status = emulator.wait_exit()
        lines = emulator.stdout.decode().split("\n")

        assert (json.loads(post.body)["errorMessage"], status) == ("no configuration", 1)
        assert lines[0].startswith("[ERROR] ValueError: no configuration\r")
        assert lines[1].startswith("[ERROR] RuntimeError: the hook hooked_init.broken failed: a hook of little use\r")
        assert lines[2:] == ["reported ValueError: no configuration", ""]

    def test_missing_handler(self) -> None:
        """A hook gets the runtime's own exceptions as well."""
        seen: list[BaseException] = []
        lambda_bootstrap.on_init_error(seen.append)
        error = InitError("Runtime.HandlerNotFound", "m")
        hooks.run(hooks.init_error, a_log().problem, error)

        assert seen == [error]
