"""
The Extensions API: who has registered, and which events are due to whom.

Owns: registrations, the order of an extension's calls, its events, and the statuses and error types of refusals.
Refuses to know: processes, sockets and time.

Sources: AWS Lambda Developer Guide, "Using the Lambda Extensions API to create extensions"; for the refusals,
aws-lambda-runtime-interface-emulator, internal/lambda/rapi.
"""

from __future__ import annotations

import json
from collections import deque
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from .rules import ACCEPTED, JSON_TYPE, RefusalError, error_reply
from .values import Reply, Request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .function import Function

MAX_EXTENSIONS = 10
EVENTS = frozenset({"INVOKE", "SHUTDOWN"})


class Extension:
    """One that has registered: external if Lambda started it, internal if it is part of the runtime's process."""

    def __init__(self, name: str, events: frozenset[str], *, is_external: bool) -> None:
        self.name = name
        self.events = events
        self.is_external = is_external
        self.identifier = str(uuid4())
        self.due: deque[dict[str, Any]] = deque()
        self.polls: list[Request] = []  # calls for the next event that are held
        self.is_ready = False  # whether it has asked for an event
        self.is_busy = False  # whether it has one, and has not asked for the next
        self.has_failed = False


class Extensions:
    """All extensions of an environment; *externals* are the names of those that Lambda starts."""

    def __init__(self, function: Function, externals: Iterable[str] = ()) -> None:
        self._function = function
        self._externals = frozenset(externals)
        self.registered: list[Extension] = []

    @property
    def has_any(self) -> bool:
        """Whether any has registered."""
        return bool(self.registered)

    @property
    def has_external(self) -> bool:
        """Whether one of the registered ones is external."""
        return any(extension.is_external for extension in self.registered)

    @property
    def are_to_hear_the_end(self) -> bool:
        """Whether one of them has asked for SHUTDOWN; without, all are killed at once."""
        return any("SHUTDOWN" in extension.events for extension in self.registered)

    @property
    def are_started(self) -> bool:
        """Whether all external ones have registered; only then the runtime is started."""
        return self._externals <= {extension.name for extension in self.registered}

    @property
    def are_ready(self) -> bool:
        """Whether all have asked for an event; before that, init isn't over."""
        return all(extension.is_ready for extension in self.registered)

    @property
    def are_idle(self) -> bool:
        """Whether none has an event to work on; before that, an invocation isn't over."""
        return not any(extension.is_busy or extension.due for extension in self.registered)

    def tell(self, event_type: str, **fields: Any) -> None:
        """Queue an event for all that have asked for its type."""
        for extension in self.registered:
            if event_type in extension.events and not extension.has_failed:
                extension.due.append({"eventType": event_type, **fields})

    def take(self, request: Request, *, is_open: bool) -> Reply | None:
        """
        Judge a call; None means: hold it, and ask `offer` after each change.

        With *is_open*, the runtime has not asked for an event yet, and extensions may register.
        """
        try:
            if request.endpoint == "extension/register":
                return self._register(request, is_open=is_open)
            extension = self.find(request)
            if request.endpoint == "extension/next":
                check(not extension.has_failed, "InvalidExtensionState", f"State of {extension.name} isn't Registered")
                extension.is_ready, extension.is_busy = True, False
                extension.polls.append(request)
                return None
            check(request.header("Lambda-Extension-Function-Error-Type"), "MissingHeader", "There is no error type")
            is_late = extension.has_failed or (request.endpoint == "extension/init/error" and extension.is_ready)
            check(not is_late, "InvalidExtensionState", f"State of {extension.name} isn't Registered")
            extension.has_failed = True
        except RefusalError as refusal:
            return refusal.reply
        return ACCEPTED

    def find(self, request: Request) -> Extension:
        """
        Return the extension that makes a call.

        Raises:
            RefusalError: the call names none.
        """
        identifier = request.header("Lambda-Extension-Identifier")
        check(identifier, "MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header")
        try:
            UUID(identifier)
        except ValueError:
            check(None, "InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier")
        for extension in self.registered:
            if extension.identifier == identifier:
                return extension
        raise RefusalError(refusal("Extension.UnknownExtensionIdentifier", f"Unknown extension {identifier}"))

    def offer(self, request: Request) -> Reply | None:
        """Deliver the event that is due to the maker of a call that is held."""
        for extension in self.registered:
            if extension.due and extension.polls and extension.polls[0] is request:
                del extension.polls[0]
                event = extension.due.popleft()
                extension.is_busy = event["eventType"] == "INVOKE"
                headers = [JSON_TYPE, ("Lambda-Extension-Event-Identifier", str(uuid4()))]
                return Reply(HTTPStatus.OK, headers, json.dumps(event).encode())
        return None

    def holds(self, request: Request) -> bool:
        """Whether a call is held."""
        return any(held is request for extension in self.registered for held in extension.polls)

    def withdraw(self, request: Request) -> None:
        """Hold a call no more."""
        for extension in self.registered:
            extension.polls = [held for held in extension.polls if held is not request]

    def _register(self, request: Request, *, is_open: bool) -> Reply:
        name = request.header("Lambda-Extension-Name")
        check(name, "InvalidExtensionName", "Empty extension name")
        try:
            asked = json.loads(request.body)
            events = frozenset(() if asked is None else asked.get("events") or ())
        except (ValueError, AttributeError, TypeError) as error:
            raise RefusalError(refusal("InvalidRequestFormat", str(error))) from error
        is_external = name in self._externals
        check(is_open or is_external, "RegistrationClosed", "Extension registration closed already")
        check(events <= EVENTS, "InvalidEventType", f"Invalid event types {sorted(events - EVENTS)}")
        is_refused = "SHUTDOWN" in events and not is_external
        check(not is_refused, "InvalidEventType", "ShutdownEventNotSupportedForInternalExtension: SHUTDOWN")
        is_known = any(extension.name == name for extension in self.registered)
        check(not is_known, "InvalidExtensionState", f"The extension {name} has registered already")
        check(len(self.registered) < MAX_EXTENSIONS, "TooManyExtensions", f"Extension limit ({MAX_EXTENSIONS}) reached")
        extension = Extension(name, events, is_external=is_external)
        self.registered.append(extension)
        body = {
            "functionName": self._function.name,
            "functionVersion": self._function.version,
            "handler": self._function.handler,
        }
        if "accountId" in request.header("Lambda-Extension-Accept-Feature"):
            body["accountId"] = "012345678912"
        headers = [JSON_TYPE, ("Lambda-Extension-Identifier", extension.identifier)]
        return Reply(HTTPStatus.OK, headers, json.dumps(body).encode())


def refusal(error_type: str, message: str) -> Reply:
    """The reply to a call that isn't allowed."""
    return error_reply(HTTPStatus.FORBIDDEN, error_type, message)


def check(is_right: object, error_type: str, message: str) -> None:
    """
    Refuse a call unless it *is_right*.

    Raises:
        RefusalError: it isn't.
    """
    if not is_right:
        raise RefusalError(refusal(f"Extension.{error_type}", message))
