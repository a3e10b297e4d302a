"""
An extension, one call after the other.

Owns: its connection and its identifier.
Refuses to know: paths and bodies, see `api`; what an extension is for.
"""

from __future__ import annotations

from .. import settings
from ..environ import environ
from ..protocol import Address
from ..transport import SocketTransport
from . import api

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Self

    from ..protocol import Request
    from .telemetry import Receiver


class Extension:
    """
    An extension that has registered; see `register`. In a `with` block, its connection is closed at the end.

    Attributes:
        identifier: what the platform knows it by.
    """

    def __init__(self, transport: SocketTransport, identifier: str) -> None:
        self.transport = transport
        self.identifier = identifier

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.transport.close()

    def next(self) -> api.Event:
        """
        Wait for the next event; the environment may be frozen for hours meanwhile.

        Raises:
            ExtensionError: the platform refuses.
            RuntimeApiError: there is no platform any more.
        """
        return api.event_of(self.transport.exchange(api.poll(self.identifier)))

    def events(self) -> Iterator[api.Event]:
        """Wait for events, to the last, which is SHUTDOWN; otherwise as `next`."""
        event = None
        while event is None or event.type != "SHUTDOWN":
            event = self.next()
            yield event

    def wait_in_vain(self) -> None:
        """Ask for the next event without waiting: the platform expects that of an extension that has none, too."""
        self.transport.open(api.poll(self.identifier), b"")

    def subscribe(
        self,
        types: Sequence[str] = ("platform", "function"),
        *,
        max_items: int | None = None,
        max_bytes: int | None = None,
        timeout_ms: int | None = None,
    ) -> Receiver:
        """
        Have the platform send its records, and return what takes them; before the runtime's first event only.

        Args:
            types: `platform`, `function`, `extension`.
            max_items: so many records are sent at once, from 1,000 to 10,000.
            max_bytes: so many bytes of them, from 262,144 to 1,048,576.
            timeout_ms: records wait so long for others, from 25 to 30,000 milliseconds.

        Raises:
            ExtensionError: the platform refuses.
            RuntimeApiError: there is no platform any more.
        """
        from .telemetry import Receiver

        receiver = Receiver()
        try:
            self.post(
                api.subscription(self.identifier, types, receiver.port, api.buffering(max_items, max_bytes, timeout_ms))
            )
        except BaseException:
            receiver.close()
            raise
        return receiver

    def fail_init(self, error_type: str, message: str) -> None:
        """Report that the extension cannot start; its process has to exit after it. Otherwise as `next`."""
        self.post(api.failure(self.identifier, "init", error_type, message))

    def fail_exit(self, error_type: str, message: str) -> None:
        """Report that the extension cannot go on; its process has to exit after it. Otherwise as `next`."""
        self.post(api.failure(self.identifier, "exit", error_type, message))

    def post(self, request: Request) -> None:
        """Send *request*, whose answer says nothing but yes."""
        api.check(request, self.transport.exchange(request))


def register(name: str, events: Sequence[str] = ()) -> Extension:
    """
    Register an extension with the platform that `AWS_LAMBDA_RUNTIME_API` names.

    Args:
        name: of an external extension, its file's in /opt/extensions; of an internal one, any other.
        events: what it is to hear, `INVOKE` and `SHUTDOWN`. An internal one hears of no SHUTDOWN, and has to register
            while the function is imported.

    Raises:
        ConfigError: no Runtime API is named.
        ExtensionError: the platform refuses.
        RuntimeApiError: there is no platform.
    """
    return connect(Address(settings.RUNTIME_API.read(environ)), name, events)


def connect(address: Address, name: str, events: Sequence[str] = ()) -> Extension:
    """Register an extension at *address*; otherwise as `register`."""
    transport = SocketTransport(address)
    try:
        return Extension(transport, api.identifier_of(transport.exchange(api.registration(name, events))))
    except BaseException:
        transport.close()
        raise
