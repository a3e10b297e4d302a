"""
What a mobile application sends along when it calls a function by AWS's SDK.

Owns: `ClientContext` and its parts, with the attribute names of AWS's managed Python runtime.
Refuses to know: the rest of the context.

Source: AWS Lambda Developer Guide, "Using the Lambda context object to retrieve Python function information".
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

W3C_FIELDS = ("traceparent", "tracestate", "baggage")


class Client:
    """
    The mobile application that called.

    Attributes:
        installation_id, app_title, app_version_name, app_version_code, app_package_name: as sent, or None.
    """

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.installation_id: str | None = fields.get("installation_id")
        self.app_title: str | None = fields.get("app_title")
        self.app_version_name: str | None = fields.get("app_version_name")
        self.app_version_code: str | None = fields.get("app_version_code")
        self.app_package_name: str | None = fields.get("app_package_name")

    def __repr__(self) -> str:
        return represent(self)


class ClientContext:
    """
    What the caller sent as `ClientContext`.

    Attributes:
        client: the calling application, or None.
        custom: values set by the application, or None.
        env: values set by the AWS SDK, or None.
    """

    def __init__(self, fields: Mapping[str, Any]) -> None:
        client = fields.get("client")
        self.custom: dict[str, Any] | None = fields.get("custom")
        self.env: dict[str, Any] | None = fields.get("env")
        self.client = Client(client) if isinstance(client, dict) else None

    def __repr__(self) -> str:
        return represent(self)


def client_context(fields: object) -> tuple[ClientContext | None, dict[str, str]]:
    """
    Return a client context as decoded, and the W3C trace context that travels in it.

    `w3c` is the runtime's: it does not show in the `ClientContext`.
    """
    if not isinstance(fields, dict):
        return None, {}
    w3c = fields.get("w3c")
    if not isinstance(w3c, dict):
        w3c = {}
    return ClientContext(fields), {name: w3c[name] for name in W3C_FIELDS if isinstance(w3c.get(name), str)}


def represent(value: object) -> str:
    """Return the fields of *value* as awslambdaric writes them."""
    return f"{type(value).__name__}([{','.join(f'{name}={item}' for name, item in vars(value).items())}])"
