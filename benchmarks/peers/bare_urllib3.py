"""A loop over urllib3: the least that BOOTSTRAP_TRANSPORT=urllib3 can cost."""

from __future__ import annotations

import json
import os

import urllib3

INVOCATION = "/2018-06-01/runtime/invocation"


def main() -> None:
    """Answer every event with itself until the server goes away."""
    host, _, port = os.environ["AWS_LAMBDA_RUNTIME_API"].partition(":")
    pool = urllib3.HTTPConnectionPool(host, int(port), maxsize=1, retries=False, timeout=None)
    while True:
        answer = pool.request("GET", f"{INVOCATION}/next")
        event = json.loads(answer.data)
        request_id = answer.headers["Lambda-Runtime-Aws-Request-Id"]
        pool.request("POST", f"{INVOCATION}/{request_id}/response", body=json.dumps(event))


main()
