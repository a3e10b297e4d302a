"""
What a function is given: its event, and variables of its own.

Owns: the ways to write an event and a variable on a command line, and which variables are Lambda's.
Refuses to know: who runs the function.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .. import samples
from ..errors import UsageError
from .function import RESERVED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .function import Function

# How an event begins that is written on the command line.
INLINE = ("{", "[", '"')


def read_event(given: str | None, function: Function) -> bytes:
    """
    Read the event: *given* is a file, `-` for stdin, JSON, or the name of a sample.

    Without it, event.json beside the function is read.

    Raises:
        UsageError: there is no such file or sample, the JSON is none, or nothing is there.
    """
    if given is None:
        default = Path(function.task_root, function.handler).with_name("event.json")
        return _read(default) if default.exists() else b"{}"
    if given == "-":
        return sys.stdin.buffer.read()
    if not given.strip():
        raise UsageError("the event is empty: write JSON, a file, a sample's name, or - for stdin")
    if given.lstrip().startswith(INLINE):
        return _check(given)
    if samples.is_sample(given) and not Path(given).is_file():
        return samples.read(given)
    if Path(given).exists() or set(given) & set("./"):
        return _read(Path(given))
    raise UsageError(f"there is no file and no sample event {given!r}; {samples.suggest(given)}")


def _check(text: str) -> bytes:
    try:
        json.loads(text)
    except ValueError as error:
        raise UsageError(f"the event isn't JSON: {error}") from error
    return text.encode()


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the event file {error.filename!r}: {error.strerror}") from error


def read_variables(files: Sequence[str], given: Sequence[str]) -> dict[str, str]:
    """
    Read the function's variables: of *files* with lines NAME=VALUE, and *given* ones of that form, which win.

    Raises:
        UsageError: a file cannot be read, something has another form, or a name is Lambda's.
    """
    variables: dict[str, str] = {}
    for file in files:
        try:
            lines = Path(file).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it isn't UTF-8"
            raise UsageError(f"cannot read the variables in {file!r}: {reason}") from error
        for number, line in enumerate(map(str.strip, lines), 1):
            if line and not line.startswith("#"):
                name, value = _split(line.removeprefix("export "), f"{file}, line {number}")
                variables[name] = _unquote(value)
    return variables | dict(_split(pair, "--env") for pair in given)


def _split(pair: str, where: str) -> tuple[str, str]:
    name, sign, value = pair.partition("=")
    name = name.strip()
    if not sign or not name:
        raise UsageError(f"{where}: {pair!r} isn't NAME=VALUE")
    check_names([name], where)
    return name, value


def check_names(names: Iterable[str], where: str) -> None:
    """
    Check the names of variables.

    Raises:
        UsageError: one is Lambda's.
    """
    for name in names:
        if name in RESERVED:
            raise UsageError(f"{where}: {name} is Lambda's own{RESERVED[name]}")


def _unquote(value: str) -> str:
    value = value.strip()
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if is_quoted else value
