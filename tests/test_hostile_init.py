"""
A function that cannot be loaded, or does what it should not while it is, over both transports.

For every case: what was posted, once, and the status that the process exited with; or that it lives, which it shows by
answering an ordinary invocation.
"""

from __future__ import annotations

import _ctypes
import json
import re
import shutil
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import FUNCTIONS
from tests.support.emulated import mark_known_over_urllib3, posts, see

if TYPE_CHECKING:
    from lambda_bootstrap_dev.testing import Emulator

    from tests.support import Start

HANDLER = "hostile_init.handler"


def failed(emulator: Emulator) -> dict[str, Any]:
    """What was posted for a function that could not be loaded, once; the process has exited with 1 without a poll."""
    emulator.start()
    assert emulator.wait_exit() == 1
    assert [request.endpoint for request in emulator.requests] == ["init/error"]
    (post,) = emulator.requests
    assert len(post.body) <= 256 * 1024
    assert post.header("Lambda-Runtime-Function-Error-Type") != ""
    body: dict[str, Any] = json.loads(post.body)
    assert list(body) == ["errorMessage", "errorType", "requestId", "stackTrace"]
    assert all("/lambda_bootstrap/" not in entry and "importlib" not in entry for entry in body["stackTrace"])
    return body


@dataclass(frozen=True)
class Broken:
    """A handler that cannot be loaded: what is posted, and words of the message."""

    handler: str
    error_type: str
    words: tuple[str, ...]


CIRCLE = FUNCTIONS / "broken_circle"
DEEP = FUNCTIONS / "broken_deep"
BROKEN = {
    "three modules deep": Broken(
        "broken_deep.app.handler",
        "Runtime.ImportModuleError",
        ("No module named 'no_such_module'", "line 2", str(DEEP / "third.py"), "import no_such_module"),
    ),
    "an extra is missing": Broken(
        "broken_deep.extra.handler",
        "Runtime.ImportModuleError",
        ("the extra [fast] is missing", "line 4", str(DEEP / "extra.py")),
    ),
    "name not defined": Broken(
        "broken_deep.name.handler",
        "Runtime.ImportModuleError",
        ("cannot import name 'nothing'", str(DEEP / "name.py"), "from .names import nothing"),
    ),
    "syntax": Broken("broken_syntax.handler", "Runtime.UserCodeSyntaxError", ("expected ':'", "line 1")),
    "syntax of an import": Broken(
        "broken_deep.syntax.handler", "Runtime.UserCodeSyntaxError", ("'(' was never closed", "wrong.py, line 2")
    ),
    "circular import": Broken(
        "broken_circle.one.handler",
        "Runtime.ImportModuleError",
        ("cannot import name 'first' from partially initialized module", "circular import", str(CIRCLE / "two.py")),
    ),
    "near module": Broken("ehco.handler", "Runtime.ImportModuleError", ("did you mean 'echo'?", str(FUNCTIONS))),
    "near module in a package": Broken(
        "broken_deep/secnod.handler", "Runtime.ImportModuleError", ("did you mean 'second'?",)
    ),
    "near handler": Broken(
        "hostile_init.hanlder", "Runtime.HandlerNotFound", ("did you mean 'handler'?", "it defines ")
    ),
    "no near handler": Broken("echo.zzz", "Runtime.HandlerNotFound", ("it defines handler",)),
    "module without a handler": Broken(
        "broken_deep.names.handler", "Runtime.HandlerNotFound", ("it defines nothing that can be called",)
    ),
    "None": Broken("hostile_init.nothing", "Runtime.InvalidHandler", ("None, not a function",)),
    "number": Broken("hostile_init.number", "Runtime.InvalidHandler", ("a int, not a function",)),
    "class": Broken("hostile_init.Plain", "Runtime.InvalidHandler", ("a class, not a function",)),
    "class that wants a name": Broken("hostile_init.Demanding", "Runtime.InvalidHandler", ("Demanding", "name")),
    "class that fails": Broken("hostile_init.Failing", "ValueError", ("not made",)),
    "module": Broken("hostile_init.os", "Runtime.InvalidHandler", ("a module, not a function",)),
    "package without a module": Broken(
        "broken_namespace.handler", "Runtime.HandlerNotFound", ("missing on module 'broken_namespace'",)
    ),
    "blank": Broken(" ", "Runtime.MalformedHandlerName", ("Handler not set",)),
    "dots": Broken("..", "Runtime.MalformedHandlerName", ("Bad handler '..'",)),
    "relative": Broken("../app.handler", "Runtime.ImportModuleError", ("Unable to import module",)),
    "surrogate": Broken("app\udcff.handler", "Runtime.ImportModuleError", ("No module named",)),
    "long": Broken("x" * 100_000 + ".handler", "Runtime.ImportModuleError", ("Unable to import module",)),
}


