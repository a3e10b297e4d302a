"""
The differences between the two runtimes that are everywhere, each as a rule that undoes it.

Owns the rules, by the heading of docs/differences.md that gives the reason, and what is compared field by field. A rule
takes what was seen of ours and of theirs in one format and changes it, so that no more than its own difference is gone.
"""

from __future__ import annotations

import json
import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.side_by_side import Both, Seen

    Rule = Callable[[Seen, Seen], None]

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")
ERROR = "the error, as it was posted"
ERROR_FIELDS = ("errorType", "errorMessage", "requestId", "stackTrace")
# Ours for what they call it.
LEVELS = {"WARN": "WARNING", "FATAL": "CRITICAL", "TRACE": "NOTSET"}


def read(seen: Seen) -> Seen:
    """
    What was seen, with the log as a list of its lines, and times as what they are made of.

    A line that is a record of JSON is a dict, and the record of the error that was posted is a constant: that log and
    post say the same is held for each runtime by itself.
    """
    error = {name: seen.get(name) for name in ERROR_FIELDS}
    text = seen["stdout"].decode("utf-8", "surrogateescape")
    if "errorType" in seen:
        text = text.replace(text_of(error), f"{ERROR}\n")
    text = TIME.sub(lambda time: f"time{'.ms' if time[1] else ''}", text)
    lines = [a_record(line) or line for line in text.split("\n")]
    for line in lines:
        if isinstance(line, dict) and {name: line.get(name) for name in ERROR_FIELDS} == error:
            line.update(dict.fromkeys(ERROR_FIELDS, ERROR))
    stderr = re.sub(r"0x[0-9a-f]+", "0x...", seen["stderr"].decode("utf-8", "surrogateescape"))
    return {**deepcopy(seen), "stdout": lines, "stderr": stderr}


def text_of(error: dict[str, Any]) -> str:
    """An error as both write it in text: on one line, with what cannot be encoded escaped."""
    title = f"{error['errorType']}: {error['errorMessage']}" if error["errorMessage"] else error["errorType"]
    lines = [f"[ERROR] {title}", "Traceback (most recent call last):"]
    for line in (line for entry in error["stackTrace"] for line in entry.splitlines()):
        rest = line.lstrip(" ")
        lines.append("\xa0" * (len(line) - len(rest)) + rest)
    text = "\r".join(lines).replace("\r\n", "\r").replace("\n", "\r")
    return f"{text}\n".encode("utf-8", "backslashreplace").decode()


def a_record(line: str) -> dict[str, Any] | None:
    """The record of JSON that a line is, or None."""
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) and "timestamp" in value else None


def records(seen: Seen) -> list[dict[str, Any]]:
    """The records among the lines of a log."""
    return [line for line in seen["stdout"] if isinstance(line, dict)]


def spaces(ours: Seen, theirs: Seen) -> None:
    """The spaces in a result, and escapes of text."""
    for seen in (ours, theirs):
        if seen.get("Content-Type") == "application/json" and not isinstance(seen.get("value"), bytes):
            seen["bytes"] = json.dumps(seen.get("value"), separators=(",", ":")).encode()


def error_types(ours: Seen, theirs: Seen) -> None:
    """The header of an error's type."""
    name = ours.get("errorType", "")
    known = name if name.startswith(("Runtime.", "Function.")) else f"Function.{name}"
    bare = name if theirs["posts"] == ["init/error"] else ""
    if (ours.get("Error-Type"), theirs.get("Error-Type")) == (known, bare):
        ours["Error-Type"] = bare


def places(ours: Seen, theirs: Seen) -> None:
    """What a message of the runtime's own goes on with, and the type of its X-Ray cause."""
    name, message = theirs.get("errorType", ""), theirs.get("errorMessage", "")
    if theirs["posts"] != ["error"] or ours.get("errorType") != name or not name.startswith("Runtime."):
        return
    [exception], [other] = ours["X-Ray"]["exceptions"], theirs["X-Ray"]["exceptions"]
    if ours["errorMessage"].startswith(message) and exception["message"] == ours["errorMessage"]:
        ours["errorMessage"] = exception["message"] = message
    if (exception["type"], other["type"]) == (name, "LambdaValidationError"):
        exception["type"] = other["type"]


def suggestions(ours: Seen, theirs: Seen) -> None:
    """What a message about an init error goes on with."""
    is_init = ours["posts"] == theirs["posts"] == ["init/error"]
    if is_init and ours["errorMessage"].startswith(theirs["errorMessage"]):
        ours["errorMessage"] = theirs["errorMessage"]


