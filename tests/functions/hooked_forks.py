"""A function of which one hook forks, and both processes go on."""

import os

import lambda_bootstrap

HOOK = os.environ["HOOK"]
getattr(lambda_bootstrap, HOOK)(lambda *_: os.fork())

if HOOK == "on_init_error":
    raise ValueError("no configuration")


def handler(event):
    if event == "fail":
        raise ValueError("as asked")
    return iter([b"st", b"ream"]) if event == "stream" else event
