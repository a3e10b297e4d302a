"""
An exception as lines.

Owns: which frames are the user's, how a frame is written, how causes, groups and notes follow.
Refuses to know: who reads it.

Written by hand: `traceback` takes 9 ms to import, and a function may have a `traceback.py` or a `types.py` of its own.
"""

from __future__ import annotations

import sys
from _weakref import ref  # `weakref` is a file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType, TracebackType
    from typing import Any, TypeVar

    Key = TypeVar("Key")
    Value = TypeVar("Value")

HERE = __file__.rpartition("/")[0] + "/"
IMPORT = ("<frozen importlib", f"{HERE}on_import.py")  # how the files of the import system begin, with our part in it
OURS = ("<frozen importlib", HERE)

# A runaway recursion has a thousand frames; its ends tell the story.
FIRST_FRAMES, LAST_FRAMES = 5, 50
# Packages and modules that stand between the runtime and the function: what runs its coroutines, and wrappers.
LEADS = frozenset(
    (
        *("asyncio", "contextlib.py", "functools.py", "uvloop"),
        *("aws_durable_execution_sdk_python", "aws_embedded_metrics", "aws_lambda_powertools", "aws_xray_sdk"),
        *("chalice", "datadog_lambda", "ddtrace", "elasticapm", "inject", "kink", "loguru", "lumigo_tracer"),
        *("newrelic", "newrelic_lambda", "opentelemetry", "sentry_sdk", "wrapt"),
    )
)
_name = type.__dict__["__name__"].__get__
# An exception can have any number of causes, members and notes, each of any length; of each the ends are kept.
MOST_EXCEPTIONS = 20
MOST_NOTES = 20
MOST_LINES = 200  # of a note, say
MOST_TEXT = 32_768  # characters of it
MOST_TRACE = 131_072  # characters of a trace in all
MOST_KEPT = 1_000  # of anything that is kept, as what fails once mostly fails again
# By the id of the code and the place in it. The code itself stays no longer than it would: a function may make its own
# anew for each event, of any size, and another gets the id.
_kept: dict[tuple[int, int], tuple[ref[CodeType], Frame]] = {}
_ours: dict[str, str] = {}  # paths that are ours
_plain: dict[str, str] = {}  # paths that have nothing of a wrapper

# Returns a text as a `str` and no subclass, whose methods may do anything at all.
exact: Callable[[str], str] = str.__str__


class Frame:
    """
    One line of a trace: where the code was, and what it was.

    Attributes:
        entry: all that as text, as in Python's own traces; of a long line of source, its ends.
    """

    __slots__ = ("entry", "label", "line", "path", "source")

    def __init__(self, path: str, line: int, label: str, source: str) -> None:
        self.path = path
        self.line = line
        self.label = label
        self.source = source
        text = f'  File "{path}", line {line}, in {label}\n'
        self.entry = shorten(f"{text}    {source}\n" if source else text)

    def __str__(self) -> str:
        return self.entry


def describe(value: object) -> str:
    """Return `str(value)`, exactly a `str`, or a placeholder if that fails."""
    try:
        return exact(str(value))
    except BaseException:
        return f"<unprintable {class_name(value)} object>"


def class_name(value: object) -> str:
    """Return the name of the class of *value*."""
    return name_of(type(value))


def name_of(kind: type) -> str:
    """Return the name of a class, even if its metaclass has a `__name__` of its own."""
    return exact(_name(kind))


def title(error: BaseException) -> str:
    """Return type and message, as in the last line of Python's own tracebacks."""
    message = describe(error)
    return f"{class_name(error)}: {message}" if message else class_name(error)


def trace(error: Any, seen: set[int] | None = None, found: Iterable[Frame] | None = None) -> list[str]:
    """
    Return `stackTrace` of *error*: its frames, an entry each, then notes, members of a group, and what led to it.

    Python's order is the reverse. Here the error itself stands before its trace, so its cause comes after.

    Args:
        error: its own class may do anything.
        seen: ids of the exceptions that have been written.
        found: its frames, if the caller has them.
    """
    seen = set() if seen is None else seen
    seen.add(id(error))
    lines = [frame.entry for frame in (frames(error.__traceback__) if found is None else found)]
    lines += [f"  Note: {shorten(note)}\n" for note in notes(error)]
    if issubclass(type(error), BaseExceptionGroup):  # isinstance() would ask the error itself
        for number, member in enumerate(error.exceptions, 1):
            if len(seen) >= MOST_EXCEPTIONS:
                break
            lines.append(f"  {number} of {len(error.exceptions)}: {shorten(title(member))}\n")
            lines += [f"  {line}" for entry in trace(member, seen) for line in entry.splitlines(keepends=True)]
    before, words = error.__cause__, "Caused by"
    if before is None and not error.__suppress_context__:
        before, words = error.__context__, "While handling"
    if before is not None and id(before) not in seen and len(seen) < MOST_EXCEPTIONS:
        lines.append(f"{words} {shorten(title(before))}\n")
        lines += trace(before, seen)
    return thinned(lines)


