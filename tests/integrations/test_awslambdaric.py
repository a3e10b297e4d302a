"""The names that error trackers patch on AWS's own client."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap import hooks
from lambda_bootstrap.integrations import awslambdaric
from lambda_bootstrap.main import init
from lambda_bootstrap.signature import adapt

from tests.support.loop import OverError, Script, a_loop, an_invocation, raising
from tests.support.records import a_log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The module, offered, and its client patched as a tool does it: gives what the patches saw."""
    told: list[Any] = []
    awslambdaric.set_up()

    def patch(name: str) -> None:
        original = getattr(awslambdaric.LambdaRuntimeClient, name)

        def patched(*arguments: Any) -> None:
            told.append((name, *arguments[1:]))
            original(*arguments)

        monkeypatch.setattr(awslambdaric.LambdaRuntimeClient, name, patched)

    for name in ("post_init_error", "post_invocation_result", "post_invocation_error"):
        patch(name)
    yield told
    hooks.response.clear()
    hooks.error.clear()
    hooks.init_error.clear()
    hooks.around.clear()
    del sys.modules["__main__"].bootstrap


@pytest.mark.usefixtures("offered")
def test_offer() -> None:
    """The module is found where a tool looks for awslambdaric's, with the names that it patches."""
    found: Any = sys.modules["__main__"].bootstrap

    assert found is awslambdaric
    assert callable(found.handle_event_request)
    assert {"post_init_error", "post_invocation_result", "post_invocation_error"} <= set(dir(found.LambdaRuntimeClient))


@pytest.mark.parametrize(
    ("function", "told"),
    [
        pytest.param(lambda: [1], ("post_invocation_result", "id", [1]), id="result"),
        pytest.param(raising(ValueError("boom")), ("post_invocation_error", "id"), id="error"),
    ],
)
def test_posts(offered: list[Any], function: Callable[..., Any], told: tuple[Any, ...]) -> None:
    """A patched method is called once, before the answer is posted."""
    script = Script(an_invocation())
    script.story = offered
    with pytest.raises(OverError):
        a_loop(script, function).run()

    first, second = (step for step in offered if step != "next")

    assert first == told
    assert second[0] == "id"


def test_handler(offered: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A patched function wraps the handler that the loop calls."""
    original = awslambdaric.handle_event_request

    def wrapping(client: object, handler: Callable[..., Any], *rest: object) -> Callable[..., Any]:
        offered.append(client)
        return original(client, lambda event, context: [handler(event, context)], *rest)

    monkeypatch.setattr(awslambdaric, "handle_event_request", wrapping)
    handler = adapt(lambda event: event, "app.handler")
    init(handler, a_log())

    assert handler.call(5, None) == [5]
    assert offered == [awslambdaric.client]


def test_unpatched() -> None:
    """A handler stays what it is if nobody has patched awslambdaric's names."""
    handler = adapt(lambda event, context: (event, context), "app.handler")
    call = handler.call
    init(handler, a_log())

    assert handler.call is call


def test_init_error(offered: list[Any]) -> None:
    """An init error is told with the body that is posted."""
    hooks.run(hooks.init_error, a_log().problem, ValueError("boom"))

    assert offered == [
        (
            "post_init_error",
            {"errorMessage": "boom", "errorType": "ValueError", "requestId": "", "stackTrace": []},
        )
    ]


def test_more_arguments() -> None:
    """The methods take the further arguments that awslambdaric gives its own."""
    client = awslambdaric.LambdaRuntimeClient()
    client.post_init_error({}, "cause")
    client.post_invocation_result("id", b"", "application/json")
    client.post_invocation_error("id", "{}", "cause")

    assert awslambdaric.handle_event_request(client, len, "id", b"", "type") is len
