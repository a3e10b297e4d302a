import gc
import os
import sys

COLLECTS = gc.isenabled()
COLLECTORS = [gc]


def context(event, context):
    return {
        "aws_request_id": context.aws_request_id,
        "function_name": context.function_name,
        "function_version": context.function_version,
        "invoked_function_arn": context.invoked_function_arn,
        "memory_limit_in_mb": context.memory_limit_in_mb,
        "remaining": context.get_remaining_time_in_millis(),
        "custom": context.client_context.custom if context.client_context else None,
        "identity": context.identity.cognito_identity_id,
    }


def process(event, context):
    return {"uid": os.getuid(), "gid": os.getgid(), "home": os.environ.get("HOME"), "cwd": os.getcwd()}


def modules(event, context):
    import structlog
    import urllib3

    return {module.__name__: module.__file__ for module in (structlog, urllib3)}


def prints(event, context):
    print("said on stdout")
    print("said on stderr", file=sys.stderr)


def environ(event, context):
    return dict(os.environ)


def garbage(event, context):
    is_old = any(each is COLLECTORS for each in gc.get_objects(generation=2))
    return {"at init": COLLECTS, "now": gc.isenabled(), "old": is_old, "frozen": gc.get_freeze_count()}
