"""
A loop as first tutorials have it, which answers events and knows nothing of what may go wrong: the matrix has it
for comparison. `python3 bare.py app.handler`.
"""

import http.client
import importlib
import json
import os
import sys
from types import SimpleNamespace

sys.path.insert(0, os.getcwd())
module, _, name = sys.argv[1].rpartition(".")
handler = getattr(importlib.import_module(module), name)
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    reply = api.getresponse()
    event = json.loads(reply.read())
    request_id = reply.headers["Lambda-Runtime-Aws-Request-Id"]
    try:
        outcome, body = "response", handler(event, SimpleNamespace(aws_request_id=request_id))
    except Exception as error:
        outcome, body = "error", {"errorType": type(error).__name__, "errorMessage": str(error)}
    headers = {"Content-Type": "application/json"}
    api.request("POST", f"/2018-06-01/runtime/invocation/{request_id}/{outcome}", json.dumps(body), headers)
    api.getresponse().read()
