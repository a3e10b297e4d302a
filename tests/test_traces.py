"""An exception as lines."""

from __future__ import annotations

import gc
import runpy
import weakref
from traceback import walk_tb
from types import FunctionType, TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lambda_bootstrap import codec, report, traces
from lambda_bootstrap.traces import Frame, describe, frames, line_of, source_lines, title, trace

from tests.support.traces import caught, written

if TYPE_CHECKING:
    from pathlib import Path


class TestFrame:
    """One line of a trace."""

    def test_with_source(self) -> None:
        """A frame reads as one of Python's own traces."""
        assert str(Frame("/a.py", 3, "f", "boom()")) == '  File "/a.py", line 3, in f\n    boom()\n'

    def test_without_source(self) -> None:
        """A frame without source has no second line."""
        assert str(Frame("<string>", 1, "f", "")) == '  File "<string>", line 1, in f\n'


class TestDescribe:
    """The text of an exception."""

    def test_text(self) -> None:
        """An exception's text is its `str`."""
        assert describe(KeyError("k")) == "'k'"

    @pytest.mark.parametrize(
        "trouble",
        [
            pytest.param(ValueError("no"), id="an error"),
            pytest.param(RecursionError("no"), id="too deep"),
            pytest.param(
                SystemExit(3),
                id="an exit",
            ),
        ],
    )
    def test_unprintable(self, trouble: BaseException) -> None:
        """An exception that cannot say what it is is named by its class."""

        class MuteError(Exception):
            def __str__(self) -> str:
                raise trouble

        try:
            text = describe(MuteError())
        except SystemExit:
            text = "escaped"

        assert text == "<unprintable MuteError object>"

    def test_no_string(self) -> None:
        """An exception whose `__str__` gives no string is named by its class."""

        class WrongError(Exception):
            def __str__(self) -> str:
                return cast("str", 5)

        assert describe(WrongError()) == "<unprintable WrongError object>"


