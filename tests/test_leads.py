"""Where traces start: in the function's file, whatever stands between it and the runtime."""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap import hooks
from lambda_bootstrap.main import init
from lambda_bootstrap.traces import frames, trace

from tests.support.loop import OverError, Script, a_loop, an_invocation
from tests.support.traces import written

if TYPE_CHECKING:
    from pathlib import Path

SQS = b'{"Records":[{"messageId":"m","eventSource":"aws:sqs"}]}'
KINESIS = b'{"Records":[{"eventSource":"aws:kinesis","kinesis":{"sequenceNumber":"1"}}]}'

HANDLERS = {
    "plain": "def handler(event, context):\n    raise ValueError('boom')\n",
    "async": "async def handler(event, context):\n    raise ValueError('boom')\n",
    "async, later": (
        "import asyncio\nasync def handler(event, context):\n    await asyncio.sleep(0)\n    raise ValueError('boom')\n"
    ),
    "async method": (
        "class Service:\n    async def handle(self, event, context):\n        raise ValueError('boom')\n"
        "handler = Service().handle\n"
    ),
    "decorated coroutine": (
        "import functools\n"
        "def passes(function):\n"
        "    @functools.wraps(function)\n"
        "    async def wrapper(*args):\n"
        "        return await function(*args)\n"
        "    return wrapper\n"
        "@passes\nasync def handler(event, context):\n    raise ValueError('boom')\n"
    ),
    "generator": "def handler(event, context):\n    raise ValueError('boom')\n    yield b''\n",
    "async generator": "async def handler(event, context):\n    raise ValueError('boom')\n    yield b''\n",
    "context manager": (
        "from contextlib import ContextDecorator\n"
        "class Opened(ContextDecorator):\n"
        "    def __enter__(self): pass\n"
        "    def __exit__(self, *_): pass\n"
        "@Opened()\ndef handler(event, context):\n    raise ValueError('boom')\n"
    ),
    "single dispatch": (
        "import functools\n"
        "@functools.singledispatch\ndef one(event):\n    raise ValueError('boom')\n"
        "def handler(event, context, one=one):\n    one(event)\n"
    ),
    "under Sentry": (
        "from sentry_sdk.integrations.aws_lambda import _wrap_handler\n"
        "import sentry_sdk\n"
        "@_wrap_handler\ndef handler(event, context):\n    raise ValueError('boom')\n"
    ),
    "async under Sentry": (
        "from sentry_sdk.integrations.aws_lambda import _wrap_handler\n"
        "import asyncio\n"
        "async def work():\n    raise ValueError('boom')\n"
        "@_wrap_handler\ndef handler(event, context):\n    asyncio.run(work())\n"
    ),
    "under Powertools": (
        "from aws_lambda_powertools.utilities.data_classes import SQSEvent, event_source\n"
        "@event_source(data_class=SQSEvent)\ndef handler(event, context):\n    raise ValueError('boom')\n"
    ),
    "under wrapt": (
        "import wrapt\n"
        "@wrapt.decorator\ndef passes(wrapped, instance, args, kwargs):\n    return wrapped(*args)\n"
        "@passes\ndef handler(event, context):\n    raise ValueError('boom')\n"
    ),
}


@pytest.fixture(autouse=True)
def _finders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take out the import hooks that libraries put in."""
    monkeypatch.setattr(sys, "meta_path", sys.meta_path[:])


def failing(names: dict[str, Any], payload: bytes = b"{}") -> list[str]:
    """The `stackTrace` that is posted for the handler of a module."""
    script = Script(an_invocation(payload=payload))
    with pytest.raises(OverError):
        a_loop(script, names["handler"]).run()
    [(_, error_type, message, stack)] = [answer for answer in script.story if answer != "next"]
    assert (error_type, message) == ("ValueError", "boom")
    return [str(entry) for entry in stack]


@pytest.mark.filterwarnings("ignore:Module globals is missing:DeprecationWarning")  # run_path's; since Python 3.15
@pytest.mark.parametrize("name", HANDLERS)
def test_starts_in_the_function(tmp_path: Path, name: str) -> None:
    """The first frame of an error is of the function's file: none of ours, of asyncio or of a wrapper comes before."""
    path, names = written(tmp_path, HANDLERS[name])
    stack = failing(names)

    assert stack[0].startswith(f'  File "{path}", line ')
    assert stack[-1].endswith("raise ValueError('boom')\n")


@pytest.mark.parametrize("name", [name for name in HANDLERS if name.startswith(("async", "decorated", "plain"))])
def test_nothing_else(tmp_path: Path, name: str) -> None:
    """The trace of a coroutine that awaits nothing but its own has no frame outside of the function's file."""
    path, names = written(tmp_path, HANDLERS[name])
    stack = failing(names)
    inner = [line for line in stack if path not in line]

    assert inner == [] or name == "async under Sentry"  # it runs asyncio by itself, below its own frame


