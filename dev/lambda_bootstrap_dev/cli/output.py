"""
What the command line prints.

Owns: colours and terminals, and which of stdout and stderr is for what.
Refuses to know: where a log or a response comes from.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rich import console as rich
from rich.highlighter import JSONHighlighter
from rich.text import Text

from ..emulator.function_url import HTTP
from ..emulator.values import Ending, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ..build.report import Report
    from ..caller import Answer
    from ..conformance.running import Result
    from ..doctor.findings import Report as Examination
    from ..emulator.function_url import Response

# Of a message in a headline.
MOST_SHOWN = 120
# How the platform's own lines begin.
PLATFORM = (b"START RequestId: ", b"END RequestId: ", b"REPORT RequestId: ")


class Console(rich.Console):
    """A console that raises BrokenPipeError, where rich ends the program with status 1."""

    def on_broken_pipe(self) -> None:
        """Leave it to the verb; rich calls this where it has caught the error."""
        raise  # noqa: PLE0704 - as above


def write_log(data: bytes) -> None:
    """
    Print the log of function and platform.

    Raises:
        OSError: nobody reads it any more.
    """
    if sys.stderr.isatty() and data.startswith(PLATFORM) and (console := Console(stderr=True)).is_terminal:
        console.print(Text(data.decode(), "dim"), end="", soft_wrap=True)
        return
    # The platform shows a carriage return within a record as a line break; make a terminal do so too.
    sys.stderr.buffer.write(data.replace(b"\r", b"\n") if sys.stderr.isatty() else data)
    sys.stderr.buffer.flush()


def log_pipe() -> int | None:
    """The descriptor that the log goes to, if it is a pipe."""
    descriptor = sys.stderr.fileno()
    return descriptor if stat.S_ISFIFO(os.fstat(descriptor).st_mode) else None


def complain(message: str, style: str = "") -> None:
    """Print one line for people on stderr."""
    Console(stderr=True).print(Text(message, style), soft_wrap=True)


def show(ending: Ending) -> None:
    """Print the response; before it, say whose error it is, or print the head of an HTTP response."""
    body = ending.body
    if ending.kind is not Kind.RESPONSE:
        complain(headline(ending), "bold red")
    elif ending.content_type == HTTP:
        head, _, body = body.partition(bytes(8))
        complain(head.decode(errors="replace"))
    text = pretty(body)
    if text is not None and (console := Console()).is_terminal:
        console.print(JSONHighlighter()(Text(text)), soft_wrap=True)
        return
    sys.stdout.buffer.write((body if text is None else text.encode()).removesuffix(b"\n") + b"\n")
    sys.stdout.buffer.flush()


def show_response(response: Response) -> None:
    """Print a response as curl does: the head on stderr, the body on stdout, byte by byte."""
    complain(response.head)
    sys.stdout.buffer.write(response.body)
    sys.stdout.buffer.flush()


def show_as_json(ending: Ending) -> None:
    """Print how an invocation ended, for machines: its kind, the body, decoded if it is JSON, and its type."""
    try:
        body = json.loads(ending.body)
    except ValueError:
        body = ending.body.decode(errors="replace")
    told = {"kind": ending.kind.value, "body": body, "content_type": ending.content_type}
    show_json(json.dumps(told, ensure_ascii=False).encode() + b"\n")


def headline(ending: Ending) -> str:
    """An error in one line, that of its beginning which says what it is: the body has all of it."""
    who = "function error" if ending.is_answered else f"the runtime failed ({ending.kind.value})"
    try:
        body = json.loads(ending.body)
        return f"{who}: {body['errorType']}: {shortened(body['errorMessage'])}"
    except (ValueError, TypeError, KeyError):
        return who


def shortened(message: str) -> str:
    """As much of a message as a line of a terminal shows."""
    return message if len(message) <= MOST_SHOWN else f"{message[:MOST_SHOWN].rstrip()} ..."


def pretty(body: bytes) -> str | None:
    """Indent JSON; return None for anything else."""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return None


def show_json(data: bytes) -> None:
    """Print JSON as it is, with colours on a terminal."""
    if (console := Console()).is_terminal:
        console.print(JSONHighlighter()(Text(data.decode())), soft_wrap=True, end="")
        return
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def show_names(names: list[str], *, is_json: bool) -> None:
    """Print names, one a line, or as an array."""
    sys.stdout.write(json.dumps(names) + "\n" if is_json else "".join(f"{name}\n" for name in names))
    sys.stdout.flush()


def show_table(rows: dict[str, str], *, is_json: bool) -> None:
    """Print names and what they mean, one a line, or as an object."""
    width = max(map(len, rows))
    lines = "".join(f"{name:{width}}  {meaning}\n" for name, meaning in rows.items())
    sys.stdout.write(json.dumps(rows, ensure_ascii=False) + "\n" if is_json else lines)
    sys.stdout.flush()


def show_answer(answer: Answer, *, is_json: bool) -> None:
    """Print what a caller gets: its log, if it comes along, and the response, or all in one object."""
    if is_json:
        show_json(json.dumps(answer.for_machines(), ensure_ascii=False).encode() + b"\n")
        return
    if answer.log:
        write_log(answer.log)
    if answer.body or not answer.is_accepted:
        show(Ending(Kind.ERROR if answer.error else Kind.RESPONSE, answer.body, answer.content_type))
    else:
        complain("accepted: the function runs, and nobody waits for its response", "dim")


def show_results(results: Iterable[Result], *, is_json: bool) -> list[Result]:
    """Print the cases of the conformance kit as they come, by their groups, or all in one object; return them."""
    shown, group = [], ""
    for result in results:
        shown.append(result)
        if not is_json:
            style, mark = ("green", "✓") if result.passes else ("red", "✗")
            if result.case.group != group:
                group = result.case.group
                _print(Text(group, "bold"))
            _print(Text(f"  {mark} ", style).append(result.case.name, "default"))
            for wrong in result.wrong:
                _print(Text(f"      {wrong}", style))
    passed = sum(result.passes for result in shown)
    if is_json:
        cases = [
            {"group": each.case.group, "name": each.case.name, "rule": each.case.rule, "wrong": list(each.wrong)}
            for each in shown
        ]
        told = {"passed": passed, "failed": len(shown) - passed, "cases": cases}
        show_json(json.dumps(told, ensure_ascii=False).encode() + b"\n")
    else:
        _print(Text(f"{passed} of {len(shown)} pass"))
    return shown


# How many rows of a table are for people; machines get all.
MOST_ROWS = 10
STYLES = {"error": "bold red", "warning": "yellow", "note": "dim"}


def show_examination(report: Examination, *, is_json: bool) -> None:
    """Print what the doctor has found: the findings, then what the import takes, and the sizes."""
    if is_json:
        show_json(json.dumps(report.for_machines(), ensure_ascii=False).encode() + b"\n")
        return
    _print(Text(report.python, "dim"))
    for finding in report.findings:
        level = finding.level.value
        _print(Text(f"{level}: ", STYLES[level]).append(f"{finding.about}: {finding.text}", "default"))
    if not report.findings:
        _print(Text("nothing is wrong", "green"))
    if report.imports:
        _print(Text(f"the import takes {report.import_ms:.0f} ms:", "bold"))
        for each in report.imports[:MOST_ROWS]:
            _print(Text(f"  {each.package:<24}{each.ms:>8.1f} ms{each.modules:>6} modules"))
    if report.sizes:
        _print(Text("the largest parts:", "bold"))
        for part in report.sizes[:MOST_ROWS]:
            _print(Text(f"  {part.part:<24}{part.size / 1024:>8.0f} KB"))


def _print(line: Text) -> None:
    """Print a line on stdout, with colours on a terminal."""
    if (console := Console()).is_terminal:
        console.print(line, soft_wrap=True)
        return
    sys.stdout.write(f"{line.plain}\n")
    sys.stdout.flush()


class Pieces:
    """The pieces of a streamed response, printed as they come, or kept until the end for machines."""

    def __init__(self, *, is_json: bool) -> None:
        self._is_json = is_json
        self._kept: list[bytes] = []

    def take(self, piece: bytes) -> None:
        """Print a piece, or keep it."""
        if self._is_json:
            self._kept.append(piece)
            return
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()

    def finish(self, answer: Answer) -> None:
        """Print what the end says."""
        if self._is_json:
            kept = b"".join(self._kept)
            show_answer(replace(answer, body=answer.body or kept), is_json=True)
            return
        if answer.log:
            write_log(answer.log)
        if answer.error:
            complain(f"the stream has broken off: {headline(Ending(Kind.ERROR, answer.body))}", "bold red")


@contextmanager
def patience(message: str, seconds: float = 3.0) -> Iterator[None]:
    """Say on stderr that somebody is still waited for."""
    timer = threading.Timer(seconds, complain, (message, "dim"))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def terminal_input() -> int:
    """What the function reads: the terminal, for `input()` and `breakpoint()`, or nothing if there is none."""
    return sys.stdin.fileno() if sys.stdin and sys.stdin.isatty() else subprocess.DEVNULL


def abandon() -> None:
    """Let nothing more be written, by Python's own shutdown say: the reader of a pipe is gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Show the step of a build on a terminal; give what sets it."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status("starting") as status:
        yield lambda step: status.update(Text(f"{step} ..."))


def show_object(value: Mapping[str, Any]) -> None:
    """Print an object for machines."""
    show_json(json.dumps(value, ensure_ascii=False).encode() + b"\n")


def show_build(report: Report, result: str) -> None:
    """Print what was built: the figures on stderr, the result on stdout, for scripts."""
    show_lines(report.lines, result)


def show_lines(lines: Iterable[str], result: str) -> None:
    """Print lines for people on stderr, the result on stdout."""
    for line in lines:
        complain(line, "yellow" if line.startswith("warning") else "")
    sys.stdout.write(result)
