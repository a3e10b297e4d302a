"""
Runs the code blocks of one page, in the folder where it is started: `python tests/docs/page.py PAGE`.

Owns: what is done with a block. Python is executed, JSON is parsed, a block with a title is written to that file, and
of a console block each line behind `$` is run; its output has to be what follows, with `…` for anything. All blocks of
a page share their names and their shell. `<!-- skip: next "reason" -->` leaves the next block out.
Refuses to know: which pages there are. A page gets a process of its own, as hooks register for good.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from unittest import SkipTest

from lambda_bootstrap.context import Context
from lambda_bootstrap.loop import MARKS
from lambda_bootstrap.signature import adapt
from lambda_bootstrap.web.stream import is_stream
from sybil import Document, Region
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import SkipParser
from sybil.parsers.markdown.lexers import DirectiveInHTMLCommentLexer, RawFencedCodeBlockLexer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sybil import Example

INFO = re.compile(r'(?P<language>\w+)(?: title="(?P<title>[^"]+)")?\n')
# The base of images in the pages, which comes from a registry; a test names one that is at hand.
PYTHON_IMAGE = "python:3.13-slim"
MARK = "end-of-command"


class Shell:
    """The shell of a page: what one command sets, the next one has."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            ["bash", "--norc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.containers: list[str] = []

    def run(self, command: str) -> tuple[int, str]:
        """Run a command; return its exit status and its output, and of one in the background none."""
        assert self.process.stdin
        assert self.process.stdout
        if command.endswith("&"):
            line = f"{command[:-1]} </dev/null >/dev/null 2>&1 &"
        else:
            line = f"{{ {command}\n}} </dev/null"
        self.process.stdin.write(f"{line}\necho; echo {MARK} $?\n")
        self.process.stdin.flush()
        lines = []
        for text in self.process.stdout:
            if text.startswith(MARK):
                break
            lines.append(text)
        else:
            raise AssertionError(f"the shell has ended in {command!r}: {''.join(lines)}")
        status = int(text.split()[1])
        if status == 0 and command.startswith("docker run"):
            self.containers += re.findall(r"--name (\S+)", command)
        return status, "".join(lines).removesuffix("\n")

    def close(self) -> None:
        """End it, its containers, and what it has left in the background."""
        for name in self.containers:
            self.run(f"docker rm --force {name} >/dev/null 2>&1")
        self.run("kill $(jobs -p) 2>/dev/null")
        self.process.communicate()


def call(handler: Any, event: Any = None, **context: Any) -> Any:
    """Return what the caller of a function with *handler* gets for *event*: JSON, or the pieces of a stream."""
    adapted = adapt(handler, "page.handler")
    decoded = adapted.decode(json.dumps(event).encode()) if adapted.takes_event else None
    result = adapted.call(
        decoded, Context(lambda: 0.0, print, {"aws_request_id": "id-1", "deadline_ms": None, **context})
    )
    if isinstance(result, bytes):
        return result
    if any(hasattr(result, mark) for mark in MARKS) and is_stream(result):
        return list(result)
    return json.loads(adapted.encode(result))


def commands(block: str) -> Iterator[tuple[str, str]]:
    """Each command of a console block, without its comment, and the output that stands below it."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        count = 1
        while lines[count - 1].endswith("\\"):
            count += 1
        command = "\n".join(lines[:count])
        yield re.sub(r"\s+# .*$", "", command), "\n".join(lines[count:]).strip()


def matches(expected: str, output: str) -> bool:
    """Whether *output* is what the page says, where `…` stands for anything."""
    pattern = ".*".join(re.escape(part.strip("\n")) for part in expected.split("…"))
    return re.fullmatch(rf"\s*{pattern}\s*", output, re.DOTALL) is not None


class Blocks:
    """The parser of fenced blocks, and of Python in comments."""

    def __init__(self) -> None:
        self.fences = RawFencedCodeBlockLexer(INFO)
        self.comments = DirectiveInHTMLCommentLexer("invisible-code", "python")
        self.python = PythonEvaluator()
        self.shell: Shell | None = None

    def __call__(self, document: Document) -> Iterator[Region]:
        """Find the blocks of a page; sybil calls this."""
        for region in self.fences(document):
            lexemes = region.lexemes
            if lexemes["title"] or lexemes["language"] in {"console", "json", "python"}:
                yield Region(
                    region.start, region.end, (lexemes["language"], lexemes["title"], lexemes["source"]), self.run
                )
        for region in self.comments(document):
            yield Region(region.start, region.end, ("python", None, region.lexemes["source"]), self.run)

    def run(self, example: Example) -> str | None:
        """Run a block; sybil calls this."""
        language, title, source = example.parsed
        if title:
            path = Path(title)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(
                source.replace(PYTHON_IMAGE, os.environ.get("PYTHON_IMAGE", PYTHON_IMAGE)), encoding="utf-8"
            )
        if language == "python":
            example.parsed = source
            self.python(example)
        elif language == "json":
            json.loads(source)
        elif language == "console":
            return self.run_console(source)
        return None

    def run_console(self, source: str) -> str | None:
        """Run the commands of a console block; return what is wrong."""
        self.shell = self.shell or Shell()
        for command, expected in commands(source):
            status, output = self.shell.run(command)
            if status or (expected and not matches(expected, output)):
                return f"$ {command}\nexit status {status}\n{output}\n\nthe page has:\n{expected}"
        return None


def main(page: str) -> int:
    """Run a page; return the exit status."""
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - a string
    blocks = Blocks()
    document = Document.parse(page, blocks, SkipParser())
    module = ModuleType("page")
    sys.modules["page"] = module
    document.namespace = vars(module)
    document.namespace.update(call=call, engine="PYTHON_IMAGE" in os.environ)
    ran = skipped = 0
    try:
        for example in document.examples():
            try:
                example.evaluate()
                ran += example.region.evaluator == blocks.run
            except SkipTest as reason:
                skipped += 1
                print(f"{page}:{example.line}: skipped: {reason}")  # noqa: T201 - the test shows it
    finally:
        if blocks.shell:
            blocks.shell.close()
    print(f"{page}: {ran} blocks run, {skipped} skipped")  # noqa: T201 - as above
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
