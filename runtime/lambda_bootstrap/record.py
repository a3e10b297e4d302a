"""
What a log record looks like.

Owns: the two formats, text and JSON, and that a record is one line whatever is in it.
Refuses to know: where records come from and where they go.

The platform cuts its log at newlines; inside a record of text, lines break at carriage returns, as in the managed
runtimes. In JSON it filters by `level`, in its own names, and sorts by `timestamp`.
Source: AWS Lambda Developer Guide, "Working with Lambda function logs" and "Advanced logging controls".
"""

from __future__ import annotations

from time import gmtime, strftime

from . import codec
from .traces import class_name, describe, exact, keep, title, trace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence
    from typing import Any

NEW_RELIC = '[1,"NR_LAMBDA_MONITORING",'  # how a line begins that New Relic's agent prints for its own reader
INDENT = "\xa0"  # a viewer strips leading spaces
# The platform's names for those levels of `logging` that it does not know; others round down, as a level of 35 does.
LEVELS = {"WARNING": "WARN", "CRITICAL": "FATAL", "NOTSET": "TRACE"}
# A frame has the platform's level in its type, and `logging`'s name stays in the record, as in the managed runtime.
LEVELS_IN_FRAMES = {"WARN": "WARNING", "FATAL": "CRITICAL", "TRACE": "NOTSET"}
# Frame types of the platform's descriptor: the base, plus 1 for text, plus the level times 4 (protocol of the managed
# runtimes: type, length, microseconds since the epoch, all big-endian, then the record).
FRAME, TEXT_FRAME = 0xA55A0002, 0xA55A0003
FRAME_LEVELS = {"TRACE": 1, "DEBUG": 2, "INFO": 3, "WARN": 4, "WARNING": 4, "ERROR": 5, "FATAL": 6, "CRITICAL": 6}
ERROR_FRAME = TEXT_FRAME + 4 * FRAME_LEVELS["ERROR"]
FRAME_HEAD = 16  # bytes of it
# Members of a JSON record: its own, and those of an invocation.
OWN, IDS = {"timestamp", "level"}, {"requestId", "tenantId", "traceId", "functionVersion"}
ALL = OWN | IDS
PLATFORM_LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
# Entries of traces in the forms that they are written in: what fails once mostly fails again.
LONGEST_KEPT = 500  # characters of one
_forms: dict[str, tuple[str, list[str]]] = {}
_NAMES = dict(zip(range(0, 60, 10), PLATFORM_LEVELS, strict=True))


