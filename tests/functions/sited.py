"""What a function has of `site`, whichever way its process was started; tells what it finds."""

import builtins
import multiprocessing
import subprocess
import sys


def own():
    """What this process has: `site` itself, the builtins, what .pth files and a sitecustomize on PYTHONPATH did."""
    return {
        "site": "site" in sys.modules,
        "builtins": hasattr(builtins, "exit") and hasattr(builtins, "quit"),
        "pth": getattr(sys, "heeded", None),
        "customized": getattr(sys, "customized", None),
    }


def zone():
    """A time zone, of the packages that come with the interpreter."""
    from zoneinfo import ZoneInfo, reset_tzpath

    reset_tzpath(())
    return ZoneInfo("Europe/Berlin").key


def tell(pipe):
    pipe.send(own()["builtins"] and zone())


def spawned():
    """A child process of multiprocessing."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=tell, args=(theirs,))
    process.start()
    answer = ours.recv() if ours.poll(20) else None
    process.join(5)
    return answer


def started():
    """A child process with the same interpreter."""
    code = "import tzdata, sys; print('site' in sys.modules and exit is not None)"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def leaves():
    exit(3)


CHECKS = {check.__name__: check for check in (own, zone, spawned, started, leaves)}


def handler(event, context):
    return CHECKS[event]()
