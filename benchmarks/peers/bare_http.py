"""A loop over the standard library's http.client: what a tutorial's runtime costs."""

from __future__ import annotations

import http.client
import json
import os

INVOCATION = "/2018-06-01/runtime/invocation"


def main() -> None:
    """Answer every event with itself until the server goes away."""
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    while True:
        connection.request("GET", f"{INVOCATION}/next")
        answer = connection.getresponse()
        event = json.loads(answer.read())
        request_id = answer.headers["Lambda-Runtime-Aws-Request-Id"]
        connection.request("POST", f"{INVOCATION}/{request_id}/response", json.dumps(event))
        connection.getresponse().read()


main()