# Not as agreed yet.
XFAIL_URLLIB3 = {
    "test_lives path": "urllib3 imports late, which fails, and the process exits with 1",
}


@pytest.fixture(autouse=True)
def _known(request: pytest.FixtureRequest) -> None:
    """Mark what isn't as agreed yet over one transport."""
    mark_known_over_urllib3(request, XFAIL_URLLIB3)


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_broken(start: Start, broken: Broken) -> None:
    """A function that cannot be loaded is reported once, in words that lead to the cause and to its remedy."""
    body = failed(start(broken.handler))

    assert body["errorType"] == broken.error_type
    assert [words for words in broken.words if words not in body["errorMessage"]] == []
    assert body["errorMessage"].endswith(see(broken.error_type))


def test_trace_of_import(start: Start) -> None:
    """An import that fails three modules deep keeps its trace: every file on the way, outermost first."""
    trace = failed(start("broken_deep.app.handler"))["stackTrace"]

    assert [Path(entry.split('"')[1]).name for entry in trace] == ["app.py", "second.py", "third.py", "third.py"]
    assert trace[-1].endswith("    import no_such_module\n")


def test_coroutine_object(start: Start) -> None:
    """A coroutine object is told apart from the function that makes it."""
    body = failed(start("hostile_init.coroutine", environ={"COROUTINE": "1"}))

    assert body["errorType"] == "Runtime.InvalidHandler"
    assert "coroutine" in body["errorMessage"]


RAISED = {
    "sys_exit": ("SystemExit", "bye"),
    "sys_exit_0": ("SystemExit", "0"),
    "interrupt": ("KeyboardInterrupt", ""),
    "cancel": ("CancelledError", ""),
    "generator": ("GeneratorExit", ""),
    "memory": ("MemoryError", ""),
    "group": ("BaseExceptionGroup", "both (2 sub-exceptions)"),
    "recurses": ("RecursionError", "maximum recursion depth exceeded"),
    "unspeakable": ("Unspeakable", "<unprintable Unspeakable object>"),
    "large": ("ValueError", "x" * 10_000),
    "surrogate": ("ValueError", ""),
    "removes_itself": ("KeyError", "'hostile_init'"),
    "starts_thread_and_raises": ("ValueError", "boom"),
    "fails_evilly": ("Runtime.ImportModuleError", "Unable to import module 'hostile_init': no evil (line "),
    "has_evil_syntax": ("Runtime.UserCodeSyntaxError", "Syntax error in module 'hostile_init': no syntax (evil.py, "),
    "has_odd_path": (
        "Runtime.ImportModuleError",
        "Unable to import module 'hostile_init': No module named 'no_such_module' (line ",
    ),
}


@pytest.mark.parametrize(("deed", "kind", "message"), [(deed, *rest) for deed, rest in RAISED.items()], ids=RAISED)
def test_raises(start: Start, deed: str, kind: str, message: str) -> None:
    """Whatever an import raises is reported once, in bounds, and the process exits with 1 and never polls."""
    body = failed(start(HANDLER, environ={"DEED": deed}))

    assert body["errorType"] == kind
    assert body["errorMessage"].startswith(message)
    assert len(body["errorMessage"]) <= 33_000


@pytest.mark.parametrize(("deed", "status"), [("os_exit", 3), ("kill", -9)])
def test_ends(start: Start, deed: str, status: int) -> None:
    """An import that ends the process past Python leaves nobody to report it: nothing is posted, the status is its."""
    emulator = start(HANDLER, environ={"DEED": deed})
    emulator.start()

    assert emulator.wait_exit() == status
    assert emulator.requests == []


@pytest.mark.parametrize(
    "deed",
    [
        "prints",
        "prints_without_end",
        "deletes_modules",
        "closes_streams",
        "loses_streams",
        "path",
        "directory",
        "environment",
        "timeout",
        "strict",
        "exhausts_descriptors",
        "handles_signals",
        "forks_child_that_ends",
    ],
)
def test_lives(start: Start, deed: str) -> None:
    """An import that only does what it should not leaves a function that answers, each invocation once."""
    emulator = start(HANDLER, environ={"DEED": deed})

    assert [emulator.invoke(b"1").body, emulator.invoke(b"2").body] == [b"1", b"2"]
    assert posts(emulator) == ["response"] * 2
    assert emulator.stdout.count(b"x") == (1_000_000 if deed.startswith("prints") else 0)


def test_namespace(start: Start) -> None:
    """A folder without `__init__.py` is a package all the same."""
    assert start("broken_namespace/inner/app.handler").invoke(b"1").body == b"1"


def test_fork(start: Start) -> None:
    """A process that forks while it is loaded does not become two runtimes."""
    emulator = start(HANDLER, environ={"DEED": "fork"})
    for number in range(4):
        assert emulator.invoke(str(number).encode()).json() == number
    polls = [request.connection for request in emulator.requests if request.endpoint == "next"]

    assert len(set(polls)) == 1


