"""An exception as lines."""

from __future__ import annotations

import runpy
from types import FunctionType
from typing import TYPE_CHECKING, Any, cast

import pytest

from runtime import codec
from runtime.errors import report
from runtime.stack import Frame, describe, frames, source_lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def caught(call: Callable[[], object]) -> BaseException:
    """What *call* raises, with a traceback that starts inside it."""
    with pytest.raises(BaseException) as raised:  # noqa: PT011 - whatever it is
        call()
    assert raised.value.__traceback__ is not None
    return raised.value.with_traceback(raised.value.__traceback__.tb_next)


def written(folder: Path, source: str) -> tuple[str, dict[str, Any]]:
    """A user's module: where it lies, and its names."""
    path = folder / "app.py"
    path.write_text(source, encoding="utf-8")
    return str(path), runpy.run_path(str(path))


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
        """A `__str__` that gives no string is one that cannot say what it is."""

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
        assert error.__traceback__.tb_frame.f_code.co_filename.endswith("/runtime/codec.py")

        assert [(frame.path, frame.line, frame.label, frame.source) for frame in frames(error.__traceback__)] == [
            (path, 3, "items", "return 1 / 0")
        ]

    def test_keeps_the_runtime_below(self, tmp_path: Path) -> None:
        """Frames of the runtime that the function called are shown: they are part of its story."""
        _, names = written(tmp_path, "def handler(call):\n    call(object())\n")
        error = caught(lambda: names["handler"](codec.dumps))
        assert error.__traceback__ is not None

        assert [frame.label for frame in frames(error.__traceback__.tb_next)] == ["handler", "dumps", "_convert"]

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
        told = report(caught(names["top"]))

        assert len(told.frames) == 55
        assert [frame.label for frame in told.frames[:2]] == ["top", "down"]
        assert told.stack[-1].endswith("return down(n - 1) if n else 1 / 0\n")

    @pytest.mark.parametrize(("depth", "count"), [(54, 55), (55, 55)], ids=["fits", "one too many"])
    def test_cut(self, tmp_path: Path, depth: int, count: int) -> None:
        """Fifty-five frames are told whole; one more is cut."""
        _, names = written(tmp_path, "def down(n):\n    return down(n - 1) if n else 1 / 0\n")

        assert len(report(caught(lambda: names["down"](depth))).frames[1:]) == count - 1

    def test_what_is_cut(self, tmp_path: Path) -> None:
        """What is cut is the middle."""
        lines = "".join(f"def f{n}():\n    return f{n + 1}()\n" for n in range(60))
        _, names = written(tmp_path, f"{lines}def f60():\n    return 1 / 0\n")
        labels = [frame.label for frame in frames(caught(names["f0"]).__traceback__)]

        assert labels == [f"f{n}" for n in (*range(5), *range(11, 61))]

    def test_no_traceback(self) -> None:
        """Without a traceback there are no frames."""
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


def files_of(error: BaseException) -> list[str]:
    """The file of each frame of *error*'s traceback."""
    found, traceback = [], error.__traceback__
    while traceback is not None:
        found.append(traceback.tb_frame.f_code.co_filename)
        traceback = traceback.tb_next
    return found