def level_name(number: int) -> str:
    """Return the platform's name for a level of `logging`, rounded down."""
    return _NAMES.get(number) or PLATFORM_LEVELS[rounded(number) // 10]


def rounded(number: int) -> int:
    """Return a level of `logging`, rounded down to one that has a name."""
    return min(max(number, 0), 50) // 10 * 10


def text_line(level: str, seconds: float, request_id: str, message: str, *, is_framed: bool = False) -> str:
    """Return a record as AWS's managed Python runtime writes it, always on one line; in a frame, lines are lines."""
    text = f"[{level}]\t{timestamp(seconds)}\t{request_id}\t{message}"
    if is_framed:
        return text
    return f"{one_line(text)}\n" if "\n" in text else f"{text}\n"


def frame_type(level: str, *, is_json: bool, has_level: bool) -> int:
    """Return the type of a record's frame. Without format or level, all are of one type."""
    if is_json or has_level:
        return FRAME + (not is_json) + 4 * FRAME_LEVELS.get(level, 0)
    return TEXT_FRAME


def frame(data: bytes, frame_type: int, seconds: float) -> bytes:
    """Return *data* as the platform's descriptor takes it."""
    head = frame_type.to_bytes(4, "big") + len(data).to_bytes(4, "big")
    return head + int(seconds * 1_000_000).to_bytes(8, "big") + data


def unframed(frame: bytes, *, is_json: bool) -> bytes:
    """Return the record in a *frame* as a line."""
    text = frame[FRAME_HEAD:].decode().removesuffix("\n")
    return f"{text if is_json else one_line(text)}\n".encode()


def text_error(error_type: str, message: str, stack: Sequence[str]) -> str:
    """Return an unhandled error as the managed runtime writes it, on one line."""
    head = one_line(f"{error_type}: {message}" if message else error_type)
    return f"[ERROR] {head}\rTraceback (most recent call last):{stack_forms(stack)[1]}\n"


def error_lines(error_type: str, message: str, stack: Sequence[str]) -> list[str]:
    """Return an unhandled error as lines: type and message, traceback."""
    lines = [f"[ERROR] {error_type}: {message}" if message else f"[ERROR] {error_type}"]
    lines.append("Traceback (most recent call last):")
    for entry in stack:
        lines += forms(entry)[1]
    return lines


def forms(entry: str) -> tuple[str, list[str]]:
    """Return an *entry* of a trace as JSON, and as lines of text with an indent that a viewer does not strip."""
    found = _forms.get(entry)
    if found is None:
        lines = []
        for line in (entry if entry.endswith("\n") else f"{entry}\n").splitlines():
            text = line.lstrip(" ")
            lines.append(INDENT * (len(line) - len(text)) + text)
        found = codec.quoted(entry), lines
        if len(entry) <= LONGEST_KEPT:
            keep(_forms, entry, found)
    return found


def array_of(stack: Sequence[str]) -> str:
    """Return the entries of a trace as a JSON array."""
    return stack_forms(stack)[0]


_latest_stack: tuple[list[str], str, str] = [], "[]", ""  # both forms are asked for, one after the other


def stack_forms(stack: Sequence[str]) -> tuple[str, str]:
    """Return the entries of a trace as a JSON array, and as text whose lines begin with carriage returns."""
    global _latest_stack  # noqa: PLW0603 - a memory
    known, array, text = _latest_stack  # read and written at once, as threads log too
    if known != stack:
        found = [forms(entry) for entry in stack]
        array = f"[{','.join([form for form, _ in found])}]"
        text = "".join([f"\r{line}" for _, lines in found for line in lines])
        _latest_stack = [*stack], array, text
    return array, text


def ids(request_id: str, tenant_id: str, trace_id: str, version: str | None) -> dict[str, str | None]:
    """Return the fields that all JSON records of an invocation have."""
    root = next((part[5:] for part in trace_id.split(";") if part.startswith("Root=")), None)
    return {"requestId": request_id, "tenantId": tenant_id or None, "traceId": root, "functionVersion": version}


def json_line(level: str, seconds: float, fields: Mapping[str, Any], ids: str = "", *, is_framed: bool = False) -> str:
    """
    Return a record as one JSON object, which ends with *ids*, the members that all records of an invocation have.

    Fields do not replace `timestamp` and `level`, nor *ids*; one that is None is left out, one without a JSON form is
    its `str`.
    """
    names = LEVELS_IN_FRAMES if is_framed else LEVELS
    start = f'{{"timestamp":"{timestamp(seconds)}","level":{codec.quoted(names.get(level, level))}'
    return f"{start}{members(fields, ALL if ids else OWN)}{ids}}}\n"


def json_message(level: str, seconds: float, message: str, logger: str, ids: str) -> str:
    """Return what `json_line` does of a *message* and its *logger*, in half the time; *level* is as it is written."""
    return (
        f'{{"timestamp":"{timestamp(seconds)}","level":{codec.quoted(level)},'
        f'"message":{codec.quoted(message)},"logger":{codec.quoted(logger)}{ids}}}\n'
    )


def members(fields: Mapping[str, Any], known: Container[str] = ()) -> str:
    """Return *fields* as members of a JSON object, each after a comma; without those whose names are *known*."""
    text = ""
    for name, value in fields.items():
        if type(name) is not str:  # such as a number, in `extra=`
            return members(named(fields), known)
        if value is not None and name not in known:
            text += f",{codec.quoted(name)}:{codec.quoted(value) if type(value) is str else form(value)}"
    return text


def named(fields: Mapping[Any, Any]) -> dict[str, Any]:
    """Return *fields* by their names as text: of several with the same name, the first one."""
    found: dict[str, Any] = {}
    for key, value in fields.items():
        if value is not None:
            found.setdefault(exact(key) if isinstance(key, str) else describe(key), value)
    return found


def form(value: Any) -> str:
    """Return *value* as JSON, even if it has no form of its own in it."""
    try:
        if type(value) is list:  # of lines, mostly
            return f"[{','.join(map(codec.quoted, value))}]"
    except TypeError:
        pass
    try:
        return codec.dumps(value)
    except Exception:
        return codec.leniently(value)


def error_fields(error: BaseException | None, place: str) -> dict[str, Any]:
    """Return the JSON fields for an exception and where it was logged; empty without an exception."""
    if error is None:
        return {}
    return {
        "stackTrace": trace(error),
        "errorType": class_name(error),
        "errorMessage": describe(error),
        "location": place,
    }


def text_of(error: BaseException) -> str:
    """Return an exception as a text record has it."""
    return f"{title(error)}\nTraceback (most recent call last):\n{''.join(trace(error))}".rstrip("\n")


def is_json_object(line: str) -> bool:
    """Return whether *line* is a record already: one that the function has formatted by itself."""
    text = line.strip()
    if text[:1] != "{" or text[-1:] != "}":
        return False
    try:
        return isinstance(codec.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def pieces(text: str, most: int) -> list[str]:
    """Return *text* in pieces of at most so many bytes of UTF-8."""
    if len(text) * 4 <= most:
        return [text]
    data, found, start = text.encode("utf-8", "surrogatepass"), [], 0
    while start < len(data):
        end = start + most
        while end < len(data) and is_within(data[end]):
            end -= 1
        found.append(data[start:end].decode("utf-8", "surrogatepass"))
        start = end
    return found


def is_within(byte: int) -> bool:
    """Return whether a *byte* of UTF-8 goes on with a character."""
    return byte & 0xC0 == 0x80  # noqa: PLR2004 - bits


_latest = 0, "1970-01-01T00:00:00.000Z"  # the millisecond that was asked for last: most records are of its second


def timestamp(seconds: float) -> str:
    """Return *seconds* since the Unix epoch in UTC, as RFC 3339 with milliseconds."""
    global _latest  # noqa: PLW0603 - a memory
    milliseconds = int(seconds * 1000)
    known, text = _latest  # read and written at once, as threads log too
    if known == milliseconds:
        return text
    whole = milliseconds // 1000
    start = text[:-4] if known // 1000 == whole else strftime("%Y-%m-%dT%H:%M:%S.", gmtime(whole))
    text = f"{start}{str(1000 + milliseconds % 1000)[1:]}Z"
    _latest = milliseconds, text
    return text


def one_line(text: str) -> str:
    """Return *text* with carriage returns for newlines."""
    return text.replace("\r\n", "\r").replace("\n", "\r")