class TestFrames:
    """The user's part of a traceback."""

    def test_starts_in_user_code(self, tmp_path: Path) -> None:
        """The runtime's frames on the way to the function are not shown."""
        path, names = written(tmp_path, "class Money(dict):\n    def items(self):\n        return 1 / 0\n")
        error = caught(lambda: codec.dumps(names["Money"](a=1)))
        assert error.__traceback__ is not None
        error = error.with_traceback(error.__traceback__.tb_next)
        assert error.__traceback__ is not None
        assert error.__traceback__.tb_frame.f_code.co_filename.endswith("/lambda_bootstrap/codec.py")

        assert [(frame.path, frame.line, frame.label, frame.source) for frame in frames(error.__traceback__)] == [
            (path, 3, "items", "return 1 / 0")
        ]

    def test_keeps_the_runtime_below(self, tmp_path: Path) -> None:
        """Frames of the runtime that the function called are shown: they are part of its story."""
        _, names = written(tmp_path, "def handler(call):\n    call(object())\n")
        error = caught(lambda: names["handler"](codec.dumps))
        assert error.__traceback__ is not None

        assert [frame.label for frame in frames(error.__traceback__.tb_next)][:2] == ["handler", "dumps"]

    def test_drops_importlib(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The import system's frames are dropped wherever they are."""
        (tmp_path / "broken_dependency_of_app.py").write_text("1 / 0\n", encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        _, names = written(
            tmp_path, "import importlib\ndef handler():\n    importlib.import_module('broken_dependency_of_app')\n"
        )
        error = caught(names["handler"])
        assert any(path.startswith("<frozen importlib") for path in files_of(error))

        assert [frame.label for frame in frames(error.__traceback__)] == ["handler", "import_module", "<module>"]

    def test_recursion(self, tmp_path: Path) -> None:
        """Of a runaway recursion the first five and the last fifty frames are told."""
        source = "def down(n):\n    return down(n - 1) if n else 1 / 0\n\ndef top():\n    down(200)\n"
        _, names = written(tmp_path, source)
        told = report.of(caught(names["top"]))

        assert len(told.frames) == 55
        assert [frame.label for frame in told.frames[:2]] == ["top", "down"]
        assert told.stack[-1].endswith("return down(n - 1) if n else 1 / 0\n")

    @pytest.mark.parametrize(("depth", "count"), [(54, 55), (55, 55)], ids=["fits", "one too many"])
    def test_cut(self, tmp_path: Path, depth: int, count: int) -> None:
        """Fifty-five frames are told whole; one more is cut."""
        _, names = written(tmp_path, "def down(n):\n    return down(n - 1) if n else 1 / 0\n")

        assert len(report.of(caught(lambda: names["down"](depth))).frames[1:]) == count - 1

    def test_what_is_cut(self, tmp_path: Path) -> None:
        """The frames that are cut are those in the middle."""
        lines = "".join(f"def f{n}():\n    return f{n + 1}()\n" for n in range(60))
        _, names = written(tmp_path, f"{lines}def f60():\n    return 1 / 0\n")
        labels = [frame.label for frame in frames(caught(names["f0"]).__traceback__)]

        assert labels == [f"f{n}" for n in (*range(5), *range(11, 61))]

    def test_no_traceback(self) -> None:
        """An exception without a traceback has no frames."""
        assert list(frames(None)) == []

    def test_nothing_but_ours(self) -> None:
        """Of an error in the runtime itself, reached by nothing else, no frame is left."""
        error = caught(lambda: codec.dumps(object()))
        assert error.__traceback__ is not None

        assert list(frames(error.__traceback__.tb_next)) == []

    @pytest.mark.parametrize(
        "name",
        [
            pytest.param("<string>", id="exec"),
            pytest.param("", id="empty"),
            pytest.param("/nowhere/app.py", id="missing"),
            pytest.param("/", id="folder"),
        ],
    )
    def test_unreadable(self, name: str) -> None:
        """Code whose source cannot be read has a frame without a source line."""

        def boom() -> None:
            raise ValueError

        foreign = FunctionType(boom.__code__.replace(co_filename=name), {})
        [frame] = list(frames(caught(foreign).__traceback__))

        assert (frame.path, frame.label, frame.source) == (name, "boom", "")

    def test_no_line(self) -> None:
        """Code without line numbers has an integer all the same: X-Ray drops a cause over anything else."""

        def boom() -> None:
            raise ValueError

        bare = FunctionType(boom.__code__.replace(co_linetable=b""), {})
        [frame] = list(frames(caught(bare).__traceback__))

        assert isinstance(frame.line, int)
        assert frame.source == ""

    def test_changed_file(self, tmp_path: Path) -> None:
        """A line that its file no longer has is no line."""
        path, names = written(tmp_path, "\n\n\ndef handler():\n    1 / 0\n")
        error = caught(names["handler"])
        (tmp_path / "app.py").write_text("", encoding="utf-8")

        assert [str(frame) for frame in frames(error.__traceback__)] == [f'  File "{path}", line 5, in handler\n']

    def test_latin_1(self, tmp_path: Path) -> None:
        """A source that is no UTF-8 is shown as far as it can be read."""
        path = tmp_path / "app.py"
        path.write_bytes(b"# coding: latin-1\ndef handler():\n    raise ValueError('\xe9')\n")
        error = caught(runpy.run_path(str(path))["handler"])

        assert [frame.source for frame in frames(error.__traceback__)] == ["raise ValueError('\ufffd')"]

    def test_again(self, tmp_path: Path) -> None:
        """A frame that comes again is the same, and one of another name on the same line is another."""
        path, names = written(tmp_path, "first, second = lambda: 1 / 0, lambda: 1 / 0\n")
        names["second"].__code__ = names["second"].__code__.replace(co_name="second")
        found = [list(frames(caught(names[name]).__traceback__)) for name in ("first", "second", "first")]

        assert [[(frame.path, frame.line, frame.label) for frame in each] for each in found] == [
            [(path, 1, "<lambda>")],
            [(path, 1, "second")],
            [(path, 1, "<lambda>")],
        ]

    def test_what_is_kept(self) -> None:
        """What is kept of frames and of their files has bounds."""

        def boom() -> None:
            raise ValueError

        for number in range(1500):
            foreign = FunctionType(boom.__code__.replace(co_filename=f"<{number}>"), {})
            assert frames(caught(foreign).__traceback__)[0].path == f"<{number}>"

        assert len(traces._kept) <= 1000
        assert len(traces._plain) <= 1000

    def test_code_is_not_kept(self) -> None:
        """Code that a function makes for an event, and its constants, go with the event, though its frames are kept."""
        code = compile("'x' * 1_000_000\nraise ValueError", "<event>", "exec")
        gone = weakref.ref(code)
        found = frames(caught(FunctionType(code, {})).__traceback__)
        del code
        gc.collect()

        assert [(frame.path, frame.line) for frame in found] == [("<event>", 2)]
        assert gone() is None

    def test_line_alone(self) -> None:
        """Where a compiler's tracebacks have a line and no place in the byte code, the line tells frames apart."""
        error = caught(FunctionType(compile("\n\nraise ValueError", "<compiled>", "exec"), {}))
        assert error.__traceback__ is not None
        [*_, (frame, _)] = walk_tb(error.__traceback__)
        found = [frames(TracebackType(None, frame, -1, line))[0].line for line in (7, 8, 7)]

        assert found == [7, 8, 7]


class TestSourceLines:
    """The lines of a source file."""

    @pytest.mark.parametrize("path", ["a\0b", "\ud800.py", "x" * 5000], ids=["NUL", "lone surrogate", "too long"])
    def test_no_path(self, path: str) -> None:
        """What is no path has no lines."""
        assert source_lines(path) == []

    def test_lines(self, tmp_path: Path) -> None:
        """Lines come with their ends, whatever those are in the file."""
        (tmp_path / "a.py").write_bytes(b"a\r\nb\n\x0cc")

        assert source_lines(str(tmp_path / "a.py")) == ["a\n", "b\n", "\x0cc"]


class TestLineOf:
    """One line of a source file."""

    @pytest.mark.parametrize(("number", "line"), [(0, ""), (1, "a"), (2, "b"), (3, ""), (-1, "")])
    def test_line(self, number: int, line: str) -> None:
        """Lines count from 1; there is nothing before or after them."""
        assert line_of(["  a \n", "b"], number) == line


class TestTitle:
    """The last line of a traceback."""

    @pytest.mark.parametrize(
        ("error", "text"),
        [
            pytest.param(ValueError("boom"), "ValueError: boom", id="message"),
            pytest.param(ValueError(), "ValueError", id="no message"),
            pytest.param(ValueError(0), "ValueError: 0", id="a number"),
            pytest.param(ExceptionGroup("g", [ValueError()]), "ExceptionGroup: g (1 sub-exception)", id="group"),
        ],
    )
    def test_text(self, error: BaseException, text: str) -> None:
        """A title is the type, and the message if there is one."""
        assert title(error) == text


class FalsyError(Exception):
    """An error that is not true, as a container of no problems may be."""

    def __bool__(self) -> bool:
        return False


Error = TypeVar("Error", bound=BaseException)


def chained(
    error: Error,
    *,
    cause: BaseException | None = None,
    context: BaseException | None = None,
    suppressed: bool = False,
) -> Error:
    """Put *error* at the end of a chain."""
    error.__cause__ = cause
    error.__context__ = context
    error.__suppress_context__ = suppressed
    return error


class TestChain:
    """What led to an error."""

    @pytest.mark.parametrize(
        ("error", "lines"),
        [
            pytest.param(ValueError("a"), [], id="nothing"),
            pytest.param(chained(ValueError("a"), cause=KeyError("b")), ["Caused by KeyError: 'b'\n"], id="cause"),
            pytest.param(chained(ValueError("a"), context=KeyError()), ["While handling KeyError\n"], id="context"),
            pytest.param(chained(ValueError("a"), context=KeyError(), suppressed=True), [], id="from None"),
            pytest.param(
                chained(ValueError("a"), cause=KeyError(), context=TypeError()), ["Caused by KeyError\n"], id="both"
            ),
            pytest.param(
                chained(ValueError(), cause=chained(KeyError(), context=OSError("c"))),
                ["Caused by KeyError\n", "While handling OSError: c\n"],
                id="two",
            ),
            pytest.param(
                chained(ValueError(), cause=FalsyError("no")),
                ["Caused by FalsyError: no\n"],
                id="a cause that is false",
            ),
            pytest.param(
                chained(ValueError(), context=FalsyError()),
                ["While handling FalsyError\n"],
                id="a context that is false",
            ),
        ],
    )
    def test_chain(self, error: BaseException, lines: list[str]) -> None:
        """A cause is told, else the context unless it is suppressed, each with what led to it."""
        assert trace(error) == lines

    def test_as_raised(self, tmp_path: Path) -> None:
        """Each error in a chain has its own frames after its title."""
        source = (
            "def handler():\n"
            "    try:\n"
            "        int('x')\n"
            "    except ValueError as error:\n"
            "        raise KeyError('outer') from error\n"
        )
        path, names = written(tmp_path, source)

        assert trace(caught(names["handler"])) == [
            f"  File \"{path}\", line 5, in handler\n    raise KeyError('outer') from error\n",
            "Caused by ValueError: invalid literal for int() with base 10: 'x'\n",
            f"  File \"{path}\", line 3, in handler\n    int('x')\n",
        ]

    def test_itself(self) -> None:
        """An error that is its own cause is told once."""
        error = ValueError("a")
        error.__cause__ = error

        assert trace(error) == []

    def test_circle(self) -> None:
        """Of errors that lead to each other, each is told once."""
        first, second = ValueError("a"), KeyError("b")
        first.__cause__, second.__cause__ = second, first

        assert trace(first) == ["Caused by KeyError: 'b'\n"]

    def test_long(self) -> None:
        """Of a long chain the twenty latest are told."""
        error = ValueError(0)
        for number in range(1, 1000):
            error = chained(ValueError(number), context=error)

        assert trace(error) == [f"While handling ValueError: {number}\n" for number in range(998, 979, -1)]

    def test_unprintable(self) -> None:
        """A cause that cannot say what it is is told by its type."""

        class MuteError(Exception):
            def __str__(self) -> str:
                raise ValueError

        assert trace(chained(ValueError(), cause=MuteError())) == [
            "Caused by MuteError: <unprintable MuteError object>\n"
        ]


def noted(notes: object) -> ValueError:
    """Make an error with *notes*."""
    error = ValueError("boom")
    error.__notes__ = cast("list[str]", notes)
    return error


class TestNotes:
    """`add_note`."""

    @pytest.mark.parametrize(
        ("notes", "lines"),
        [
            pytest.param(["a", "b"], ["  Note: a\n", "  Note: b\n"], id="two"),
            pytest.param([], [], id="none"),
            pytest.param([""], ["  Note: \n"], id="empty"),
            pytest.param(("a",), ["  Note: a\n"], id="tuple"),
            pytest.param(["a\nb"], ["  Note: a\nb\n"], id="several lines"),
            pytest.param([5, None, "a"], ["  Note: a\n"], id="wrong ones"),
            pytest.param("text", [], id="no list"),
            pytest.param(None, [], id="None"),
            pytest.param(5, [], id="a number"),
        ],
    )
    def test_notes(self, notes: object, lines: list[str]) -> None:
        """Notes that are text are told, and others do no harm."""
        assert trace(noted(notes)) == lines

    def test_before_the_cause(self) -> None:
        """A note stands with its error, before what led to that."""
        assert trace(chained(noted(["a"]), cause=KeyError())) == ["  Note: a\n", "Caused by KeyError\n"]

    def test_unreadable(self) -> None:
        """An error whose attributes cannot be read is told without notes."""

        class ProxyError(Exception):
            def __getattr__(self, name: str) -> Any:
                raise RuntimeError(name)

        assert trace(ProxyError()) == []


class TestGroup:
    """Exception groups."""

    def test_members(self) -> None:
        """Members are numbered, each with its notes and what led to it, one step in."""
        group = ExceptionGroup("g", [chained(ValueError("one"), cause=KeyError("k")), noted(["n"])])

        assert trace(group) == [
            "  1 of 2: ValueError: one\n",
            "  Caused by KeyError: 'k'\n",
            "  2 of 2: ValueError: boom\n",
            "    Note: n\n",
        ]

    def test_nested(self) -> None:
        """A group in a group is a step further in."""
        inner = ExceptionGroup("inner", [ValueError("one")])

        assert trace(ExceptionGroup("outer", [inner, TypeError("two")])) == [
            "  1 of 2: ExceptionGroup: inner (1 sub-exception)\n",
            "    1 of 1: ValueError: one\n",
            "  2 of 2: TypeError: two\n",
        ]

    def test_frames(self, tmp_path: Path) -> None:
        """A member's frames are a step in, line by line."""
        path, names = written(tmp_path, "def handler():\n    1 / 0\n")
        error = caught(names["handler"])

        assert trace(BaseExceptionGroup("g", [error])) == [
            "  1 of 1: ZeroDivisionError: division by zero\n",
            f'    File "{path}", line 2, in handler\n',
            "      1 / 0\n",
        ]

    def test_notes_and_cause(self) -> None:
        """A group has notes and a cause of its own: before its members, and after."""
        group = ExceptionGroup("g", [ValueError()])
        group.add_note("n")
        group.__cause__ = KeyError()

        assert trace(group) == ["  Note: n\n", "  1 of 1: ValueError\n", "Caused by KeyError\n"]

    def test_member_of_its_cause(self) -> None:
        """A member that was raised while its group was handled does not tell the group again."""
        member = ValueError("m")
        group = ExceptionGroup("g", [member])
        member.__context__ = group

        assert trace(group) == ["  1 of 1: ValueError: m\n"]

    def test_wide(self) -> None:
        """Of many members the first nineteen are told; with the group that makes twenty."""
        group = ExceptionGroup("g", [ValueError(number) for number in range(1000)])

        assert trace(group) == [f"  {number + 1} of 1000: ValueError: {number}\n" for number in range(19)]

    def test_deep(self) -> None:
        """Of groups in groups the outer twenty are told."""
        error: Exception = ValueError()
        for _ in range(900):
            error = ExceptionGroup("g", [error])

        assert len(trace(error)) == 19


class TestTrace:
    """What `stackTrace` holds."""

    @given(st.recursive(st.builds(ValueError, st.text()), lambda inner: st.builds(chained, inner, cause=inner)))
    def test_always_text(self, error: BaseException) -> None:
        """Whatever led to an error, its trace is text in entries that end."""
        assert all(entry.endswith("\n") for entry in trace(error))

    def test_recursion(self, tmp_path: Path) -> None:
        """A runaway recursion is told by its ends."""
        _, names = written(tmp_path, "def down():\n    down()\n")
        lines = trace(caught(names["down"]))

        assert len(lines) == 55

    def test_at_the_limit(self, tmp_path: Path) -> None:
        """An error is told where hardly any stack is left, too."""
        source = (
            "def down(call):\n    try:\n        down(call)\n    except RecursionError as error:\n        call(error)\n"
        )
        _, names = written(tmp_path, source)
        told: list[list[str]] = []
        names["down"](lambda error: told.append(trace(error)))

        assert told


def files_of(error: BaseException) -> list[str]:
    """The file of each frame of *error*'s traceback."""
    found, traceback = [], error.__traceback__
    while traceback is not None:
        found.append(traceback.tb_frame.f_code.co_filename)
        traceback = traceback.tb_next
    return found


def test_source_is_read_once(tmp_path: Path) -> None:
    """What fails again is shown from memory: its source is read once in the life of an environment."""
    path = tmp_path / "fails.py"
    path.write_text("def fail():\n    raise ValueError\n")
    names: dict[str, Any] = {}
    exec(compile(path.read_text(), str(path), "exec"), names)  # noqa: S102 - a module whose file can go
    sources = []
    for _ in range(2):
        with pytest.raises(ValueError) as caught:  # noqa: PT011 - it has no message
            names["fail"]()
        sources.append([frame.source for frame in frames(caught.value.__traceback__)][-1])
        path.unlink(missing_ok=True)

    assert sources == ["raise ValueError", "raise ValueError"]