@pytest.mark.parametrize(
    ("deed", "status", "told"),
    [("forks_and_exits", 3, None), ("forks_and_raises", 1, b"[ERROR] LookupError: in the child\rTraceback")],
)
def test_child(start: Start, deed: str, status: int, told: bytes | None) -> None:
    """A child that is forked while the function is loaded ends with its own status, and its error is logged."""
    emulator = start(HANDLER, environ={"DEED": deed})

    assert emulator.invoke(b"1").body == b"1"
    assert posts(emulator) == ["response"]
    assert f"status {status}\n".encode() in emulator.output
    assert (b"ERROR" in emulator.output) == (told is not None)
    assert told is None or told in emulator.output


SUFFIX = str(sysconfig.get_config_var("EXT_SUFFIX"))
MACHINE_AT = 18  # e_machine in an ELF header


def extension() -> bytes:
    """An extension module that every Python has as a file, and that needs the C library."""
    return Path(_ctypes.__file__).read_bytes()


def of_another_machine(data: bytes) -> bytes:
    """The same for a machine that nobody has: what is tested is the reading of the header."""
    machine = b"\xb7\x00" if data[MACHINE_AT] != 0xB7 else b"\x3e\x00"
    return data[:MACHINE_AT] + machine + data[MACHINE_AT + 2 :]


def of_another_glibc(data: bytes) -> bytes:
    """The same for a C library that there is not yet."""
    return re.sub(rb"(?<=GLIBC_)[0-9.]+(?=\x00)", lambda found: re.sub(rb"\d", b"9", found[0]), data)


def package(folder: Path, name: str, data: bytes) -> None:
    """A function whose package `fast` has an extension."""
    (folder / "fast").mkdir()
    (folder / "fast" / "__init__.py").write_text("from . import _native\n")
    (folder / "fast" / name).write_bytes(data)
    (folder / "app.py").write_text("import fast\n\n\ndef handler(event, context):\n    return event\n")


def test_another_architecture(start: Start, tmp_path: Path) -> None:
    """An extension for another machine is named with both machines and the command that fetches the right one."""
    package(tmp_path, f"_native{SUFFIX}", of_another_machine(extension()))
    message = failed(start("app.handler", folder=tmp_path))["errorMessage"]

    assert "was built for aarch64, this is x86_64" in message or "was built for x86_64, this is aarch64" in message
    assert str(tmp_path / "fast" / f"_native{SUFFIX}") in message
    assert re.search(r"pip install .*--platform manylinux\w+_(x86_64|aarch64) .*fast", message)


def test_another_python(start: Start, tmp_path: Path) -> None:
    """An extension for another Python is named with both versions and the command that fetches the right one."""
    package(tmp_path, "_native.cpython-38-x86_64-linux-gnu.so", extension())
    message = failed(start("app.handler", folder=tmp_path))["errorMessage"]

    assert "cpython-38-x86_64-linux-gnu" in message
    assert SUFFIX.strip(".").removesuffix(".so") in message
    assert re.search(r"pip install .*--python-version 3\.\d+ .*fast", message)


def test_another_glibc(start: Start, tmp_path: Path) -> None:
    """An extension for a newer C library is named with its version and the command that fetches the right one."""
    package(tmp_path, f"_native{SUFFIX}", of_another_glibc(extension()))
    message = failed(start("app.handler", folder=tmp_path))["errorMessage"]

    assert re.search(r"newer C library \(glibc 9[.9]+\)", message)
    assert re.search(r"pip install .*--platform manylinux\w+ .*fast", message)


def test_not_an_extension(start: Start, tmp_path: Path) -> None:
    """A file that only has an extension's name is reported with the file, whatever it is."""
    package(tmp_path, f"_native{SUFFIX}", b"no ELF")
    body = failed(start("app.handler", folder=tmp_path))

    assert body["errorType"] == "Runtime.ImportModuleError"
    assert "_native" in body["errorMessage"]


def test_broken_sources(start: Start, tmp_path: Path) -> None:
    """A module that is no text at all is a syntax error, reported once."""
    (tmp_path / "app.py").write_bytes(b"# \xff\xfe\x00\n")
    body = failed(start("app.handler", folder=tmp_path))

    assert body["errorType"] in {"Runtime.UserCodeSyntaxError", "SyntaxError"}


def test_folder_removed(start: Start, tmp_path: Path) -> None:
    """A function whose folder is gone is reported once."""
    folder = tmp_path / "task"
    folder.mkdir()
    (folder / "app.py").write_text("import shutil\nshutil.rmtree('.', ignore_errors=True)\nraise ImportError('gone')\n")
    body = failed(start("app.handler", folder=folder))

    assert body["errorMessage"].startswith("Unable to import module 'app': gone")
    shutil.rmtree(folder, ignore_errors=True)
