"""
A caller of functions: the client's side of Lambda's Invoke API.

Owns: how an event is sent to an endpoint, ours, RIE's or any other that speaks plain HTTP, or through boto3 to AWS.
Refuses to know: who answers, and how it is printed.
"""

from __future__ import annotations

import base64
import http.client
import json
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from .emulator import event_stream
from .errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ENDPOINT = "http://127.0.0.1:9000"
# The name of a function where there is one only, which answers to any.
ANY = "function"
# Lambda's longest timeout, and some time for a start.
PATIENCE = 960.0
OK = 200
ACCEPTED = 202
NOT_FOUND = 404


@dataclass(frozen=True)
class Call:
    """What is sent: to which function, if it is named, with what."""

    function: str | None
    payload: bytes
    client_context: str = ""  # JSON
    is_async: bool = False
    tenant: str = ""

    @property
    def name(self) -> str:
        """What the function is called by."""
        return self.function or ANY

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of the Invoke API by boto3's names. An asynchronous call has no log to wait for."""
        kind = (
            {"InvocationType": "Event"} if self.is_async else {"InvocationType": "RequestResponse", "LogType": "Tail"}
        )
        encoded = base64.b64encode(self.client_context.encode()).decode()
        more = {"ClientContext": encoded, "TenantId": self.tenant}
        return kind | {name: value for name, value in more.items() if value}

    @property
    def headers(self) -> dict[str, str]:
        """The same as headers."""
        return {HEADERS[name]: value for name, value in self.parameters.items()} | {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Answer:
    """What comes back; `error` is empty unless the function, or its runtime, failed."""

    status: int
    body: bytes
    content_type: str = "application/json"
    error: str = ""
    log: bytes = b""

    @property
    def is_accepted(self) -> bool:
        """Whether the function will run some time later."""
        return self.status == ACCEPTED

    def for_machines(self) -> dict[str, Any]:
        """The answer as JSON has it: the body decoded, if it is JSON itself."""
        try:
            body = json.loads(self.body) if self.body else None
        except ValueError:
            body = self.body.decode(errors="replace")
        return asdict(self) | {"body": body, "log": self.log.decode(errors="replace")}


HEADERS = {
    "ClientContext": "X-Amz-Client-Context",
    "InvocationType": "X-Amz-Invocation-Type",
    "LogType": "X-Amz-Log-Type",
    "TenantId": "X-Amz-Tenant-Id",
}


def check_context(text: str) -> str:
    """
    Check a client context.

    Raises:
        UsageError: it isn't an object of JSON.
    """
    try:
        is_object = isinstance(json.loads(text), dict)
    except ValueError as error:
        raise UsageError(f"the client context isn't JSON: {error}") from error
    if not is_object:
        raise UsageError(f"the client context isn't an object: {text}")
    return text


def call_endpoint(call: Call, endpoint: str, on_piece: Callable[[bytes], None] | None = None) -> Answer:
    """
    Send a call to an endpoint such as http://127.0.0.1:9000, unsigned.

    With *on_piece*, the response is streamed there, and the answer has the rest: what the end says.

    Raises:
        UsageError: the endpoint is no URL, nobody answers there, or what answers refuses the call.
    """
    url = urlsplit(endpoint)
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise UsageError(f"{endpoint!r} is no endpoint: write http://HOST:PORT")
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    version, action = ("2021-11-15", "response-streaming-invocations") if on_piece else ("2015-03-31", "invocations")
    path = f"{url.path.rstrip('/')}/{version}/functions/{quote(call.name, safe='')}/{action}"
    try:
        with closing(kind(url.netloc, timeout=PATIENCE)) as connection:
            connection.request("POST", path, call.payload, call.headers)
            response = connection.getresponse()
            if on_piece and response.status == OK:
                return _ending(event_stream.read(response.read1), on_piece)
            body = response.read()
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"nobody answers at {endpoint}: {reason}; start lambda-bootstrap serve, or RIE") from error
    except ValueError as error:
        raise UsageError(f"{endpoint} doesn't answer with a stream: {error}") from error
    if response.status not in {OK, ACCEPTED}:
        raise UsageError(_refusal(call, endpoint, response.status, body))
    return _answer(response.status, body, {name.lower(): value for name, value in response.getheaders()})


