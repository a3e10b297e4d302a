"""
The Extensions API and the Telemetry API as data.

Owns: their paths, headers, bodies and events, and the error for an answer that is a refusal.
Refuses to know: sockets, and when anything is sent.

Theory of operation. An extension registers once, before the runtime asks for its first event, and then asks for events
of its own, one after the other. Lambda waits for it: init is over, and so is an invocation, once every extension that
hears of it has asked for the next event. An external extension is a program in /opt/extensions; an internal one lives
in the runtime's process, under a name that is no file there, and hears nothing of the environment's end: its process
gets SIGTERM.

Sources: AWS Lambda Developer Guide, "Using the Lambda Extensions API to create extensions" and "Telemetry API
reference".
"""

from __future__ import annotations

from .. import codec
from ..protocol import JSON, Request, explain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..http1 import Response

API = "/2020-01-01/extension"
TELEMETRY = "/2022-07-01/telemetry"
SCHEMA = "2022-12-13"
RECEIVER = "sandbox.localdomain"  # what the platform calls this machine
IDENTIFIER = "Lambda-Extension-Identifier"
OK, ACCEPTED = 200, 202


class ExtensionError(Exception):
    """
    The platform has refused a call of the Extensions API.

    Attributes:
        error_type: the platform's own, like `Extension.RegistrationClosed`, or "".
    """

    def __init__(self, message: str, error_type: str = "") -> None:
        super().__init__(message)
        self.error_type = error_type


class Event:
    """
    What an extension hears.

    Attributes:
        type: `INVOKE` or `SHUTDOWN`.
        deadline_ms: milliseconds since the Unix epoch, until which the extension has time.
        request_id: of the invocation; "" at the end.
        function_arn: as invoked; "" at the end.
        trace_id: the X-Ray trace header, or "".
        reason: of the end, `spindown`, `timeout` or `failure`; "" for an invocation.
        raw: all fields as they came.
    """

    __slots__ = ("deadline_ms", "function_arn", "raw", "reason", "request_id", "trace_id", "type")

    def __init__(self, raw: dict[str, Any]) -> None:
        self.type: str = raw.get("eventType", "")
        self.deadline_ms: int = raw.get("deadlineMs", 0)
        self.request_id: str = raw.get("requestId", "")
        self.function_arn: str = raw.get("invokedFunctionArn", "")
        self.trace_id: str = (raw.get("tracing") or {}).get("value", "")
        self.reason: str = raw.get("shutdownReason", "")
        self.raw = raw

    def __repr__(self) -> str:
        """Return the event as it came."""
        return f"Event({self.raw!r})"


def registration(name: str, events: Sequence[str]) -> Request:
    """Return the call that registers an extension for *events*."""
    headers = (("Lambda-Extension-Name", name), ("Content-Type", JSON))
    return Request("registration", f"{API}/register", headers, codec.encode({"events": list(events)}))


def poll(identifier: str) -> Request:
    """Return the call that asks for the next event."""
    return Request("poll", f"{API}/event/next", ((IDENTIFIER, identifier),))


def failure(identifier: str, phase: str, error_type: str, message: str) -> Request:
    """Return the call that reports the end of an extension, in *phase* `init` or `exit`."""
    body = codec.encode({"errorMessage": message, "errorType": error_type, "stackTrace": []})
    headers = ((IDENTIFIER, identifier), ("Lambda-Extension-Function-Error-Type", error_type), ("Content-Type", JSON))
    return Request(f"{phase} error", f"{API}/{phase}/error", headers, body)


def subscription(identifier: str, types: Sequence[str], port: int, buffering: dict[str, int]) -> Request:
    """Return the call that has records of *types* sent to *port*, gathered as *buffering* says."""
    fields: dict[str, Any] = {
        "schemaVersion": SCHEMA,
        "types": list(types),
        "destination": {"protocol": "HTTP", "URI": f"http://{RECEIVER}:{port}"},
    }
    if buffering:
        fields["buffering"] = buffering
    headers = ((IDENTIFIER, identifier), ("Content-Type", JSON))
    request = Request("subscription", TELEMETRY, headers, codec.encode(fields))
    request.method = "PUT"
    return request


def buffering(max_items: int | None, max_bytes: int | None, timeout_ms: int | None) -> dict[str, int]:
    """Return what a subscription says of how records are gathered; the platform has defaults for the rest."""
    given = {"maxItems": max_items, "maxBytes": max_bytes, "timeoutMs": timeout_ms}
    return {name: value for name, value in given.items() if value is not None}


def identifier_of(answer: Response) -> str:
    """
    Return the identifier that an answer to the registration has.

    Raises:
        ExtensionError: it has none.
    """
    found = answer.headers.get(IDENTIFIER.lower(), "")
    if answer.status != OK or not found:
        raise refusal("registration", answer)
    return found


def event_of(answer: Response) -> Event:
    """
    Return the event in an answer.

    Raises:
        ExtensionError: the poll was refused.
    """
    if answer.status != OK:
        raise refusal("poll", answer)
    return Event(codec.loads(answer.body))


def check(request: Request, answer: Response) -> None:
    """
    Check that a report or a subscription has been taken.

    Raises:
        ExtensionError: it has not; AWS's emulator answers 202 to a subscription, and has no records.
    """
    if answer.status != (OK if request.method == "PUT" else ACCEPTED):
        raise refusal(request.endpoint, answer)


def refusal(what: str, answer: Response) -> ExtensionError:
    """Return the error for an answer that refuses *what*."""
    try:
        error_type = str(codec.loads(answer.body)["errorType"])
    except (ValueError, TypeError, KeyError, RecursionError):
        error_type = ""
    return ExtensionError(f"the Extensions API refused the {what}: {explain(answer)}", error_type)
