"""Warnings, and exceptions that end a thread, led into the function's log."""

from __future__ import annotations

import io
import re
import sys
import threading
import warnings
from textwrap import dedent
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

import pytest
from lambda_bootstrap.integrations.stdlib import set_up_threading, set_up_warnings

from tests.support.models import Unprintable
from tests.support.programs import ran
from tests.support.records import JSON, a_log, enter, the_one, valid
from tests.support.traces import fail

if TYPE_CHECKING:
    from collections.abc import Iterator


def warned(source: str, *options: str, environ: dict[str, str] | None = None) -> tuple[list[str], str]:
    """What a function that warns writes."""
    return ran(f"import warnings\n{dedent(source)}", environ, *options)


class TestWarnings:
    """`warnings`."""

    @pytest.fixture(autouse=True)
    def _restore(self) -> Iterator[None]:
        """Put `warnings.showwarning` back."""
        saved = warnings.showwarning
        yield
        warnings.showwarning = saved

    def test_record(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A warning is a record that says where it came from."""
        set_up_warnings(a_log(JSON), warnings)
        warnings.showwarning("old\nthing", DeprecationWarning, "/var/task/app.py", 7)
        record = the_one(capfd)

        assert (record["level"], record["logger"]) == ("WARN", "py.warnings")
        assert record["message"] == "/var/task/app.py:7: DeprecationWarning: old\nthing"

    def test_unprintable(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A warning that has no words is told all the same."""
        set_up_warnings(a_log(JSON), warnings)
        warnings.showwarning(cast("Any", Unprintable()), UserWarning, "a.py", 1)

        assert the_one(capfd)["message"] == "a.py:1: UserWarning: <unprintable Unprintable object>"

    def test_file(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A warning that has a file to go to goes there."""
        set_up_warnings(a_log(JSON), warnings)
        file = io.StringIO()
        warnings.showwarning("m", UserWarning, "/nowhere/a.py", 1, file)

        assert file.getvalue() == "/nowhere/a.py:1: UserWarning: m\n"
        assert capfd.readouterr() == ("", "")

    def test_line(self) -> None:
        """A warning goes to its file with the source line that it was given."""
        set_up_warnings(a_log(JSON), warnings)
        file = io.StringIO()
        warnings.showwarning("m", UserWarning, "/nowhere/a.py", 1, file, "x = 1")

        assert file.getvalue() == "/nowhere/a.py:1: UserWarning: m\n  x = 1\n"

    def test_other_module(self) -> None:
        """A function's own `warnings.py` is left alone."""
        own = ModuleType("warnings")
        set_up_warnings(a_log(), own)

        assert not hasattr(own, "showwarning")

    def test_warn(self) -> None:
        """`warnings.warn` ends up in the log, in text."""
        lines, errors = warned("warnings.warn('m')\nwarnings.warn('hidden', DeprecationWarning, stacklevel=3)")

        assert errors == ""
        assert re.fullmatch(r"\[WARNING\]\t[-\dT:.]+Z\tid\t<string>:\d+: UserWarning: m\n", "".join(lines))

    def test_capture(self) -> None:
        """A warning is one record while `logging` captures warnings, and afterwards."""
        lines, errors = warned(
            """
            import logging
            logging.captureWarnings(True)
            warnings.warn("one")
            logging.captureWarnings(False)
            warnings.warn("two")
            """,
            environ=JSON,
        )
        one, two = map(valid, lines)

        assert (errors, one["logger"], two["logger"]) == ("", "py.warnings", "py.warnings")
        assert "UserWarning: one" in one["message"]
        assert two["message"].endswith("UserWarning: two")

    def test_recorded(self) -> None:
        """What a function records itself stays out of the log."""
        lines, errors = warned(
            """
            with warnings.catch_warnings(record=True) as found:
                warnings.simplefilter("always")
                warnings.warn("m")
            print(len(found))
            warnings.warn("after")
            """
        )

        assert (lines[0], len(lines), errors) == ("1\n", 2, "")

    def test_errors(self) -> None:
        """Where warnings are errors they stay that."""
        lines, _ = warned(
            "try:\n    warnings.warn('m')\nexcept UserWarning as error:\n    print(repr(error))", "-Werror"
        )

        assert lines == ["UserWarning('m')\n"]


@pytest.fixture
def threads() -> Iterator[None]:
    """Put back what is changed of `threading`."""
    start, hook = threading.Thread.start, threading.excepthook
    yield
    threading.Thread.start = start  # type: ignore[method-assign]
    threading.excepthook = hook


def run_thread(thread: threading.Thread) -> None:
    """Run a thread to its end."""
    thread.start()
    thread.join(10)


@pytest.mark.usefixtures("threads")
class TestThreading:
    """Exceptions that end a thread."""

    def test_as_json(self, capfd: pytest.CaptureFixture[str]) -> None:
        """An exception that ends a thread is a record with its type, text, trace and place."""
        set_up_threading(a_log(JSON), threading)
        run_thread(threading.Thread(target=fail, name="worker"))
        record = the_one(capfd)

        assert (record["level"], record["message"]) == ("ERROR", "Exception in thread worker")
        assert (record["errorType"], record["errorMessage"]) == ("LookupError", "in a thread")
        assert record["location"] == f"{fail.__code__.co_filename}:fail:{fail.__code__.co_firstlineno + 2}"
        assert record["stackTrace"][-1].endswith('raise LookupError("in a thread")\n')

    def test_as_text(self, capfd: pytest.CaptureFixture[str]) -> None:
        """An exception that ends a thread is one line of text."""
        set_up_threading(a_log(), threading)
        run_thread(threading.Thread(target=fail, name="worker"))
        line = capfd.readouterr().out

        assert (
            "\tid\tException in thread worker\rLookupError: in a thread\rTraceback (most recent call last):\r" in line
        )
        assert line.index("\n") == len(line) - 1

    def test_request_id(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A thread's exception has the request id of the invocation that is running, as under awslambdaric."""
        log = a_log(JSON)
        set_up_threading(log, threading)
        go_on = threading.Event()

        def work() -> None:
            go_on.wait(10)
            fail()

        thread = threading.Thread(target=work)
        thread.start()
        enter("another")
        go_on.set()
        thread.join()

        assert the_one(capfd)["requestId"] == "another"

    @pytest.mark.parametrize("overridden", ["run", "start"])
    def test_subclass(self, capfd: pytest.CaptureFixture[str], overridden: str) -> None:
        """The exception of a thread of a class of its own is told."""
        set_up_threading(a_log(JSON), threading)

        class Runs(threading.Thread):
            def run(self) -> None:
                fail()

        class Starts(threading.Thread):
            def start(self) -> None:
                super().start()

        run_thread(Runs() if overridden == "run" else Starts(target=fail))

        assert the_one(capfd)["requestId"] == "id"

    def test_timer(self, capfd: pytest.CaptureFixture[str]) -> None:
        """The exception of a timer is told, as a timer is a thread."""
        set_up_threading(a_log(JSON), threading)
        run_thread(threading.Timer(0, fail))

        assert the_one(capfd)["errorType"] == "LookupError"

    @pytest.mark.parametrize("status", [None, 0, 3, "text"])
    def test_exit(self, capfd: pytest.CaptureFixture[str], status: object) -> None:
        """A thread that exits ends without a word."""
        set_up_threading(a_log(), threading)
        run_thread(threading.Thread(target=sys.exit, args=(status,)))

        assert capfd.readouterr() == ("", "")

    def test_ends_well(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A thread that ends well ends without a word."""
        set_up_threading(a_log(), threading)
        run_thread(threading.Thread(target=len, args=("",)))

        assert capfd.readouterr() == ("", "")

    def test_own_hook(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A hook of the function's own wins."""
        set_up_threading(a_log(), threading)
        told: list[Any] = []
        threading.excepthook = lambda args: told.append(args.exc_type)
        run_thread(threading.Thread(target=fail))

        assert told == [LookupError]
        assert capfd.readouterr() == ("", "")

    def test_unknown_thread(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A thread that is no `threading.Thread` has no name, and the current request id."""
        set_up_threading(a_log(JSON), threading)
        error = LookupError("boom")
        threading.excepthook(threading.ExceptHookArgs((LookupError, error, None, None)))
        record = the_one(capfd)

        assert (record["message"], record["requestId"], record["location"]) == ("Exception in thread ?", "id", "?")

    @pytest.mark.parametrize("environ", [{}, JSON], ids=["text", "JSON"])
    def test_no_value(self, capfd: pytest.CaptureFixture[str], environ: dict[str, str]) -> None:
        """An exception without a value, as `threading` documents it, is told by its type."""
        set_up_threading(a_log(environ), threading)
        threading.excepthook(threading.ExceptHookArgs((LookupError, None, None, None)))
        out, err = capfd.readouterr()

        assert (out.count("\n"), err) == (1, "")
        assert "Exception in thread ?" in out
        if environ:
            assert valid(out)["errorType"] == "LookupError"
        else:
            assert out.endswith("Exception in thread ?\rLookupError\rTraceback (most recent call last):\n")

    def test_other_module(self) -> None:
        """A function's own `threading.py` is left alone."""
        own = ModuleType("threading")
        set_up_threading(a_log(), own)

        assert not hasattr(own, "excepthook")
