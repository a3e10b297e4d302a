"""python-json-logger, set up as its documentation has it, and as functions do: on the runtime's own handler."""

import logging
import sys

from pythonjsonlogger.json import JsonFormatter

formatter = JsonFormatter("{levelname}{message}{aws_request_id}", style="{", rename_fields={"levelname": "severity"})

root = logging.getLogger()
root.setLevel("INFO")
for there in root.handlers:
    there.setFormatter(formatter)

own = logging.getLogger("own")
own.propagate = False
own.addHandler(logging.StreamHandler(sys.stdout))
own.handlers[0].setFormatter(JsonFormatter())


def handler(event, context):
    root.info("on the root", extra={"order": 7})
    own.info("on stdout", extra={"order": 8})
    try:
        raise ValueError("boom")
    except ValueError:
        root.exception("it failed")
