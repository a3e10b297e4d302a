"""A function's structlog, led into its log."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from lambda_bootstrap import current
from lambda_bootstrap.integrations import structlog as ours
from lambda_bootstrap.integrations.stdlib import set_up_logging

from tests.support.loop import OverError, Script, a_loop, an_invocation
from tests.support.models import Unprintable
from tests.support.records import JSON, a_log, the_one, valid
from tests.support.traces import fail

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def slog() -> Iterator[Callable[[dict[str, str]], Any]]:
    """Sets structlog up for a log that is made of an environment, and gives a logger; all is undone afterwards."""
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()

    def made(environ: dict[str, str]) -> Any:
        ours.set_up(a_log(environ), structlog)
        return structlog.get_logger("shop")

    yield made
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


Slog = Callable[[dict[str, str]], Any]


class TestStructlog:
    """What a function's structlog writes."""

    @pytest.mark.parametrize(
        ("method", "level"),
        [
            *(("debug", "DEBUG"), ("info", "INFO"), ("msg", "INFO"), ("warn", "WARN"), ("warning", "WARN")),
            *(("error", "ERROR"), ("critical", "FATAL"), ("fatal", "FATAL"), ("exception", "ERROR")),
        ],
    )
    def test_level(self, capfd: pytest.CaptureFixture[str], slog: Slog, method: str, level: str) -> None:
        """Every level has the platform's name."""
        getattr(slog(JSON), method)("m")
        record = the_one(capfd)

        assert (record["level"], record["message"], record["logger"]) == (level, "m", "shop")

    @pytest.mark.parametrize(
        ("level", "methods"),
        [
            ("DEBUG", ["debug", "info", "warning", "error", "critical"]),
            ("TRACE", ["debug", "info", "warning", "error", "critical"]),
            ("INFO", ["info", "warning", "error", "critical"]),
            ("WARN", ["warning", "error", "critical"]),
            ("WARNING", ["warning", "error", "critical"]),
            ("ERROR", ["error", "critical"]),
            ("FATAL", ["critical"]),
            ("CRITICAL", ["critical"]),
            ("loud", ["debug", "info", "warning", "error", "critical"]),
        ],
    )
    def test_filter(self, capfd: pytest.CaptureFixture[str], slog: Slog, level: str, methods: list[str]) -> None:
        """Records below `AWS_LAMBDA_LOG_LEVEL` are dropped."""
        log = slog({**JSON, "AWS_LAMBDA_LOG_LEVEL": level})
        for method in ("debug", "info", "warning", "error", "critical"):
            getattr(log, method)(method)

        assert [valid(f"{line}\n")["message"] for line in capfd.readouterr().out.splitlines()] == methods

    def test_text(self, capfd: pytest.CaptureFixture[str], slog: Slog) -> None:
        """A record of text is one line, and its fields follow the message."""
        slog({}).bind(a=1).info("m\nn", b="x y", c="x", d=None, e="", f="a=b", g=Unprintable(), h=[1])
        line = capfd.readouterr().out

        assert line.partition("Z\t")[2] == (
            "id\tm\rn a=1 b='x y' c=x d=None e='' f='a=b' g=<unprintable Unprintable object> h=[1]\n"
        )

    @pytest.mark.parametrize("name", ["warn", "warning"])
    def test_text_level(self, capfd: pytest.CaptureFixture[str], slog: Slog, name: str) -> None:
        """Levels have `logging`'s names in text."""
        getattr(slog({}), name)("m")

        assert capfd.readouterr().out.startswith("[WARNING]\t")

    def test_fields(self, capfd: pytest.CaptureFixture[str], slog: Slog) -> None:
        """Bound and given fields keep their form, and replace none of ours."""
        log = slog(JSON).bind(order=7, requestId="mine").bind(ok=True)
        log.info("m", what=Unprintable(), level="mine", timestamp="mine", message="mine", none=None)
        record = the_one(capfd)
        assert record.pop("timestamp") != "mine"

        assert record == {
            "level": "INFO",
            "message": "m",
            "logger": "shop",
            "order": 7,
            "ok": True,
            "what": "<unprintable Unprintable object>",
            "requestId": "id",
        }

    def test_arguments(self, capfd: pytest.CaptureFixture[str], slog: Slog) -> None:
        """Arguments are put into the message."""
        slog(JSON).info("%s and %d", "a", 1)

        assert the_one(capfd)["message"] == "a and 1"

    def test_dict(self, capfd: pytest.CaptureFixture[str], slog: Slog) -> None:
        """A dict is the message, as with `logging`."""
        slog(JSON).info({"a": 1})

        assert the_one(capfd)["message"] == {"a": 1}

    @pytest.mark.parametrize("event", [5, [1], True])
    def test_no_text(self, capfd: pytest.CaptureFixture[str], slog: Slog, event: object) -> None:
        """An event that is neither text nor dict is logged as its text, as with `logging`."""
        slog(JSON).info(event)

        assert the_one(capfd)["message"] == str(event)

    def test_without_name(self, capfd: pytest.CaptureFixture[str], slog: Slog) -> None:
        """A logger without a name leaves no `logger` in its records."""
        slog(JSON)
        structlog.get_logger().info("m")

        assert "logger" not in the_one(capfd)

    def test_own_name(self, capfd: pytest.CaptureFixture[str], slog: Slog) -> None:
        """A logger without a name may give a record one."""
        slog(JSON)
        structlog.get_logger().info("m", logger="mine")

        assert the_one(capfd).get("logger") == "mine"

    def test_proxy(self, capfd: pytest.CaptureFixture[str], slog: Slog) -> None:
        """A logger that was made before structlog was configured follows."""
        log = structlog.get_logger("early")
        slog(JSON)
        log.info("m")

        assert the_one(capfd)["logger"] == "early"

    @pytest.mark.parametrize("form", ["True", "error", "triple", "exception()"])
    @pytest.mark.parametrize("environ", [{}, JSON], ids=["text", "JSON"])
    def test_exception(self, capfd: pytest.CaptureFixture[str], slog: Slog, environ: dict[str, str], form: str) -> None:
        """An exception is told, however it is given."""
        log = slog(environ)
        try:
            fail()
        except LookupError as error:
            if form == "exception()":
                log.exception("m", n=1)
            else:
                given = {"True": True, "error": error, "triple": (type(error), error, error.__traceback__)}[form]
                log.error("m", exc_info=given, n=1)  # noqa: TRY400 - the other form
        out = capfd.readouterr().out

        if not environ:
            assert "\tm n=1\rLookupError: in a thread\rTraceback (most recent call last):\r  File" in out
            return
        record = valid(out)
        assert (record["errorType"], record["errorMessage"], record["n"]) == ("LookupError", "in a thread", 1)
        assert len(record["stackTrace"]) == 2
        assert re.fullmatch(rf"{re.escape(__file__)}:test_exception:\d+", record["location"])

    @pytest.mark.parametrize(
        "given", [False, None, True, 1, (None, None, None), (), (ValueError,), ("a", "b", "c")], ids=repr
    )
    def test_no_exception(self, capfd: pytest.CaptureFixture[str], slog: Slog, given: object) -> None:
        """A record without an exception tells nothing of one."""
        slog(JSON).error("m", exc_info=given)

        assert the_one(capfd).keys() == {"timestamp", "level", "message", "logger", "requestId"}

    def test_without_error(self, capfd: pytest.CaptureFixture[str], slog: Slog) -> None:
        """`exception` outside of an exception is an error without one."""
        slog(JSON).exception("m")

        assert "errorType" not in the_one(capfd)

    def test_stack_info(self, capfd: pytest.CaptureFixture[str], slog: Slog) -> None:
        """A stack that was asked for belongs to the message, as with `logging`."""
        slog(JSON).warning("m", stack_info=True)

        assert the_one(capfd)["message"].startswith("m\nStack (most recent call last):\n")

    def test_contextvars(self, capfd: pytest.CaptureFixture[str], slog: Slog) -> None:
        """What is bound to the context is in every record; the record's own fields win."""
        log = slog(JSON)
        structlog.contextvars.bind_contextvars(basket=3, item=1)
        log.info("m", item=2)
        record = the_one(capfd)

        assert (record["basket"], record["item"]) == (3, 2)

    def test_async(self, capfd: pytest.CaptureFixture[str], slog: Slog) -> None:
        """The asynchronous methods write the same records as the others."""
        log = slog(JSON)
        asyncio.run(log.ainfo("m", a=1))
        record = the_one(capfd)

        assert (record["message"], record["level"], record["a"]) == ("m", "INFO", 1)

    def test_like_logging(self, capfd: pytest.CaptureFixture[str], slog: Slog, bare: logging.Logger) -> None:
        """Records of structlog and `logging` look the same."""
        slog(JSON).error("m", order=7, exc_info=ValueError("boom"))
        of_structlog = the_one(capfd)
        set_up_logging(a_log(JSON), logging)
        logging.getLogger("shop").error("m", extra={"order": 7}, exc_info=ValueError("boom"))
        of_logging = the_one(capfd)

        assert bare.handlers
        assert list(of_structlog) == list(of_logging)
        unlike = {"timestamp", "location"}
        assert {k: v for k, v in of_structlog.items() if k not in unlike} == {
            k: v for k, v in of_logging.items() if k not in unlike
        }

    def test_not_configured(self, slog: Slog) -> None:
        """A function that asks whether structlog has been configured is free to do it."""
        slog(JSON)

        assert not structlog.is_configured()

    def test_own_configuration(self, capfd: pytest.CaptureFixture[str], slog: Slog) -> None:
        """A function's own configuration wins."""
        slog(JSON)
        structlog.configure(
            processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()],
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
            context_class=dict,
            logger_factory=structlog.WriteLoggerFactory(open(1, "w", closefd=False)),  # noqa: SIM115 - theirs
        )
        structlog.get_logger().info("m", a=1)

        assert capfd.readouterr().out == '{"a": 1, "event": "m", "level": "info"}\n'

    def test_own_configuration_later(self, capfd: pytest.CaptureFixture[str], slog: Slog) -> None:
        """A function's own configuration wins even for a logger that has been used before."""
        log = slog(JSON)
        log.info("before")
        structlog.configure(processors=[], logger_factory=structlog.ReturnLoggerFactory())

        assert capfd.readouterr().out.count("\n") == 1
        assert log.info("after", a=1) == ((), {"a": 1, "event": "after"})

    def test_own_processors(self, capfd: pytest.CaptureFixture[str], slog: Slog) -> None:
        """A configuration of processors alone, the most common one, wins too."""
        slog({})
        structlog.configure(processors=[structlog.processors.KeyValueRenderer()])
        structlog.get_logger().info("m", a=1)

        assert capfd.readouterr().out.rstrip("\n").endswith("a=1 event='m'")

    def test_own_factory(self, capfd: pytest.CaptureFixture[str], slog: Slog) -> None:
        """A configuration of the logger factory alone wins too."""
        slog({})
        structlog.configure(logger_factory=structlog.PrintLoggerFactory())
        structlog.get_logger().info("m", a=1)
        out = capfd.readouterr().out

        assert "m" in out
        assert "a=1" in out

    def test_wrapped(self, capfd: pytest.CaptureFixture[str], slog: Slog, bare: logging.Logger) -> None:
        """A logger of `logging` that structlog wraps says what it is told."""
        assert bare.handlers == []
        set_up_logging(a_log(JSON), logging)
        slog(JSON)
        structlog.wrap_logger(logging.getLogger("wrapped")).warning("m")

        assert "m" in str(the_one(capfd)["message"])

    @pytest.mark.parametrize("method", ["err", "failure"])
    def test_odd_methods(self, capfd: pytest.CaptureFixture[str], slog: Slog, method: str) -> None:
        """The names of structlog's other loggers are errors."""
        slog(JSON)
        structlog.configure(wrapper_class=structlog.BoundLogger)
        getattr(structlog.get_logger(), method)("m")

        assert the_one(capfd)["level"] == "ERROR"

    def test_terminal(self, monkeypatch: pytest.MonkeyPatch, slog: Slog) -> None:
        """On a terminal structlog is left alone."""
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        before = structlog.get_config()
        slog(JSON)

        assert structlog.get_config() == before

    def test_no_stdout(self, monkeypatch: pytest.MonkeyPatch, slog: Slog) -> None:
        """Where there is no stdout structlog can be imported all the same."""
        monkeypatch.setattr(sys, "stdout", None)
        try:
            slog(JSON)
        finally:
            monkeypatch.undo()

    @pytest.mark.parametrize("names", [[], ["configure"], ["configure", "contextvars", "get_logger"]], ids=len)
    def test_other_module(self, names: list[str]) -> None:
        """A function's own `structlog.py` is left alone, even one with a `configure`."""
        own = ModuleType("structlog")
        vars(own).update(dict.fromkeys(names, SimpleNamespace()))
        ours.set_up(a_log(), own)

        assert {name: value for name, value in vars(own).items() if not name.startswith("__")} == dict.fromkeys(
            names, SimpleNamespace()
        )
        assert (current.beginnings, current.endings) == ([], [])

    def test_values_without_comparison(self, slog: Slog) -> None:
        """What is bound need not be comparable, as arrays aren't: it goes and comes back all the same."""

        class Array:
            def __eq__(self, other: object) -> bool:
                raise ValueError("the truth value of an array is ambiguous")

            __hash__ = object.__hash__

        atlas, own = Array(), Array()
        structlog.contextvars.bind_contextvars(map=atlas)
        slog(JSON)
        current.begin(an_invocation())
        structlog.contextvars.bind_contextvars(map=own)
        current.end()

        assert structlog.contextvars.get_contextvars()["map"] is atlas

    def test_through_the_loop(self, capfd: pytest.CaptureFixture[str], slog: Slog) -> None:
        """What one invocation binds is not seen in the next; what was bound during init is seen in all."""
        structlog.contextvars.bind_contextvars(shop="here")
        log = slog(JSON)

        def handler(event: Any) -> None:
            log.info("before")
            structlog.contextvars.bind_contextvars(basket=event)
            log.info("after")

        with pytest.raises(OverError):
            a_loop(Script(an_invocation("1", b"1"), an_invocation("2", b"2")), handler).run()
        records = [valid(f"{line}\n") for line in capfd.readouterr().out.splitlines() if line != "<answer>"]

        assert [(record["message"], record["shop"], record.get("basket")) for record in records] == [
            *(("before", "here", None), ("after", "here", 1)),
            *(("before", "here", None), ("after", "here", 2)),
        ]
