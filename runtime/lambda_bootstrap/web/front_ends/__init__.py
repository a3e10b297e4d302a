"""
The door to the front ends: which of them an event is from.

Owns: how an event is recognised, and the words for those that are from none.
Refuses to know: applications; what becomes of a request.

| front end | recognised by |
| --- | --- |
| API Gateway REST API; HTTP API, format 1.0 | `httpMethod` and `requestContext`; `version` is "1.0" for the second |
| HTTP API, format 2.0; Function URL | `requestContext.http`; ".lambda-url." in its `domainName` for the second |
| Application Load Balancer | `requestContext.elb`; several values of a header, if `multiValueHeaders` is there |
| VPC Lattice, format 2.0; 1.0 | `requestContext.serviceArn`; `raw_path` and `method` |

The events of authorizers look alike, but name what they are to authorize: `methodArn` or `routeArn`. A WebSocket API
sends one event for each message, which is no HTTP request.

Source: Amazon API Gateway Developer Guide, "Set up Lambda proxy integrations in API Gateway", "Create AWS Lambda proxy
integrations for HTTP APIs"; AWS Lambda Developer Guide, "Invoking Lambda function URLs"; Elastic Load Balancing, "Use
Lambda functions as targets"; Amazon VPC Lattice User Guide, "Lambda functions as targets".
"""

from __future__ import annotations

from ...errors import FunctionError
from . import alb, http_api, lattice, rest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .request import Request

# What requests are made of.
FIELDS = (
    *("httpMethod", "method", "path", "rawPath", "raw_path", "rawQueryString", "headers", "multiValueHeaders"),
    *("cookies", "queryStringParameters", "multiValueQueryStringParameters", "query_string_parameters", "body"),
)
NAMES = "API Gateway (REST and HTTP APIs), Function URLs, Application Load Balancers, VPC Lattice"


def read(event: Any, root_path: str | None) -> Request | None:
    """
    Return the request that an event holds, or None if it is from none of the front ends.

    Args:
        event: as decoded.
        root_path: where the application is mounted, "" for nowhere; None: where the stage says.

    Raises:
        FunctionError: it looks like the event of a front end, but something in it is of another type.
    """
    if not isinstance(event, dict):
        return None
    try:
        return find(event, root_path)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        names = ", ".join(name for name in FIELDS if name in event)
        message = (
            "Unable to unmarshal input: the event looks like one of an HTTP front end, but no request can be made of "
            f"it: {error}. It has {names}; {NAMES} send text, lists of text and objects there"
        )
        raise FunctionError("Runtime.UnmarshalError", message) from error


def find(event: dict[str, Any], root_path: str | None) -> Request | None:
    """As `read`, of an event that is an object and need not be well-formed."""
    context = event.get("requestContext")
    if not isinstance(context, dict):
        return lattice.read_1(event, root_path) if "raw_path" in event and "method" in event else None
    if "http" in context:
        return None if "routeArn" in event else http_api.read(event, context, root_path)
    if "elb" in context:
        return alb.read(event, root_path)
    if "httpMethod" in event:
        return None if "methodArn" in event else rest.read(event, context, root_path)
    return lattice.read_2(event, context, root_path) if "serviceArn" in context else None