def shorten(text: str, most: int = MOST_TEXT) -> str:
    """Return *text*; if it has more characters or lines than anybody reads, its start and its end."""
    if len(text) > most:
        text = f"{text[: most // 2]}\n... ({len(text)} characters) ...\n{text[-most // 2 :]}"
    if len(text) <= MOST_LINES:
        return text
    lines = text.splitlines(keepends=True)
    if len(lines) <= MOST_LINES:
        return text
    half = MOST_LINES // 2
    return "".join([*lines[:half], f"... ({len(lines)} lines) ...\n", *lines[-half:]])


def thinned(entries: list[str]) -> list[str]:
    """Return the *entries* of a trace; if there is too much in them, the first and the last."""
    if len(entries) < MOST_TRACE // MOST_TEXT or sum(map(len, entries)) <= MOST_TRACE:
        return entries
    start, end, room = 0, len(entries), MOST_TRACE // 2
    while (room := room - len(entries[start])) >= 0:
        start += 1
    room = MOST_TRACE // 2
    while (room := room - len(entries[end - 1])) >= 0:
        end -= 1
    return [*entries[:start], f"  ... ({end - start} entries left out) ...\n", *entries[end:]]


def notes(error: BaseException) -> list[str]:
    """Return what `add_note` has added."""
    try:
        found = getattr(error, "__notes__", None)  # which makes no exception of it
        if found is None:
            return []
        texts = found if isinstance(found, (list, tuple)) else ()
        if len(texts) > MOST_NOTES:
            half = MOST_NOTES // 2
            texts = [*texts[:half], f"... ({len(texts)} notes) ...", *texts[-half:]]
        return [exact(note) for note in texts if issubclass(type(note), str)]
    except BaseException:
        return []


def frames(traceback: TracebackType | None) -> list[Frame]:
    """
    Return the user's frames of *traceback*, outermost first: neither those that lead there nor the import system's.

    Where nothing but wrappers is left, they are the function.
    """
    start = traceback
    while traceback is not None:
        path = exact(traceback.tb_frame.f_code.co_filename)
        if path not in _ours and (path in _plain or not _is_lead(path)):
            break
        traceback = traceback.tb_next
    if traceback is None:
        traceback = start
        while traceback is not None and str.startswith(traceback.tb_frame.f_code.co_filename, OURS):
            traceback = traceback.tb_next
    places: list[TracebackType] = []
    while traceback is not None:
        if not str.startswith(traceback.tb_frame.f_code.co_filename, IMPORT):  # there may be 100,000 of them
            places.append(traceback)
        traceback = traceback.tb_next
    if len(places) > FIRST_FRAMES + LAST_FRAMES:
        del places[FIRST_FRAMES:-LAST_FRAMES]
    found: list[Frame] = []
    files: dict[str, list[str]] = {}
    for place in places:
        code = place.tb_frame.f_code
        at = place.tb_lasti
        if at < 0:  # made by C, as Nuitka does: only the line tells where
            at = ~(place.tb_lineno or 0)
        kept = _kept.get((id(code), at))
        found.append(kept[1] if kept is not None and kept[0]() is code else _keep(code, at, place, files))
    return found


def _keep(code: CodeType, at: int, place: TracebackType, files: dict[str, list[str]]) -> Frame:
    """Make and keep the frame of a *place* in *code*; its source is of *files*, which have been read for this trace."""
    path, number = exact(code.co_filename), place.tb_lineno or 0
    if path not in files:
        files[path] = source_lines(path)
    frame = Frame(path, number, exact(code.co_name), line_of(files[path], number))
    return keep(_kept, (id(code), at), (ref(code), frame))[1]


def keep(memory: dict[Key, Value], key: Key, value: Value) -> Value:
    """Keep *value* in *memory*, which begins anew when it is full; return it."""
    if len(memory) >= MOST_KEPT:
        memory.clear()
    memory[key] = value
    return value


def _is_lead(path: str) -> bool:
    """Return whether *path* stands between Python and the function: ours, or of a wrapper that was imported as such."""
    steps = path.split("/")
    is_ours = path.startswith(OURS)
    if is_ours or LEADS.isdisjoint(steps):
        keep(_ours if is_ours else _plain, path, path)
        return is_ours
    folders = {folder.rstrip("/") for folder in search_path()}
    return any(step in LEADS and "/".join(steps[:at]) in folders for at, step in enumerate(steps))


def search_path() -> list[str]:
    """Return the folders of `sys.path`; what is no text there, such as a `Path`, is no folder to Python either."""
    return [exact(folder) for folder in sys.path if issubclass(type(folder), str)]


def source_lines(path: str) -> list[str]:
    """Return the lines of a source file; empty if it cannot be read (a frozen module, `exec`, a zip)."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readlines()
    except (OSError, ValueError):
        return []


def line_of(lines: list[str], number: int) -> str:
    """Return line *number* of a source file, counted from 1, without its indent."""
    return lines[number - 1].strip() if 0 < number <= len(lines) else ""
