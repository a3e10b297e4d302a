"""Imports what `LIBRARY` names, and uses it in each invocation."""

import importlib
import os

LIBRARY = importlib.import_module(os.environ["LIBRARY"])


def use():
    if LIBRARY.__name__ == "numpy":
        ones = LIBRARY.ones((400, 400))
        return float((ones @ ones)[0][0])
    if LIBRARY.__name__ == "boto3":
        return type(LIBRARY.client("s3", region_name="us-east-1")).__name__
    if LIBRARY.__name__ == "grpc":
        with LIBRARY.insecure_channel("127.0.0.1:1") as channel:
            return type(channel).__name__
    return LIBRARY.DataFrame({"n": [1, 2, 3]}).lazy().select(LIBRARY.col("n").sum()).collect().item()


AT_IMPORT = use() if "USED" in os.environ else None


def handler(event, context):
    return {"used": use(), "imported in": os.getppid()}
