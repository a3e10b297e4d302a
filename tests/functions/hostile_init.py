"""A function whose import does what the variable `DEED` names."""

import asyncio
import os
import pathlib
import resource
import signal
import socket
import sys
import threading
import warnings

from evil_text import Evil


class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError("no words")


class Plain:
    pass


class Demanding:
    def __init__(self, name):
        self.name = name

    def __call__(self, event, context):
        return event


class Failing:
    def __init__(self):
        raise ValueError("not made")

    def __call__(self, event, context):
        return event


def raises(error):
    raise error


def recurses():
    return recurses()


def prints():
    for _ in range(10):
        print("x" * 100_000)


def prints_without_end():
    sys.stdout.write("x" * 1_000_000)


def deletes_modules():
    for name in list(sys.modules):
        if name not in {"sys", "builtins", "hostile_init"}:
            del sys.modules[name]


def removes_itself():
    del sys.modules["hostile_init"]


def closes_streams():
    os.close(1)
    os.close(2)


def loses_streams():
    sys.stdout = sys.stderr = None


def starts_thread_and_raises():
    threading.Thread(target=threading.Event().wait).start()
    raise ValueError("boom")


def exhausts_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    try:
        while True:
            os.open("/dev/null", os.O_RDONLY)
    except OSError:
        os.close(63)


def handles_signals():
    for name in ("SIGTERM", "SIGINT", "SIGALRM", "SIGCHLD"):
        signal.signal(getattr(signal, name), lambda number, frame: None)
    signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)


def fails_evilly():
    raise ImportError(Evil("no evil"), name=Evil("evil"), path=Evil("/evil.so"))


def has_evil_syntax():
    raise SyntaxError(Evil("no syntax"), (Evil("/evil.py"), 3, 1, Evil("evil text")))


def has_odd_path():
    sys.path.insert(0, pathlib.Path("/nowhere"))
    import no_such_module


async def coroutine_function():
    return 1


def forks_and(act):
    """Waits for a child that acts, and prints its status."""
    child = os.fork()
    if child == 0:
        act()
    else:
        print("status", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def forks_and_exits():
    forks_and(lambda: sys.exit(3))


def forks_and_raises():
    forks_and(lambda: raises(LookupError("in the child")))


def forks_child_that_ends():
    if os.fork() == 0:
        os._exit(0)


deeds = {
    "": lambda: None,
    "sys_exit": lambda: sys.exit("bye"),
    "sys_exit_0": lambda: sys.exit(0),
    "os_exit": lambda: os._exit(3),
    "kill": lambda: os.kill(os.getpid(), 9),
    "interrupt": lambda: raises(KeyboardInterrupt()),
    "cancel": lambda: raises(asyncio.CancelledError()),
    "generator": lambda: raises(GeneratorExit()),
    "memory": lambda: raises(MemoryError()),
    "group": lambda: raises(BaseExceptionGroup("both", [SystemExit(3), ValueError("boom")])),
    "unspeakable": lambda: raises(Unspeakable()),
    "large": lambda: raises(ValueError("x" * 10_000_000)),
    "surrogate": lambda: raises(ValueError("\ud800\x00\r\n\x7f")),
    "path": lambda: sys.path.clear(),
    "directory": lambda: os.chdir("/"),
    "environment": lambda: os.environ.clear(),
    "timeout": lambda: socket.setdefaulttimeout(0.05),
    "strict": lambda: warnings.simplefilter("error"),
    "fork": lambda: os.fork(),
    **{
        function.__name__: function
        for function in (
            recurses,
            prints,
            prints_without_end,
            deletes_modules,
            removes_itself,
            closes_streams,
            loses_streams,
            starts_thread_and_raises,
            exhausts_descriptors,
            handles_signals,
            forks_child_that_ends,
            forks_and_exits,
            forks_and_raises,
            fails_evilly,
            has_evil_syntax,
            has_odd_path,
        )
    },
}

deeds[os.environ.get("DEED", "")]()

nothing = None
number = 7
coroutine = coroutine_function() if "COROUTINE" in os.environ else None


def handler(event, context):
    return event


def handle_order(event, context):
    return event