@pytest.mark.parametrize("payload", [SQS, KINESIS], ids=["at once", "in order"])
@pytest.mark.parametrize("how", ["def", "async def"])
def test_partial_batch(tmp_path: Path, caplog: pytest.LogCaptureFixture, payload: bytes, how: str) -> None:
    """What is logged of a record that fails starts in the function's file, in batches of any kind."""
    source = "from lambda_bootstrap.events import partial_batch\n@partial_batch\n"
    path, names = written(tmp_path, f"{source}{how} handler(record):\n    raise ValueError('boom')\n")
    script = Script(an_invocation(payload=payload))
    with caplog.at_level(logging.ERROR), pytest.raises(OverError):
        a_loop(script, names["handler"]).run()
    [record] = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[1] is not None

    assert trace(record.exc_info[1]) == [f"  File \"{path}\", line 4, in handler\n    raise ValueError('boom')\n"]


@pytest.mark.parametrize("how", ["def", "async def"])
def test_partial_batch_that_ends(tmp_path: Path, how: str) -> None:
    """An error that ends the process out of a batch has a trace that starts in the function's file."""
    source = (
        "from lambda_bootstrap import LambdaError\nfrom lambda_bootstrap.events import partial_batch\n@partial_batch\n"
    )
    path, names = written(tmp_path, f"{source}{how} handler(record):\n    raise LambdaError('boom', exit=True)\n")
    script = Script(an_invocation(payload=SQS))
    a_loop(script, names["handler"]).run()

    assert script.story[-1][3][0].startswith(f'  File "{path}", line 5, in handler')


def test_group(tmp_path: Path) -> None:
    """The members of a group that a task group raises have traces of the function alone."""
    source = (
        "import asyncio\n"
        "async def fails():\n    raise ValueError('boom')\n"
        "async def handler(event, context):\n"
        "    async with asyncio.TaskGroup() as group:\n"
        "        group.create_task(fails())\n"
    )
    path, names = written(tmp_path, source)
    script = Script(an_invocation())
    with pytest.raises(OverError):
        a_loop(script, names["handler"]).run()
    stack = script.story[1][3]
    member = stack[stack.index("  1 of 1: ValueError: boom\n") + 1]

    assert stack[0].startswith(f'  File "{path}", line 5, in handler')
    assert member == f'    File "{path}", line 3, in fails\n'


def test_async_under_sentry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trace of an async handler that Sentry has wrapped starts in the function's file."""
    wrap = import_module("sentry_sdk.integrations.aws_lambda")._wrap_handler
    monkeypatch.setattr(hooks, "around", [wrap])
    path, names = written(tmp_path, HANDLERS["async, later"])
    script = Script(an_invocation())
    loop = a_loop(script, names["handler"])
    init(loop.handler, loop.log)
    with pytest.raises(OverError):
        loop.run()

    assert script.story[1][3] == [f"  File \"{path}\", line 4, in handler\n    raise ValueError('boom')\n"]


@pytest.mark.parametrize("name", ["asyncio", "opentelemetry", "wrapt"])
def test_folder_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A function in a folder that happens to be called like a wrapper has its frames, and those of what it calls."""
    folder = tmp_path / name
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    path, names = written(folder, "import json\ndef handler(event, context):\n    json.loads('{')\n")
    script = Script(an_invocation())
    with pytest.raises(OverError):
        a_loop(script, names["handler"]).run()
    stack = script.story[1][3]

    assert stack[0].startswith(f'  File "{path}", line 3, in handler')
    assert "json/decoder.py" in stack[-1]


def test_wrapper_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error in a wrapper itself, which has called nothing, is shown with the wrapper's frames."""
    monkeypatch.syspath_prepend(tmp_path / "site-packages")
    folder = tmp_path / "site-packages" / "datadog_lambda"
    folder.mkdir(parents=True)
    path, names = written(folder, "def handler(event, context):\n    raise ValueError('boom')\n")

    assert failing(names) == [f"  File \"{path}\", line 2, in handler\n    raise ValueError('boom')\n"]


def test_wrapper_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames of a library that the function calls stay, though it wraps handlers elsewhere."""
    monkeypatch.syspath_prepend(tmp_path / "site-packages")
    folder = tmp_path / "site-packages" / "wrapt"
    folder.mkdir(parents=True)
    _, library = written(folder, "def call(function):\n    return function()\n")
    path, names = written(tmp_path, "def handler(call):\n    call(fails)\ndef fails():\n    raise ValueError('boom')\n")
    try:
        names["handler"](library["call"])
    except ValueError as error:
        traceback = error.__traceback__
    assert traceback is not None

    found = [frame.path for frame in frames(traceback.tb_next)]
    assert found == [path, str(folder / "app.py"), path]