def _refusal(call: Call, endpoint: str, status: int, body: bytes) -> str:
    """Say why an endpoint refuses a call, in its own words."""
    try:
        reason = json.loads(body)["message"]
    except (ValueError, TypeError, KeyError):
        text = body.decode(errors="replace").strip()
        return f"{endpoint} refuses the call: {text if text.startswith(str(status)) else f'{status} {text}'}"
    if status == NOT_FOUND and call.function is None:
        return f"several functions are served at {endpoint}, so name one; {reason.partition('; ')[2] or reason}"
    return f"{endpoint} refuses the call: {reason}"


def _ending(events: Iterator[tuple[str, bytes]], on_piece: Callable[[bytes], None]) -> Answer:
    """Pass the pieces of a stream on; return what its end says."""
    for event_type, payload in events:
        if event_type == "PayloadChunk":
            on_piece(payload)
        elif event_type == "InvokeComplete":
            return _ended(event_stream.ending(payload))
    raise ValueError("it has no end")


def _ended(said: Mapping[str, str]) -> Answer:
    """The answer that the end of a stream is."""
    body = said.get("ErrorDetails", "").encode()
    return Answer(OK, body, error=said.get("ErrorCode", ""), log=base64.b64decode(said.get("LogResult", "")))


def _answer(status: int, body: bytes, headers: Mapping[str, str]) -> Answer:
    """The answer with these *headers*, whose names are in lower case."""
    return Answer(
        status,
        body,
        headers.get("content-type", "application/json"),
        headers.get("x-amz-function-error", ""),
        base64.b64decode(headers.get("x-amz-log-result", "")),
    )


def call_remote(call: Call, region: str | None, on_piece: Callable[[bytes], None] | None = None) -> Answer:
    """
    Send a call to a deployed function through boto3, with the user's own credentials; *on_piece* as above.

    Raises:
        UsageError: boto3 isn't installed, or AWS refuses the call.
    """
    try:
        import boto3  # type: ignore[import-untyped] # noqa: PLC0415 - only who calls AWS needs it
        from botocore.config import Config  # type: ignore[import-untyped] # noqa: PLC0415 - as above
        from botocore.exceptions import (  # type: ignore[import-untyped] # noqa: PLC0415 - as above
            BotoCoreError,
            ClientError,
        )
    except ImportError as error:
        raise UsageError(f"--remote calls AWS through boto3: pip install boto3 ({error})") from error
    # A call that takes long isn't sent again, as the function would run twice.
    config = Config(read_timeout=PATIENCE, retries={"total_max_attempts": 1})
    try:
        client = boto3.client("lambda", region_name=region, config=config)
        if on_piece:
            return _stream_remote(client, call, on_piece)
        reply = client.invoke(FunctionName=call.name, Payload=call.payload, **call.parameters)
        body = reply["Payload"].read()
    except (BotoCoreError, ClientError) as error:
        raise UsageError(f"AWS doesn't take the call: {error}") from error
    return _answer(reply["StatusCode"], body, reply["ResponseMetadata"]["HTTPHeaders"])


def _stream_remote(client: Any, call: Call, on_piece: Callable[[bytes], None]) -> Answer:
    reply = client.invoke_with_response_stream(FunctionName=call.name, Payload=call.payload, **call.parameters)
    with closing(reply["EventStream"]) as events:
        for event in events:
            if "PayloadChunk" in event:
                on_piece(event["PayloadChunk"]["Payload"])
            elif "InvokeComplete" in event:
                return _ended(event["InvokeComplete"])
    return Answer(OK, b"", error="the stream has no end")
