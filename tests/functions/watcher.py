"""An external extension that says what it hears; its test puts a first line before it."""

import os
import sys

from lambda_bootstrap import extensions

with extensions.register(os.path.basename(sys.argv[0]), ["INVOKE", "SHUTDOWN"]) as extension:
    print("watcher: registered", flush=True)
    for event in extension.events():
        print("watcher:", event.type, event.request_id or event.reason, flush=True)
