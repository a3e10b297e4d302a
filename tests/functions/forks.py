"""Children that fail where records, tasks and hooks are worked on."""

import os

from lambda_bootstrap.events import partial_batch

seen = []


def fork():
    """In the parent, wait for the child's status; in the child, fail, or go on."""
    child = os.fork()
    if child == 0:
        if os.environ.get("RETURNS"):
            return 0
        raise LookupError("in the child")
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@partial_batch
def batch(record):
    seen.append(fork())
    print("record", record["messageId"], "of", len(seen), "status", seen[-1], flush=True)


@partial_batch
async def async_batch(record):
    seen.append(fork())
    print("record", record["messageId"], "of", len(seen), "status", seen[-1], flush=True)


async def waits(event, context):
    return fork()