def init_types(ours: Seen, theirs: Seen) -> None:
    """The content type of an init error."""
    types = ours.get("Content-Type"), theirs.get("Content-Type")
    if theirs["posts"] == ["init/error"] and types == ("application/json", ""):
        ours["Content-Type"] = ""


def notice(_ours: Seen, theirs: Seen) -> None:
    """The notice that their log has before an init error."""
    words = "LAMBDA_WARNING: Unhandled exception. "
    theirs["stdout"] = [line for line in theirs["stdout"] if words not in str(line)]


def stories(ours: Seen, theirs: Seen) -> None:
    """Frames of the import system and marks under the code in theirs; what ours go on with after the last frame."""
    for record in records(theirs):
        if isinstance(record.get("stackTrace"), list):
            record["stackTrace"] = [re.sub(r"\n +[~^]+\n", "\n", entry) for entry in record["stackTrace"]]
    if "stackTrace" not in ours or "stackTrace" not in theirs:
        return
    of_import = ("<frozen importlib", "/importlib/__init__.py")
    theirs["stackTrace"] = [entry for entry in theirs["stackTrace"] if not any(name in entry for name in of_import)]
    end = next((at for at, entry in enumerate(ours["stackTrace"]) if not entry.startswith("  File ")), None)
    ours["stackTrace"] = ours["stackTrace"][:end]
    if ours["errorType"] == "Runtime.ImportModuleError" and not theirs["stackTrace"]:
        ours["stackTrace"] = []


def levels(ours: Seen, _theirs: Seen) -> None:
    """The platform's names of levels in JSON, and in records of ours."""
    for record in records(ours):
        record["level"] = LEVELS.get(record["level"], record["level"])


def milliseconds(ours: Seen, theirs: Seen) -> None:
    """The milliseconds of times in JSON."""
    assert {record["timestamp"] for record in records(ours)} <= {"time.ms"}
    assert {record["timestamp"] for record in records(theirs)} <= {"time"}
    for record in records(ours):
        record["timestamp"] = "time"


def marks(ours: Seen, _theirs: Seen) -> None:
    """The function's version and the trace in records of JSON."""
    for record in records(ours):
        assert record.pop("functionVersion") == "$LATEST"
        record.pop("traceId", None)
        if ERROR in record.values():
            record.pop("tenantId", None)


def printed(ours: Seen, theirs: Seen) -> None:
    """The records that ours makes of the other lines of stdout in JSON format; empty lines make none."""
    if records(ours):
        ours["stdout"] = [text_or_record(line) for line in ours["stdout"]]
        for seen in (ours, theirs):
            seen["stdout"] = [line for line in seen["stdout"] if line]


def text_or_record(line: Any) -> Any:
    """What was printed, of a record that is nothing else."""
    is_print = isinstance(line, dict) and line.keys() == {"timestamp", "level", "message", "requestId"}
    return line["message"] if is_print and line["level"] == "INFO" else line


# In this order; the first ones see what the later ones change.
RULES: dict[str, Rule] = {
    "Results are written compactly": spaces,
    "The platform gets an error's type": error_types,
    "Messages say where, and what to do": places,
    "Init errors suggest the right name": suggestions,
    "Init errors say that they are JSON": init_types,
    "Init errors come without a notice": notice,
    "Traces tell the whole story, and only the function's": stories,
    "Levels have the platform's names on stdout": levels,
    "Times in JSON have milliseconds": milliseconds,
    "Records name the function's version and the trace": marks,
    "In JSON format, what is printed is a record": printed,
}


def found_differences(ours: Both, theirs: Both, without: str = "") -> dict[str, tuple[Any, Any]]:
    """
    The fields that differ once the rules, but for one perhaps, have undone what they know, with both values.

    Of two that end differently, only the end is compared. Fields of the JSON format are called so where text has none,
    and those of the log always.
    """
    found: dict[str, tuple[Any, Any]] = {}
    for form in ours:
        one, other = read(ours[form]), read(theirs[form])
        for name, rule in RULES.items():
            if name != without:
                rule(one, other)
        ends = [(seen["posts"], seen["exit status"]) for seen in (one, other)]
        if ends[0] != ends[1]:
            one, other = ({"outcome": end} for end in ends)
        else:
            one, other = (seen if seen["posts"] == ["response"] else {**seen, "bytes": b""} for seen in (one, other))
        for name in sorted(one.keys() | other.keys()):
            values = one.get(name), other.get(name)
            if values[0] != values[1] and repr(values[0]) != repr(values[1]):  # NaN is no number's equal
                is_known = name in found and name not in {"stdout", "stderr"}
                found[name if form == "text" or is_known else f"JSON {name}"] = values
    return found
