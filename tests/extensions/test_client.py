"""Extensions in Python: one call after the other, against the emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lambda_bootstrap import extensions
from lambda_bootstrap.errors import ConfigError, RuntimeApiError
from lambda_bootstrap.extensions import api
from lambda_bootstrap.http1 import Response
from lambda_bootstrap_dev.testing import Emulator, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """The platform, and no runtime."""
    with Emulator() as emulator:
        monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", emulator.address)
        yield emulator


class TestRegister:
    """The first call."""

    def test_accepted(self, emulator: Emulator) -> None:
        """An extension registers under its name, for its events, and keeps its identifier."""
        with extensions.register("watcher", ["INVOKE"]) as extension:
            (request,) = emulator.wait_for("extension/register")

        assert (request.method, request.target) == ("POST", "/2020-01-01/extension/register")
        assert request.header("Lambda-Extension-Name") == "watcher"
        assert request.body == b'{"events":["INVOKE"]}'
        assert len(extension.identifier) == 36

    @pytest.mark.usefixtures("emulator")
    def test_refused(self) -> None:
        """A refusal is an error with the platform's type."""
        with pytest.raises(extensions.ExtensionError) as caught:
            extensions.register("watcher", ["SHUTDOWN"])

        assert caught.value.error_type == "Extension.InvalidEventType"
        assert str(caught.value).startswith("the Extensions API refused the registration: 403 ")

    def test_no_platform(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where nobody listens, or nobody is named, the error says which."""
        monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1")
        with pytest.raises(RuntimeApiError, match=r"POST http://127\.0\.0\.1:1/2020-01-01/extension/register"):
            extensions.register("watcher")
        monkeypatch.delenv("AWS_LAMBDA_RUNTIME_API")
        with pytest.raises(ConfigError, match="AWS_LAMBDA_RUNTIME_API"):
            extensions.register("watcher")


EVENT = (
    b'{"eventType":"INVOKE","deadlineMs":1795420800000,"requestId":"id-1","invokedFunctionArn":"arn:aws:lambda",'
    b'"tracing":{"type":"X-Amzn-Trace-Id","value":"Root=1-2"}}'
)


class TestEvents:
    """What an extension hears."""

    def test_fields(self, emulator: Emulator) -> None:
        """An event has the fields of the platform under Python's names."""
        emulator.script("extension/next", Reply(200, body=EVENT))
        with extensions.register("watcher", ["INVOKE"]) as extension:
            event = extension.next()
        (request,) = emulator.wait_for("extension/next")

        assert (request.method, request.target) == ("GET", "/2020-01-01/extension/event/next")
        assert request.header("Lambda-Extension-Identifier") == extension.identifier
        assert (event.type, event.deadline_ms, event.request_id) == ("INVOKE", 1795420800000, "id-1")
        assert (event.function_arn, event.trace_id, event.reason) == ("arn:aws:lambda", "Root=1-2", "")
        assert event.raw["tracing"]["type"] == "X-Amzn-Trace-Id"

    def test_to_the_last(self, emulator: Emulator) -> None:
        """The iterator ends after SHUTDOWN, and asks for nothing more."""
        end = b'{"eventType":"SHUTDOWN","shutdownReason":"timeout","deadlineMs":1}'
        emulator.script("extension/next", Reply(200, body=EVENT), Reply(200, body=end))
        with extensions.register("watcher", ["INVOKE"]) as extension:
            heard = [(event.type, event.reason) for event in extension.events()]

        assert heard == [("INVOKE", ""), ("SHUTDOWN", "timeout")]
        assert len(emulator.wait_for("extension/next")) == 2

    def test_refused(self, emulator: Emulator) -> None:
        """A refused poll is an error."""
        emulator.script("extension/next", Reply(403, body=b'{"errorType":"Extension.UnknownExtensionIdentifier"}'))
        with extensions.register("watcher") as extension, pytest.raises(extensions.ExtensionError, match="poll: 403"):
            extension.next()


class TestErrors:
    """An extension that cannot go on."""

    @pytest.mark.parametrize("phase", ["init", "exit"])
    def test_reported(self, emulator: Emulator, phase: str) -> None:
        """The report has the type in its header, type and message in its body."""
        with extensions.register("watcher") as extension:
            getattr(extension, f"fail_{phase}")("Extension.NoBackend", "nobody listens")
        (request,) = emulator.wait_for(f"extension/{phase}/error")

        assert request.target == f"/2020-01-01/extension/{phase}/error"
        assert request.header("Lambda-Extension-Function-Error-Type") == "Extension.NoBackend"
        assert request.body == (b'{"errorMessage":"nobody listens","errorType":"Extension.NoBackend","stackTrace":[]}')

    @pytest.mark.usefixtures("emulator")
    def test_twice(self) -> None:
        """A report that the platform does not take is an error itself."""
        with extensions.register("watcher") as extension:
            extension.fail_exit("Extension.NoBackend", "nobody listens")
            with pytest.raises(extensions.ExtensionError, match="refused the exit error: 403"):
                extension.fail_exit("Extension.NoBackend", "nobody listens")


@pytest.mark.parametrize("body", [b"", b"no", b"[]", b'"text"', b"{}"])
def test_odd_refusal(body: bytes) -> None:
    """A refusal that isn't the platform's own JSON has no type, and is an error all the same."""
    with pytest.raises(extensions.ExtensionError) as caught:
        api.identifier_of(Response(500, {}, body, closes=False))

    assert caught.value.error_type == ""


def test_no_identifier() -> None:
    """An answer without an identifier is a refusal, whatever its status."""
    with pytest.raises(extensions.ExtensionError, match="refused the registration: 200"):
        api.identifier_of(Response(200, {}, b"{}", closes=False))
